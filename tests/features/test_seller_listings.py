import math
from dataclasses import replace
from datetime import timedelta

import pytest

from features.compute import NAMES
from features.facts import facts_from_json
from features.history import History
from tests.features.features_of import value, words
from tests.fixtures.facts import full_facts, some_facts, some_listings

# Five bags of Aurelle put up 3, 13, ... 43 days ago, three belts without a brand put up 53, 63 and 73 days ago.
VALUES = [
    ("seller_known", math.log(81), "eighty days"),
    ("seller_offers", math.log(9), "eight"),
    ("seller_listings_7d", math.log(2), "one"),
    ("seller_recent_listings_share", 1 / 8, "one of eight"),
    ("seller_brands", math.log(2), "Aurelle"),
    ("seller_top_brand_share", 1.0, "all that name one"),
    ("seller_brand_entropy", 0.0, "one brand"),
    ("seller_protected_share", 5 / 8, "the bags"),
    ("seller_categories", math.log(3), "bags and belts"),
]


@pytest.mark.parametrize(("name", "expected", "_why"), VALUES, ids=[row[0] for row in VALUES])
def test_a_signal_of_a_sellers_other_listings_is(name: str, expected: float, _why: str) -> None:
    assert value(name, full_facts()) == pytest.approx(expected, abs=1e-12)


def test_the_spread_is_the_median_distance_from_the_median() -> None:
    """By hand: 40, 40, 40, 100, 200, 300, 400, 500; the middle is between log 100 and log 200."""
    middle = (math.log(100) + math.log(200)) / 2
    distances = sorted(abs(math.log(one) - middle) for one in (40, 40, 40, 100, 200, 300, 400, 500))
    assert value("seller_price_spread", full_facts()) == pytest.approx((distances[3] + distances[4]) / 2, abs=1e-12)


STATEMENT = [
    ("seller_known", "The seller was first seen here 80 days ago."),
    ("seller_offers", "The seller published 8 other listings in the last half year."),
    ("seller_listings_7d", "The seller published 1 other listing in 7 days."),
    (
        "seller_recent_listings_share",
        "1 of 8 other listings that the seller published in 90 days came in the last 7 days.",
    ),
    ("seller_brands", "Other listings of the seller: 8, of 1 brand."),
    ("seller_top_brand_share", "100% of the seller's other branded listings are of one brand."),
    ("seller_brand_entropy", "The seller's other listings are of 1 brand."),
    ("seller_protected_share", "5 of 8 other listings of the seller are of protected brands."),
    ("seller_categories", "The seller's other listings are in 2 categories."),
    ("seller_price_spread", "Half of the seller's 8 other prices are within 216% of their median."),
]


@pytest.mark.parametrize(("name", "sentence"), STATEMENT, ids=[row[0] for row in STATEMENT])
def test_a_signal_of_a_sellers_other_listings_reads(name: str, sentence: str) -> None:
    assert words(name, full_facts()) == sentence


def test_many_brands_in_equal_parts_are_told_from_one() -> None:
    listings = tuple(replace(one, brand_key=f"brand-{i % 4}") for i, one in enumerate(some_listings()))
    facts = some_facts(history=History(offers=listings))
    assert value("seller_brand_entropy", facts) == pytest.approx(math.log(4))
    assert value("seller_top_brand_share", facts) == 0.25


NOTHING_BUT = [
    ("seller_offers", 0.0, "none is known, and that is not unknown"),
    ("seller_listings_7d", 0.0, "none"),
    ("seller_brands", 0.0, "none"),
    ("seller_top_brand_share", math.nan, "a share of nothing"),
    ("seller_brand_entropy", math.nan, "a spread of nothing"),
    ("seller_protected_share", math.nan, "a share of nothing"),
    ("seller_recent_listings_share", math.nan, "a share of nothing"),
    ("seller_price_spread", math.nan, "a spread of nothing"),
]


@pytest.mark.parametrize(("name", "expected", "_why"), NOTHING_BUT, ids=[row[0] for row in NOTHING_BUT])
def test_a_seller_without_another_listing_has(name: str, expected: float, _why: str) -> None:
    found = value(name, some_facts(history=History(offers=())))
    assert found == expected or (math.isnan(found) and math.isnan(expected))


def test_four_prices_are_no_level() -> None:
    history = History(offers=some_listings()[:4])
    assert math.isnan(value("seller_price_spread", some_facts(history=history)))


def test_a_listing_counts_in_the_window_in_which_it_was_first_seen() -> None:
    ages = (timedelta(days=7), timedelta(days=7, microseconds=1), timedelta(days=30), timedelta(days=91))
    listings = tuple(replace(some_listings()[0], age=age) for age in ages)
    others = some_facts(history=History(offers=listings)).seller.others
    assert others is not None
    assert (others.listed_7d, others.listed_30d, others.listed_90d, others.offers) == (1, 3, 3, 4)


def test_facts_of_the_first_schema_are_read_and_lack_what_was_not_recorded_then() -> None:
    first = facts_from_json(FIRST_SCHEMA)
    assert first.schema == 1
    assert value("seller_listings_30d", first) == math.log(13)
    for name in ("seller_offers", "price_changes", "price_to_seller_offers", "seller_strikes"):
        assert name in NAMES
        assert math.isnan(value(name, first)), name


FIRST_SCHEMA = (
    '{"as_of":"2026-03-02T09:00:00Z","brand":{"brand_id":"brn_aurelle","candidates":["brn_aurelle"],"mentions":[],'
    '"method":"declared","name":"Aurelle"},"listing":{"external_id":"MP-1","title":"Aurelle tote","price":"489.00",'
    '"currency":"EUR","seller":{"external_id":"closet-mia","age_days":900}},"marketplace":"bazaar","price":{'
    '"base_currency":"EUR","brand_category":[6.2146,0.2,20],"category":null,"log_price":6.1924,"missing":null,'
    '"previous_log_price":null},"schema":1,"seller":{"authorised":false,"disagreement":null,"fake_returns":[null,null,'
    'null],"fake_returns_source":"missing","known_days":80.0,"listings_30d":12,"outcomes":{"counterfeit":2,"genuine":5},'
    '"returns":[null,null,null],"returns_source":"missing","sales":[null,null,null],"sales_source":"missing"},'
    '"version":3}'
)
