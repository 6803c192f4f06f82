import math
from dataclasses import replace
from typing import Any

import pytest

from features.compute import FEATURES
from features.facts import Facts
from features.history import NOTHING_RECORDED
from features.near_duplicates import NearDuplicates
from features.references import PriceReference
from features.spec import Family
from tests.fixtures.facts import NEAR_DUPLICATES, some_facts, value, words

NAMES = [feature.name for feature in FEATURES if feature.family is Family.NEAR_DUPLICATES]


def facts(found: NearDuplicates | None = NEAR_DUPLICATES, **changes: Any) -> Facts:
    return some_facts(history=replace(NOTHING_RECORDED, likeness=found), **changes)


@pytest.mark.parametrize("name", NAMES)
def test_without_a_comparison_everything_is_missing(name: str) -> None:
    assert math.isnan(value(name, facts(None)))


NOTHING_ALIKE = {
    "likeness_balance": "neither side is known",
    "likeness_counterfeit_share": "nothing was judged",
    "likeness_first_days": "nobody used the words",
    "likeness_price_level": "nothing to compare with",
}


@pytest.mark.parametrize("name", NAMES)
def test_where_nothing_is_alike_counts_and_similarities_are_zero(name: str) -> None:
    found = value(name, facts(NearDuplicates()))
    assert math.isnan(found) if name in NOTHING_ALIKE else found == 0


@pytest.mark.parametrize("name", ["likeness_own_offers", "likeness_own_counterfeit"])
def test_what_the_same_seller_did_is_missing_where_none_is_named(name: str) -> None:
    assert math.isnan(value(name, facts(seller=None)))


VALUES = [
    ("likeness_nearest", 0.96875, "The text shares 97% with a listing of another seller."),
    ("likeness_counterfeit", 0.90625, "The text shares 91% with another seller's listing that was found counterfeit."),
    ("likeness_genuine", 0.96875, "The text shares 97% with another seller's listing that is known to be genuine."),
    ("likeness_own_counterfeit", 1.0, "The text shares 100% with a listing of this seller that was found counterfeit."),
    ("likeness_balance", -0.0625, "The text is closer to genuine listings than to confirmed counterfeits."),
    ("likeness_offers", math.log(5), "Near-duplicates: 4 listings of other sellers."),
    ("likeness_sellers", math.log(4), "Near-duplicates at 3 other sellers."),
    ("likeness_own_offers", math.log(3), "Near-duplicates: 2 listings of the same seller."),
    ("likeness_counterfeits", math.log(2), "Near-duplicates: 1 listing of other sellers was found counterfeit."),
    ("likeness_cleared", math.log(2), "Near-duplicates: 1 listing of other sellers was found genuine."),
    ("likeness_authorised", math.log(2), "Near-duplicates: 1 listing of authorised sellers."),
    (
        "likeness_counterfeit_share",
        (2 + 0.5 * 4) / (3 + 4),
        "Near-duplicates: 2 of 3 reviewed listings were found counterfeit.",
    ),
    ("likeness_first_days", math.log(41), "Another seller's near-duplicate appeared 40 days earlier."),
    (
        "likeness_price_level",
        math.log(489 / 450),
        "The price is 9% above the median of 3 near-duplicates of other sellers.",
    ),
    ("likeness_price_offers", math.log(4), "Near-duplicates: 3 priced listings of other sellers to compare with."),
]


@pytest.mark.parametrize(("name", "expected", "message"), VALUES, ids=[row[0] for row in VALUES])
def test_a_feature_is_a_number_and_a_sentence(name: str, expected: float, message: str) -> None:
    assert value(name, facts()) == pytest.approx(expected)
    assert words(name, facts()) == message


def test_every_feature_of_the_family_is_read_above() -> None:
    assert {name for name, _, _ in VALUES} == set(NAMES)


SENTENCES = [
    (
        "likeness_offers",
        replace(NEAR_DUPLICATES, offers=64, more=True),
        "Near-duplicates: at least 64 listings of other sellers.",
    ),
    ("likeness_sellers", replace(NEAR_DUPLICATES, sellers=1), "Near-duplicates at 1 other seller."),
    ("likeness_counterfeit", NearDuplicates(), "The text resembles no counterfeit listing of another seller."),
    (
        "likeness_balance",
        replace(NEAR_DUPLICATES, nearest_counterfeit=1.0),
        "The text is closer to confirmed counterfeits than to genuine listings.",
    ),
    (
        "likeness_balance",
        replace(NEAR_DUPLICATES, nearest_counterfeit=0.96875),
        "The text is equally close to confirmed counterfeits and to genuine listings.",
    ),
    (
        "likeness_price_level",
        replace(NEAR_DUPLICATES, price=PriceReference(math.log(978), 0.1, 12)),
        "The price is 50% below the median of 12 near-duplicates of other sellers.",
    ),
]


@pytest.mark.parametrize(("name", "found", "message"), SENTENCES)
def test_a_sentence_says_what_is_so(name: str, found: NearDuplicates, message: str) -> None:
    assert words(name, facts(found)) == message
