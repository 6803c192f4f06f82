import math
from dataclasses import replace
from datetime import timedelta

import pytest

from features.compute import NAMES
from features.facts import facts_from_json
from features.history import History
from tests.fixtures.facts import full_facts, some_facts, some_listings, value


def test_the_spread_is_the_median_distance_from_the_median() -> None:
    """By hand: 40, 40, 40, 100, 200, 300, 400, 500; the middle is between log 100 and log 200."""
    middle = (math.log(100) + math.log(200)) / 2
    distances = sorted(abs(math.log(one) - middle) for one in (40, 40, 40, 100, 200, 300, 400, 500))
    assert value("seller_price_spread", full_facts()) == pytest.approx((distances[3] + distances[4]) / 2, abs=1e-12)


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
