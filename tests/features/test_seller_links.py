import math
from dataclasses import replace

import pytest

from features.compute import NAMES
from features.contacts import ContactKind
from features.history import History
from features.links import LinkedSeller, Links, LinkStep
from tests.fixtures.facts import SOME_LINKS, full_facts, some_facts, value, words

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
