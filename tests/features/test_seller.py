import math
from dataclasses import replace

import pytest

from features.compute import NAMES
from features.contacts import ContactKind
from features.facts import Facts
from features.fields import Windows
from features.history import EventCounts, History, Outcomes
from features.links import LinkedSeller, Links, LinkStep
from tests.fixtures.facts import SOME_LINKS, a_full_listing, facts_of, feature_words, full_facts, some_facts, value_of


def test_goods_from_elsewhere_than_the_sellers_seat_are_told() -> None:
    assert feature_words("seller_ships_from_elsewhere", some_facts(ship_from="CN")) == (
        "The goods ship from CN; the seller is established in FR."
    )


def test_a_country_in_small_letters_is_the_same_country() -> None:
    assert value_of("seller_ships_from_elsewhere", some_facts(ship_from="fr")) == 0


def test_an_order_value_of_next_to_nothing_stays_within_its_range() -> None:
    seller = {"gmv": {"d90": "0.000000000001"}, "orders": {"d90": 2**53}}
    assert value_of("seller_order_value", some_facts(seller=seller)) == -25


def test_the_turnover_that_was_sent_counts_where_events_are_not_complete() -> None:
    assert value_of("seller_turnover_90d", facts_of(a_full_listing())) == math.log(6_001)


LINKED = [name for name in NAMES if name.startswith("seller_linked_")]


def history_of(*sellers: LinkedSeller, **more: bool) -> History:
    return History(links=Links(contacts=1, sellers=sellers, **more))


def linked_seller(name: str, *, counterfeit: int = 0, genuine: int = 0, steps: int = 1) -> LinkedSeller:
    path = tuple(LinkStep(kind=ContactKind.EMAIL, seller=f"{name}-{i}") for i in range(steps))
    return LinkedSeller(path=path, counterfeit=counterfeit, genuine=genuine)


def test_the_way_to_a_counterfeiter_is_told_by_its_contacts_and_names_nobody() -> None:
    path = (LinkStep(kind=ContactKind.EMAIL, seller="ann"), LinkStep(kind=ContactKind.ADDRESS, seller="bo"))
    facts = some_facts(history=history_of(LinkedSeller(path=path, counterfeit=1, genuine=0), more=True))
    assert feature_words("seller_linked_distance", facts).endswith("2 shared contacts away: e-mail address, address.")
    assert "shares contacts with at least 1 other sellers," in feature_words("seller_linked_sellers", facts)


UNKNOWN: list[tuple[Links | None, str]] = [(None, "not recorded then"), (Links(contacts=0), "no contact is known")]


@pytest.mark.parametrize(("links", "_why"), UNKNOWN)
def test_without_a_contact_nothing_is_known_of_links(links: Links | None, _why: str) -> None:
    facts = some_facts(history=History(links=links))
    assert all(math.isnan(value_of(name, facts)) for name in LINKED)


def test_a_contact_that_nobody_shares_is_no_link_and_not_unknown() -> None:
    feature_values = [value_of(name, some_facts(history=history_of())) for name in LINKED]
    assert feature_values[:3] == [0, 0, 0]
    assert all(math.isnan(feature_value) for feature_value in feature_values[3:])


def test_a_hundred_confirmations_against_one_shop_weigh_on_who_is_linked_as_ten_do() -> None:
    """Many confirmations of one brand count like one confirmation."""
    ten, hundred = (some_facts(history=history_of(linked_seller("x", counterfeit=n))) for n in (10, 100))
    assert [value_of(name, hundred) for name in LINKED] == [value_of(name, ten) for name in LINKED]
    assert value_of("seller_linked_counterfeit_share", hundred) == pytest.approx(10.5 / 20, abs=1e-12)


def test_a_linked_seller_with_any_counterfeit_is_not_counted_as_cleared() -> None:
    assert (
        value_of("seller_linked_cleared", some_facts(history=history_of(linked_seller("x", counterfeit=1, genuine=9))))
        == 0
    )


def test_the_nearest_counterfeiter_counts_and_not_the_nearest_seller() -> None:
    facts = some_facts(
        history=history_of(linked_seller("near", genuine=1), linked_seller("far", counterfeit=1, steps=3))
    )
    assert value_of("seller_linked_distance", facts) == 3


def test_facts_without_links_are_other_facts() -> None:
    facts = full_facts()
    assert facts.seller.links == SOME_LINKS
    assert replace(facts, seller=replace(facts.seller, links=None)).digest != facts.digest


def facts_with_sales(d7: float | None, d30: float | None) -> Facts:
    return some_facts(history=History(events=EventCounts(sales=Windows(d7, d30, d30))))


GROWTH = [
    (0.0, 0.0, 0.0, "nothing against nothing is no growth"),
    (7.0, 30.0, 0.0, "one a day throughout"),
    (30.0, 30.0, math.log((30 + 7 / 30) / (7 / 30 * 31)), "all of it in the last week: 4.2 times the pace"),
    (0.0, 30.0, math.log(1 / 31), "nothing any more"),
]


@pytest.mark.parametrize(("d7", "d30", "expected", "_why"), GROWTH)
def test_growth_compares_the_pace_of_two_windows(d7: float, d30: float, expected: float, _why: str) -> None:
    assert value_of("seller_sales_growth_7d", facts_with_sales(d7, d30)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("d7", "d30"), [(None, 5.0), (5.0, None)])
def test_growth_of_an_unknown_window_is_unknown(d7: float | None, d30: float | None) -> None:
    assert math.isnan(value_of("seller_sales_growth_7d", facts_with_sales(d7, d30)))


def test_no_verdict_yet_recorded_is_unknown_and_no_counterfeit_among_none_is_the_prior() -> None:
    none_yet = some_facts(history=History(outcomes=Outcomes(counterfeit=0, genuine=0)))
    assert math.isnan(value_of("seller_counterfeit_share", some_facts()))
    assert value_of("seller_counterfeit_share", none_yet) == pytest.approx(0.05)


def test_facts_of_the_first_schema_did_not_record_when() -> None:
    earlier = some_facts(history=History(outcomes=Outcomes(counterfeit=2, genuine=5)))
    assert value_of("seller_confirmed_counterfeits", earlier) == math.log1p(2)
    for name in ("seller_counterfeits_90d", "seller_since_counterfeit", "seller_strikes"):
        assert math.isnan(value_of(name, earlier)), name


def test_days_since_the_last_counterfeit_are_unknown_where_none_stands() -> None:
    cleared = Outcomes(counterfeit=0, genuine=3, counterfeit_90d=0, strikes=0)
    assert math.isnan(value_of("seller_since_counterfeit", some_facts(history=History(outcomes=cleared))))
