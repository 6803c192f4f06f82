import re
import unicodedata

import hypothesis.strategies as st
import pytest
from hypothesis import given

from features.compute import compute
from features.fold import _WORDS_SIZE, Words, _long, _short, fold, skeleton
from tests.features.plain import fold_plain
from tests.fixtures.facts import some_facts
from tests.fixtures.strategies import ANY_TEXT, PROPERTY

FOLDS = [
    ("NIKE", "nike", "cased"),
    ("Réplica", "replica", "Latin accents go"),
    ("Straße", "strase", "a letter maps to one letter"),
    ("Łódź Øre đ ı", "lodz ore d i", "Latin letters that Unicode does not take apart"),
    ("ＮＩＫＥ：１", "nike:1", "full-width letters are plain ones"),
    ("𝙉𝙀𝙒 Ⓐ", "new a", "styled letters are plain ones"),
    ("gu\u200bcc\u00adi\ufeff", "gucci", "invisible characters go"),
    ("👜\ufe0f", "👜", "variation selectors go"),
    (" a \t\n\u3000 b\u2003", "a b", "white space is one blank, none at the edges"),
    ("don’t", "don't", "a typographic apostrophe is a plain one"),
    ("Ёлка й", "елка й", "ё is е, but й keeps its breve: it is another letter"),
    ("ダ ガ", "ダ ガ", "Japanese voicing stays"),
    ("กระเป๋า", "กระเป๋า", "Thai vowels and tone marks stay"),
    ("أحمد مقلّدة ـــ", "احمد مقلده", "Arabic alefs are one, vowel marks and tatweel go"),
    ("\u202eikin\u202c air", "niki air", "letters stored backwards are read the way they are shown"),
    ("new \u202eikin", "new niki", "up to the end where no mark ends it"),
    ("각", "각", "Korean syllables stay composed"),
]


@pytest.mark.parametrize(("text", "folded", "_why"), FOLDS)
def test_a_text_folds_to(text: str, folded: str, _why: str) -> None:
    assert fold(text) == folded


SKELETONS = [
    ("Rolеx", "rolex", "a Cyrillic е"),
    ("НЁRМЕS", "hermes", "a letter that folds to its base looks like it"),
    ("ΝΙΚΕ", "nlke", "Greek capitals look like N, l, K and E"),
    ("ν", "v", "a small Greek nu looks like v"),
    ("Ѕоlеnnе", "solenne", "four Cyrillic letters"),
    ("Aurelle", "aurelle", "nothing to undo"),
]


@pytest.mark.parametrize(("text", "found", "_why"), SKELETONS)
def test_look_alikes_of_latin_letters_are_written_as_latin(text: str, found: str, _why: str) -> None:
    assert skeleton(text) == found


def test_a_look_alike_is_not_undone_by_folding_alone() -> None:
    assert fold("Rolеx") != "rolex"


@PROPERTY
@given(ANY_TEXT)
def test_the_kernel_folds_as_its_definition_does(text: str) -> None:
    assert (fold(text), skeleton(text)) == (fold_plain(text), fold_plain(text, as_skeleton=True))


@PROPERTY
@given(st.text(st.characters(max_codepoint=0x7F)))
def test_ascii_folds_by_its_own_table_as_by_the_kernel(text: str) -> None:
    assert (fold(text), skeleton(text)) == (fold_plain(text), fold_plain(text, as_skeleton=True))


def test_each_text_of_a_listing_is_folded_once() -> None:
    """Title, description, brand and category."""
    clear_folds()
    compute(some_facts(title="Aurelle Сумка Colline", brand="Aurélle", description="Сумка Aurelle. " * 200))
    assert [one.cache_info().misses for one in (_short, _long)] == [3, 1]


SEPARATE, LEFT_OUT = Words({ord("0"): ord("o")}, signs_separate=True), Words({}, signs_separate=False)


@PROPERTY
@given(ANY_TEXT | st.text())
def test_words_are_cut_as_a_search_for_signs_cuts_them(text: str) -> None:
    written = skeleton(text)
    assert SEPARATE.of(text) == re.sub(r"[\W_]+", " ", written.replace("0", "o")).split()
    assert LEFT_OUT.of(text) == [word for one in written.split() if (word := re.sub(r"[\W_]+", "", one))]


def test_no_character_beyond_the_table_of_words_is_a_letter_or_digit() -> None:
    """Its last row, which stands for them, is of none either."""
    assert not any(map(str.isalnum, map(chr, range(_WORDS_SIZE - 1, 0x110000))))


def test_recent_folds_only_are_remembered() -> None:
    clear_folds()
    for number in range(2_000):
        fold(f"é{number}")
    assert _short.cache_info().currsize == _short.cache_info().maxsize == 1_024


def clear_folds() -> None:
    _short.cache_clear()
    _long.cache_clear()


@PROPERTY
@given(ANY_TEXT)
def test_a_folded_text_has_no_edge_or_double_blanks_and_no_other_white_space(text: str) -> None:
    assert fold(text) == " ".join(fold(text).split())


@PROPERTY
@given(st.text(st.characters(categories=["L", "N", "P", "S", "Z"], min_codepoint=32, max_codepoint=0x10FF)))
def test_folding_letters_twice_changes_nothing(text: str) -> None:
    """Combining and invisible characters are left out: dropping one can bring two halves of a letter together."""
    assert fold(fold(text)) == fold(text)


@PROPERTY
@given(ANY_TEXT)
def test_composed_and_decomposed_texts_fold_alike(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@PROPERTY
@given(ANY_TEXT, ANY_TEXT)
def test_white_space_separates_what_is_folded(left: str, right: str) -> None:
    assert fold(f"{left}\n{right}") == " ".join(part for part in (fold(left), fold(right)) if part)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\x85", "\u2029"])
def test_an_override_of_direction_ends_with_its_paragraph(end: str) -> None:
    assert fold(f"\u202eelleruA{end}Colline") == "aurelle colline"
