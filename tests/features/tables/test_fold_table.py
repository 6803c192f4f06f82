import json
import unicodedata
from importlib.resources import files

import pytest

from features.alphabet import HANGUL
from features.fold import TABLE_SIZE
from tests.features.tables import fold_table

UNICODE_14 = pytest.mark.skipif(
    unicodedata.unidata_version != "14.0.0", reason="the tables are made from Unicode 14, Python 3.11's"
)


def lines(name: str) -> list[list[str]]:
    text = files("features").joinpath(f"data/{name}").read_text(encoding="ascii")
    return [line.split("\t") for line in text.splitlines()]


def packaged_rows() -> list[tuple[int, ...]]:
    return [tuple(int(cell, 16) for cell in line) for line in lines("fold_table.tsv")]


def packaged_letters() -> dict[int, tuple[int, ...]]:
    rows = lines("letter_table.tsv")
    return {int(code, 16): tuple(int(letter, 16) for letter in read.split()) for code, read in rows}


@UNICODE_14
def test_the_packaged_table_is_the_one_that_unicode_14_gives() -> None:
    assert packaged_rows() == list(fold_table.rows())


@UNICODE_14
def test_the_packaged_letters_are_those_that_unicode_14_gives() -> None:
    assert packaged_letters() == dict(fold_table.letters())


def test_the_packaged_table_stays_within_the_arrays_that_hold_it() -> None:
    assert all(0 < code < TABLE_SIZE and max(row) < TABLE_SIZE for code, *row in packaged_rows())


def test_every_look_alike_stands_for_one_latin_letter_or_digit() -> None:
    pairs = json.loads(files("features").joinpath("data/confusables.json").read_text(encoding="utf-8"))
    assert [(key, latin) for key, latin in pairs.items() if not (len(key) == len(latin) == 1 and latin.isascii())] == []


def test_a_character_folds_once_and_for_all() -> None:
    folds = {code: folded for code, folded, _ in packaged_rows()}
    reached = {code: to for code, to in folds.items() if unicodedata.is_normalized("NFKC", chr(code))}
    assert [hex(code) for code, to in reached.items() if folds.get(to, to) != to] == []


def test_what_is_read_reads_as_itself() -> None:
    letters = packaged_letters()
    again = {
        code: tuple(part for letter in read for part in letters.get(letter, (letter,)))
        for code, read in letters.items()
    }
    assert again == letters


def test_a_character_reads_as_its_parts_do() -> None:
    """Of all but Korean, whose parts follow by arithmetic: so a text reads the same composed and decomposed."""
    letters = packaged_letters()
    differing = []
    for code in set(range(1, TABLE_SIZE)) - set(HANGUL):
        parts = unicodedata.normalize("NFD", chr(code))
        read = tuple(letter for part in parts for letter in letters.get(ord(part), (ord(part),)))
        if read != letters.get(code, (code,)):
            differing.append(hex(code))
    assert differing == []


CASES = [
    ("МУЖСКАЯ", "мужская", "Cyrillic, where the published pairs know capitals that look Latin and no small ones"),
    ("ΜΠΕΖ", "μπεζ", "Greek likewise"),
    ("Г", "г", "and the other way round"),
]


@pytest.mark.parametrize(("large", "small", "_why"), CASES)
def test_a_word_looks_the_same_in_both_cases(large: str, small: str, _why: str) -> None:
    skeletons = {code: skeleton for code, _, skeleton in packaged_rows()}
    assert [skeletons[ord(letter)] for letter in large] == [skeletons.get(ord(letter), ord(letter)) for letter in small]
