from collections import Counter

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from features.listing import Listing
from features.ngrams import BUCKETS
from features.text_kernel import COLUMNS, FIELDS, TITLE, fields, indices, room, scores
from tests.features.plain import indices_plain
from tests.fixtures.facts import a_listing
from tests.fixtures.strategies import ANY_TEXT, PROPERTY, listings

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
    assert len(indices_plain(text, TITLE)) <= room(len(text.encode()) + 1)


def _value(listing: Listing) -> float:
    """The second method: the weights of the definition's n-grams, one by one."""
    total = 0.0
    for field, text in enumerate(fields([listing])):
        found = WEIGHTS[indices_plain(text, field)].astype(np.float64)
        total += found.sum() / np.sqrt(len(found)) if len(found) else 0.0
    return float(total)


@PROPERTY
@given(st.lists(listings(), max_size=3))
def test_a_score_is_the_sum_of_the_weights_over_the_root_of_their_number(found: list[Listing]) -> None:
    assert scores(found, WEIGHTS) == pytest.approx([_value(one) for one in found], abs=1e-5)


def test_a_listing_scores_the_same_in_any_company() -> None:
    """Listings are packed by the hundred: this is more than one block."""
    many = [a_listing(title=f"Tote {i}", description=None if i % 3 else "wörd " * i) for i in range(600)]
    assert scores(many, WEIGHTS).tolist() == [float(scores([one], WEIGHTS)[0]) for one in many]


def test_the_fields_are_title_description_brand_and_category() -> None:
    assert fields([a_listing(title="Tote", description="Bag of leather")]) == [
        "Tote",
        "Bag of leather",
        "Aurelle",
        "Bags",
    ]
    assert fields([a_listing(title=None, description=None, brand=None, product_type=None)]) == [""] * FIELDS


def test_an_obfuscated_word_has_the_n_grams_of_the_plain_one() -> None:
    assert indices("Ѕоlеnnе", TITLE).tolist() == indices("solenne", TITLE).tolist()
    assert indices("\u202eenneloS\u202c", TITLE).tolist() == indices("solenne", TITLE).tolist()
