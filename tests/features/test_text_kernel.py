from collections import Counter

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from features import text_kernel
from features.fold import skeleton, skeleton_codes
from features.text_kernel import BUCKETS, COLUMNS, DESCRIPTION, HEADING, field_score, indices, indices_plain
from tests.fixtures.facts import a_listing
from tests.fixtures.strategies import ANY_TEXT, PROPERTY

WEIGHTS = np.random.default_rng(7).standard_normal(COLUMNS).astype(np.float32)
FIELD = st.sampled_from([HEADING, DESCRIPTION])


def found(text: str, field: int = HEADING) -> list[int]:
    return [int(index) for index in indices(skeleton_codes(text), field)]


@PROPERTY
@given(ANY_TEXT, FIELD)
def test_the_kernel_finds_what_the_definition_finds(text: str, field: int) -> None:
    assert Counter(found(text, field)) == Counter(indices_plain(text, field))


@pytest.mark.parametrize(
    "text", ["女包 奥蕾尔高仿", "กระเป๋าแบรนด์", "カバン ブランド", "가방 샤넬", "👜🔥 bag", "é́́ ﷺ", "🇫🇷" * 9]
)
def test_the_kernel_finds_what_the_definition_finds_in_any_script(text: str) -> None:
    assert Counter(found(text)) == Counter(indices_plain(text, HEADING))


def _finish(h: int) -> int:
    """MurmurHash3's finaliser, and of that the upper 18 bits."""
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        h = ((h ^ (h >> shift)) * factor) % 2**32
    return (h ^ (h >> 16)) >> 14


def test_a_two_letter_word_is_three_n_grams_and_itself() -> None:
    """Of 'ab': ' ab', ' ab ', 'ab ' and the run of letters; each by FNV-1a, with its basis and prime written out."""
    grams, expected = ([32, 97, 98], [32, 97, 98, 32], [97, 98, 32]), []
    for tag, codes in (*((0x11, gram) for gram in grams), (0x22, [97, 98])):
        h = 2166136261 ^ tag
        for code in codes:
            h = ((h ^ code) * 16777619) % 2**32
        expected.append(_finish(h))
    assert Counter(indices_plain("ab", HEADING)) == Counter(expected)


COUNTS = [
    ("", 0, "nothing"),
    (" \u200b ", 0, "nothing that is seen"),
    ("a", 2, "one window of three, one run"),
    ("ab", 4, "two windows of three, one of four, one run"),
    ("ab cd", 9, "twice that, and the pair of runs"),
    ("女包", 5, "three windows, the pair of ideographs, one run"),
    ("--", 3, "signs are in windows and in no run"),
]


@pytest.mark.parametrize(("text", "n", "_why"), COUNTS, ids=[row[-1] for row in COUNTS])
def test_a_text_has_n_grams(text: str, n: int, _why: str) -> None:
    assert len(found(text)) == n


@PROPERTY
@given(ANY_TEXT)
def test_a_heading_and_a_description_share_no_index(text: str) -> None:
    assert [index + BUCKETS for index in found(text, HEADING)] == found(text, DESCRIPTION)


@PROPERTY
@given(ANY_TEXT, FIELD)
def test_every_index_lies_within_its_field(text: str, field: int) -> None:
    assert all(field * BUCKETS <= index < (field + 1) * BUCKETS for index in found(text, field))


@PROPERTY
@given(ANY_TEXT | st.integers(0, 400).map(lambda n: "女" * n) | st.integers(0, 400).map(lambda n: "a " * n))
def test_no_text_has_more_n_grams_than_there_is_room_for(text: str) -> None:
    """The kernel writes without asking: one index too many would be written outside its array."""
    assert len(indices_plain(text, HEADING)) <= text_kernel._room(len(skeleton(text)))


@PROPERTY
@given(ANY_TEXT, FIELD)
def test_a_score_is_the_sum_of_the_weights_over_the_root_of_their_number(text: str, field: int) -> None:
    plain = WEIGHTS[indices_plain(text, field)].astype(np.float64)
    expected = plain.sum() / np.sqrt(len(plain)) if len(plain) else 0.0
    assert field_score(skeleton_codes(text), field, WEIGHTS) == pytest.approx(expected, abs=1e-5)


def test_the_heading_is_brand_title_and_category() -> None:
    assert text_kernel.heading(a_listing(title="Tote")) == "Aurelle Tote Bags"


def test_what_is_missing_leaves_no_gap_in_the_heading() -> None:
    assert text_kernel.heading(a_listing(title="Tote", brand=None, product_type=None)) == "Tote"


def test_a_disguised_word_has_the_n_grams_of_the_plain_one() -> None:
    assert found("Ѕоlеnnе") == found("solenne")
