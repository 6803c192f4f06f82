import re
import unicodedata
from collections import Counter

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from features import alphabet
from features.alphabet import DROPPED, LETTER, SEVERAL, tables
from features.compute import compute
from features.fold import _WORDS_SIZE, TABLE_SIZE, Words, _long, _short, fold, skeleton
from features.listing import Listing
from features.ngrams import BUCKETS
from features.text_kernel import COLUMNS, FIELDS, TITLE, indices, listing_texts, most_ngrams, scores
from tests.features.plain import fold_plain, indices_plain, kind_plain, read_plain, value_plain, word_value_plain
from tests.fixtures.facts import a_listing, some_facts
from tests.fixtures.strategies import ANY_TEXT, PROPERTY, listings

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


@pytest.mark.parametrize(("text", "expected", "_why"), SKELETONS)
def test_look_alikes_of_latin_letters_are_written_as_latin(text: str, expected: str, _why: str) -> None:
    assert skeleton(text) == expected


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
    assert [cached_fold.cache_info().misses for cached_fold in (_short, _long)] == [3, 1]


SEPARATE, LEFT_OUT = Words({ord("0"): ord("o")}, signs_separate=True), Words({}, signs_separate=False)


@PROPERTY
@given(ANY_TEXT | st.text())
def test_words_are_cut_as_a_search_for_signs_cuts_them(text: str) -> None:
    written = skeleton(text)
    assert SEPARATE.of(text) == re.sub(r"[\W_]+", " ", written.replace("0", "o")).split()
    assert LEFT_OUT.of(text) == [word for part in written.split() if (word := re.sub(r"[\W_]+", "", part))]


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
def test_white_space_separates_what_is_folded(first: str, second: str) -> None:
    assert fold(f"{first}\n{second}") == " ".join(part for part in (fold(first), fold(second)) if part)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\x85", "\u2029"])
def test_an_override_of_direction_ends_with_its_paragraph(end: str) -> None:
    assert fold(f"\u202eelleruA{end}Colline") == "aurelle colline"


def read(text: str) -> str:
    return "".join(map(chr, read_plain(text)))


READ = [
    ("NIKE", "nike", "cased"),
    ("Réplica ŁÓDŹ", "replica lodz", "Latin accents go"),
    ("Rolеx НЁRМЕS", "rolex hermes", "look-alikes of Latin letters are Latin letters"),
    ("мой МОЙ", "moи moи", "both cases read the same, and a mark goes from a letter of any script"),
    ("ﬁn ½ ㎏", "fin 1⁄2 kg", "a ligature is its letters"),
    ("ＮＩＫＥ 𝙉𝙀𝙒 Ⓐ", "nike new a", "full-width and styled letters are plain ones"),
    ("gu\u200bc\u3164c\U000e0061i\ufeff", "gucci", "what takes no room goes: joiners, fillers, tags"),
    ("a\u0336b\u20e0", "ab", "and so does what strikes letters out"),
    ("ガ ｶﾞ", "カ\u3099 カ\u3099", "a voicing mark is a letter of its own, full-width or half"),
    ("각", "\u1100\u1161\u11a8", "a Korean syllable is its letters"),
    ("กระเป๋า", "กระเป๋า", "Thai vowels and tone marks stay"),
    ("a\u00a0b\tc", "a b c", "every white space is a blank"),
]


@pytest.mark.parametrize(("text", "letters", "_why"), READ)
def test_a_text_reads_as(text: str, letters: str, _why: str) -> None:
    assert read(text) == letters


@PROPERTY
@given(ANY_TEXT)
def test_what_is_read_reads_as_itself(text: str) -> None:
    assert read(read(text)) == read(text)


@PROPERTY
@given(ANY_TEXT)
def test_a_text_reads_the_same_composed_and_decomposed(text: str) -> None:
    """The order may differ in marks that Unicode sorts behind others."""
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert sorted(read(composed)) == sorted(read(decomposed))


@PROPERTY
@given(ANY_TEXT)
def test_nothing_is_read_that_takes_no_room(text: str) -> None:
    assert not {kind_plain(code) for code in read_plain(text)} & {DROPPED, SEVERAL}


def test_the_tables_hold_what_the_definition_says_of_every_character() -> None:
    kinds, values, word_values = (array.tolist() for array in tables())

    def stored(place: int) -> list[tuple[int, int, int]]:
        if kinds[place] == SEVERAL:
            first, many = word_values[place] >> 8, word_values[place] & 255
            return [letter for at in range(first, first + many) for letter in stored(at)]
        return [] if kinds[place] == DROPPED else [(kinds[place], values[place], word_values[place])]

    defined = {code: (kind_plain(code), value_plain(code), word_value_plain(code)) for code in range(TABLE_SIZE)}
    differing = [
        hex(code)
        for code in range(TABLE_SIZE)
        if stored(code) != [defined.get(letter) or _letter_values(letter) for letter in read_plain(chr(code))]
    ]
    assert differing == []


def _letter_values(letter: int) -> tuple[int, int, int]:
    return kind_plain(letter), value_plain(letter), word_value_plain(letter)


