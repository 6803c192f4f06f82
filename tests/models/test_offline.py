"""Answers outside the service: low scores are released without the whole route, with the answer of the route."""

from dataclasses import replace

import pytest

from features.compute import compute
from features.facts import Facts
from features.history import NOTHING_RECORDED, History
from features.listing import Listing
from models import offline
from models.offline import OfflineAnswer, answer_facts
from models.routing import Lane, Thresholds
from tests.fixtures.facts import a_listing, facts_of
from tests.fixtures.scorers import a_bundle


def some_facts() -> list[Facts]:
    """Listings of an authorised seller, of a brand, without one, with little text, and with nothing else."""
    ordinary = facts_of(a_listing(external_id="MP-1"))
    authorised = facts_of(
        a_listing(external_id="MP-2"), history=History(authorised_for=(ordinary.brand.brand_id or "",))
    )
    unbranded = facts_of(a_listing(external_id="MP-3", title="Grey tote in leather", brand=None))
    short = facts_of(a_listing(external_id="MP-4", title="Tote", description=None, brand=None))
    thin = facts_of(Listing(external_id="MP-5", title="T"), history=NOTHING_RECORDED)
    return [ordinary, authorised, unbranded, short, thin]


def by_the_route(facts: list[Facts], thresholds: Thresholds, *, with_reasons: bool) -> list[OfflineAnswer]:
    bundle = replace(a_bundle(), thresholds=thresholds)
    return offline._routed(bundle, [compute(one) for one in facts], None, with_reasons=with_reasons)


@pytest.mark.parametrize("with_reasons", [True, False])
@pytest.mark.parametrize(
    "thresholds", [Thresholds(0.0, 0.0), Thresholds(0.6, 0.2), Thresholds(0.05, 0.03), Thresholds(1, 1)]
)
def test_a_quick_answer_is_the_answer_of_the_route(thresholds: Thresholds, with_reasons: bool) -> None:
    facts = some_facts()
    found = answer_facts(replace(a_bundle(), thresholds=thresholds), facts, with_reasons=with_reasons)
    assert found == by_the_route(facts, thresholds, with_reasons=with_reasons)


def test_little_evidence_and_an_authorised_seller_decide_before_a_low_score() -> None:
    _, authorised, *_, thin = answer_facts(replace(a_bundle(), thresholds=Thresholds(1, 1)), some_facts())
    assert thin.route == Lane.INSUFFICIENT_EVIDENCE.value
    assert "authorised" in authorised.reasons[-1]


def test_only_brands_that_take_part_are_asked() -> None:
    bundle, facts = replace(a_bundle(), thresholds=Thresholds(0, 0)), some_facts()[:1]
    (asked,) = answer_facts(bundle, facts, taking_part={facts[0].brand.brand_id or ""})
    (not_asked,) = answer_facts(bundle, facts, taking_part=set())
    assert (asked.route, not_asked.route) == (Lane.ASK_BRAND.value, Lane.ANALYST.value)


def test_no_listings_have_no_answers() -> None:
    assert answer_facts(a_bundle(), []) == []
