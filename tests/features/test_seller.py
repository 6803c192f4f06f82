import math
from dataclasses import replace

from tests.fixtures.facts import a_full_listing, facts_of, full_facts, some_facts, value, words


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