def test_only_letters_have_an_odd_value() -> None:
    """The kernel takes an odd value for a letter without a further check; a list of several letters is no letter."""
    kinds, values, _ = tables()
    assert ((kinds == LETTER) == (values % 2 == 1)).all()


def test_no_two_letters_of_ascii_share_a_value_in_a_word_but_those_that_stand_for_another() -> None:
    classes: dict[int, str] = {}
    for character in "abcdefghijklmnopqrstuvwxyz0123456789":
        word_value = word_value_plain(ord(character))
        classes[word_value] = classes.get(word_value, "") + character
    assert sorted(c for c in classes.values() if len(c) > 1) == ["a4", "e3", "il1", "o0", "s5", "t7"]


def test_no_character_is_read_as_more_than_six_letters_a_byte() -> None:
    """The kernel's room for n-grams depends on it."""
    assert max(len(letters) / len(chr(code).encode()) for code, letters in alphabet._letter_table().items()) == 6


WEIGHTS = np.random.default_rng(7).standard_normal(COLUMNS).astype(np.float32)
FIELD = st.sampled_from(range(FIELDS))
# Letters with state in the kernel: kinds, spaced letters, stand-ins, several letters in one.
_TELLING = st.text(st.sampled_from("aеl1 0 .-女ガﷺ각\u200b\U000e0041\U00020000\U0001f525é"), max_size=40)
TEXTS = ANY_TEXT | _TELLING


@PROPERTY
@given(TEXTS, FIELD)
def test_the_kernel_finds_what_the_definition_finds(text: str, field: int) -> None:
    assert Counter(indices(text, field).tolist()) == Counter(indices_plain(text, field))


@pytest.mark.parametrize(
    "text",
    [
        *("女包 奥蕾尔高仿", "กระเป๋าแบรนด์", "カバン ブランド", "가방 샤넬", "👜🔥 bag", "é́́ ﷺ", "🇫🇷" * 9, "ﬃ ㎏²"),
        *("\ud800 lone", "\x00\x01\x7f\x80", "\U0010ffff \U000f0000 \U0002f800", "r e p 1 i c a", "a\u3000b c d"),
        *("\u202e01", "a \u202e1 b\nc\u202c d"),
    ],
)
def test_the_kernel_finds_what_the_definition_finds_in(text: str) -> None:
    assert Counter(indices(text, TITLE).tolist()) == Counter(indices_plain(text, TITLE))


def test_characters_of_all_scripts_are_scanned_as_the_definition_says() -> None:
    """A hundred characters of each thousand, in one word."""
    differing = [
        hex(first)
        for first in range(1, 0x20000, 1_000)
        for text in ["".join(map(chr, range(first, first + 100)))]
        if Counter(indices(text, TITLE).tolist()) != Counter(indices_plain(text, TITLE))
    ]
    assert differing == []


@PROPERTY
@given(TEXTS, FIELD)
def test_every_index_lies_within_its_field(text: str, field: int) -> None:
    assert all(field * BUCKETS <= index < (field + 1) * BUCKETS for index in indices(text, field))


@PROPERTY
@given(TEXTS | st.sampled_from("女ﷺa각").flatmap(lambda c: st.integers(0, 400).map(lambda n: c * n)))
def test_no_text_has_more_n_grams_than_there_is_room_for(text: str) -> None:
    """The kernel writes without bounds checks: one index too many would be outside its array."""
    assert len(indices_plain(text, TITLE)) <= most_ngrams(len(text.encode()) + 1)


def _text_log_odds(listing: Listing) -> float:
    """The second method: the weights of the definition's n-grams, one by one."""
    total = 0.0
    for field, text in enumerate(listing_texts([listing])):
        weights = WEIGHTS[indices_plain(text, field)].astype(np.float64)
        total += weights.sum() / np.sqrt(len(weights)) if len(weights) else 0.0
    return float(total)


@PROPERTY
@given(st.lists(listings(), max_size=3))
def test_a_score_is_the_sum_of_the_weights_over_the_root_of_their_number(listings: list[Listing]) -> None:
    assert scores(listings, WEIGHTS) == pytest.approx([_text_log_odds(listing) for listing in listings], abs=1e-5)


def test_a_listing_scores_the_same_in_any_company() -> None:
    """Listings are packed by the hundred: this is more than one block."""
    many = [a_listing(title=f"Tote {i}", description=None if i % 3 else "wörd " * i) for i in range(600)]
    assert scores(many, WEIGHTS).tolist() == [float(scores([listing], WEIGHTS)[0]) for listing in many]


def test_the_fields_are_title_description_brand_and_category() -> None:
    assert listing_texts([a_listing(title="Tote", description="Bag of leather")]) == [
        "Tote",
        "Bag of leather",
        "Aurelle",
        "Bags",
    ]
    assert listing_texts([a_listing(title=None, description=None, brand=None, product_type=None)]) == [""] * FIELDS


def test_an_obfuscated_word_has_the_n_grams_of_the_plain_one() -> None:
    assert indices("Ѕоlеnnе", TITLE).tolist() == indices("solenne", TITLE).tolist()
    assert indices("\u202eenneloS\u202c", TITLE).tolist() == indices("solenne", TITLE).tolist()
