import math
from dataclasses import replace

import pytest

from tests.features.features_of import value, words
from tests.fixtures.facts import a_full_listing, facts_of, full_facts, some_facts

VALUES = [
    ("seller_age", math.log(901), "900 days"),
    ("seller_orders_90d", math.log(41), "40 orders"),
    ("seller_turnover_90d", math.log(9001), "9,000 by events, which are complete"),
    ("seller_order_value", math.log(150), "6,000 over 40"),
    ("seller_price_level", math.log(489 / 150), "the price over the order value"),
    ("seller_recent_orders_share", 3 / 40, "three of forty"),
    ("seller_return_share_30d", (2 + 0.08 * 20) / (20 + 20), "2 of 20 by events, smoothed"),
    ("seller_return_share_90d", (6 + 0.08 * 20) / (60 + 20), "6 of 60 by events, smoothed"),
    ("seller_fake_return_share_90d", (3 + 0.005 * 40) / (60 + 40), "3 of 60 by events, smoothed"),
    ("seller_returned_value_share", 400 / 6000, "400 of 6,000"),
    ("seller_variety", math.log(26), "25 products"),
    ("seller_available", math.log(91), "90 items"),
    ("seller_rating", 4.7, "as sent"),
    ("seller_ships_from_elsewhere", 0.0, "from home"),
    ("seller_listings_30d", math.log(4), "3, 13 and 23 days ago"),
]


@pytest.mark.parametrize(("name", "expected", "_why"), VALUES, ids=[row[0] for row in VALUES])
def test_a_signal_of_a_known_seller_is(name: str, expected: float, _why: str) -> None:
    assert value(name, full_facts()) == pytest.approx(expected, abs=1e-12)


STATEMENT = [
    ("seller_age", "The seller's account is 900 days old."),
    ("seller_orders_90d", "The seller had 40 orders in 90 days."),
    ("seller_turnover_90d", "The seller's turnover in 90 days is 9,000 EUR."),
    ("seller_order_value", "The seller's average order is worth 150 EUR."),
    ("seller_price_level", "The price is 3.3 times the seller's average order value."),
    ("seller_recent_orders_share", "8% of the seller's orders in 90 days fell in the last 7 days."),
    ("seller_return_share_30d", "2 of 20 items that the seller sold in 30 days were returned."),
    ("seller_return_share_90d", "6 of 60 items that the seller sold in 90 days were returned."),
    ("seller_fake_return_share_90d", "3 of 60 items that the seller sold in 90 days were returned as not genuine."),
    ("seller_returned_value_share", "Goods worth 400 of the seller's turnover of 6,000 in 90 days were returned."),
    ("seller_variety", "The seller lists 25 different products."),
    ("seller_available", "The seller has 90 items in stock."),
    ("seller_rating", "The seller is rated 4.7 of 5 by 310 buyers."),
    ("seller_ships_from_elsewhere", "The goods ship from FR, where the seller is established (FR)."),
    ("seller_listings_30d", "The seller published 3 other listings in 30 days."),
]


@pytest.mark.parametrize(("name", "sentence"), STATEMENT, ids=[row[0] for row in STATEMENT])
def test_a_signal_of_a_seller_reads(name: str, sentence: str) -> None:
    assert words(name, full_facts()) == sentence


def test_goods_from_elsewhere_than_the_sellers_seat_are_told() -> None:
    assert words("seller_ships_from_elsewhere", some_facts(ship_from="CN")) == (
        "The goods ship from CN; the seller is established in FR."
    )


def test_a_country_in_small_letters_is_the_same_country() -> None:
    assert value("seller_ships_from_elsewhere", some_facts(ship_from="fr")) == 0


def test_an_order_value_of_next_to_nothing_stays_within_its_range() -> None:
    seller = {"gmv": {"d90": "0.000000000001"}, "orders": {"d90": 2**53}}
    assert value("seller_order_value", some_facts(seller=seller)) == -25


def test_the_turnover_that_was_sent_counts_where_events_are_not_complete() -> None:
    assert value("seller_turnover_90d", facts_of(a_full_listing())) == math.log(6_001)


def test_facts_of_the_first_schema_knew_the_turnover_that_was_sent() -> None:
    assert value("seller_turnover_90d", replace(full_facts(), schema=1)) == math.log(6_001)
