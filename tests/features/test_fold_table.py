import json
import unicodedata
from importlib.resources import files

import pytest

from features import fold_table


def packaged() -> list[tuple[int, ...]]:
    text = files("features").joinpath("data/fold_table.tsv").read_text(encoding="ascii")
    return [tuple(int(cell, 16) for cell in line.split("\t")) for line in text.splitlines()]


@pytest.mark.skipif(unicodedata.unidata_version != "14.0.0", reason="the table is made from Unicode 14, Python 3.11's")
def test_the_packaged_table_is_the_one_that_unicode_14_gives() -> None:
    assert packaged() == list(fold_table.rows())


def test_the_packaged_table_stays_within_the_arrays_that_hold_it() -> None:
    assert all(0 < code < fold_table.TABLE_SIZE and max(row) < fold_table.TABLE_SIZE for code, *row in packaged())


def test_every_look_alike_stands_for_one_latin_letter_or_digit() -> None:
    found = json.loads(files("features").joinpath("data/confusables.json").read_text(encoding="utf-8"))
    assert [(key, value) for key, value in found.items() if not (len(key) == len(value) == 1 and value.isascii())] == []


def test_a_character_folds_once_and_for_all() -> None:
    folds = {code: folded for code, folded, _ in packaged()}
    reached = {code: to for code, to in folds.items() if unicodedata.is_normalized("NFKC", chr(code))}
    assert [hex(code) for code, to in reached.items() if folds.get(to, to) != to] == []
