import math
from dataclasses import replace
from datetime import timedelta

import pytest

from features.compute import NAMES
from features.contacts import ContactKind
from features.facts import Facts, facts_from_json
from features.fields import Windows
from features.history import EventCounts, History, Outcomes
from features.links import LinkedSeller, Links, LinkStep
from tests.fixtures.facts import (
    SOME_LINKS,
    a_full_listing,
    facts_of,
    full_facts,
    some_facts,
    some_listings,
    value,
    words,
)


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


LINKED = [name for name in NAMES if name.startswith("seller_linked_")]


def of(*sellers: LinkedSeller, **more: bool) -> History:
    return History(links=Links(contacts=1, sellers=sellers, **more))


def a_linked(name: str, *, counterfeit: int = 0, genuine: int = 0, steps: int = 1) -> LinkedSeller:
    path = tuple(LinkStep(kind=ContactKind.EMAIL, seller=f"{name}-{i}") for i in range(steps))
    return LinkedSeller(path=path, counterfeit=counterfeit, genuine=genuine)


def test_the_way_to_a_counterfeiter_is_told_by_its_contacts_and_names_nobody() -> None:
    path = (LinkStep(kind=ContactKind.EMAIL, seller="ann"), LinkStep(kind=ContactKind.ADDRESS, seller="bo"))
    facts = some_facts(history=of(LinkedSeller(path=path, counterfeit=1, genuine=0), more=True))
    assert words("seller_linked_distance", facts).endswith("2 shared contacts away: e-mail address, address.")
    assert "shares contacts with at least 1 other sellers," in words("seller_linked_sellers", facts)


UNKNOWN: list[tuple[Links | None, str]] = [(None, "not recorded then"), (Links(contacts=0), "no contact is known")]


@pytest.mark.parametrize(("found", "_why"), UNKNOWN)
def test_without_a_contact_nothing_is_known_of_links(found: Links | None, _why: str) -> None:
    facts = some_facts(history=History(links=found))
    assert all(math.isnan(value(name, facts)) for name in LINKED)


def test_a_contact_that_nobody_shares_is_no_link_and_not_unknown() -> None:
    found = [value(name, some_facts(history=of())) for name in LINKED]
    assert found[:3] == [0, 0, 0]
    assert all(math.isnan(one) for one in found[3:])


def test_a_hundred_confirmations_against_one_shop_weigh_on_who_is_linked_as_ten_do() -> None:
    """Many confirmations of one brand count like one confirmation."""
    ten, hundred = (some_facts(history=of(a_linked("x", counterfeit=n))) for n in (10, 100))
    assert [value(name, hundred) for name in LINKED] == [value(name, ten) for name in LINKED]
    assert value("seller_linked_counterfeit_share", hundred) == pytest.approx(10.5 / 20, abs=1e-12)


def test_a_linked_seller_with_any_counterfeit_is_not_counted_as_cleared() -> None:
    assert value("seller_linked_cleared", some_facts(history=of(a_linked("x", counterfeit=1, genuine=9)))) == 0


def test_the_nearest_counterfeiter_counts_and_not_the_nearest_seller() -> None:
    facts = some_facts(history=of(a_linked("near", genuine=1), a_linked("far", counterfeit=1, steps=3)))
    assert value("seller_linked_distance", facts) == 3


def test_facts_without_links_are_other_facts() -> None:
    facts = full_facts()
    assert facts.seller.links == SOME_LINKS
    assert replace(facts, seller=replace(facts.seller, links=None)).digest != facts.digest


def selling(d7: float | None, d30: float | None) -> Facts:
    return some_facts(history=History(events=EventCounts(sales=Windows(d7, d30, d30))))


GROWTH = [
    (0.0, 0.0, 0.0, "nothing against nothing is no growth"),
    (7.0, 30.0, 0.0, "one a day throughout"),
    (30.0, 30.0, math.log((30 + 7 / 30) / (7 / 30 * 31)), "all of it in the last week: 4.2 times the pace"),
    (0.0, 30.0, math.log(1 / 31), "nothing any more"),
]


@pytest.mark.parametrize(("d7", "d30", "expected", "_why"), GROWTH)
def test_growth_compares_the_pace_of_two_windows(d7: float, d30: float, expected: float, _why: str) -> None:
    assert value("seller_sales_growth_7d", selling(d7, d30)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("d7", "d30"), [(None, 5.0), (5.0, None)])
def test_growth_of_an_unknown_window_is_unknown(d7: float | None, d30: float | None) -> None:
    assert math.isnan(value("seller_sales_growth_7d", selling(d7, d30)))


def test_facts_of_the_first_schema_have_the_growth_of_what_was_sent() -> None:
    first = replace(full_facts(), schema=1)
    assert value("seller_turnover_growth_30d", first) == pytest.approx(math.log((1500 + 1 / 3) / (6001 / 3)))


def test_no_verdict_yet_recorded_is_unknown_and_no_counterfeit_among_none_is_the_prior() -> None:
    none_yet = some_facts(history=History(outcomes=Outcomes(counterfeit=0, genuine=0)))
    assert math.isnan(value("seller_counterfeit_share", some_facts()))
    assert value("seller_counterfeit_share", none_yet) == pytest.approx(0.05)


def test_facts_of_the_first_schema_did_not_record_when() -> None:
    earlier = some_facts(history=History(outcomes=Outcomes(counterfeit=2, genuine=5)))
    assert value("seller_confirmed_counterfeits", earlier) == math.log1p(2)
    for name in ("seller_counterfeits_90d", "seller_since_counterfeit", "seller_strikes"):
        assert math.isnan(value(name, earlier)), name


def test_days_since_the_last_counterfeit_are_unknown_where_none_stands() -> None:
    cleared = Outcomes(counterfeit=0, genuine=3, counterfeit_90d=0, strikes=0)
    assert math.isnan(value("seller_since_counterfeit", some_facts(history=History(outcomes=cleared))))
