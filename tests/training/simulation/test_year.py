"""A few months of each arm with a random model in place of a trained one: reviews, counts and planted answers."""

from functools import cache

import pytest

from models.outcomes import outcomes
from models.routing import Lane
from tests.fixtures.scorers import a_bundle
from tests.fixtures.simulation import a_small_market
from training.simulation.arms import ARMS, Arm, Attack, Poison
from training.simulation.learning import snapshot_of
from training.simulation.market import MONTH
from training.simulation.year import STEP, Case, Year

MARKET = a_small_market()
SHARE = 0.3
EXPLORATION = ARMS["exploration"]
CLEARED = Arm(name="cleared", meaning="", retrains=True, explores=True, poison=Poison(Attack.CLEARED, 0.2))
ACCUSED = Arm(name="accused", meaning="", retrains=True, explores=True, poison=Poison(Attack.ACCUSED, 0.2))
REPORTED = Arm(name="reported", meaning="", retrains=True, explores=True, poison=Poison(Attack.REPORTED, 0.2))
KINDS = [
    *(ARMS[name] for name in ("no-retraining", "flagged-only", "exploration", "exploration-adapting")),
    CLEARED,
    ACCUSED,
    REPORTED,
]
by_name = pytest.mark.parametrize("arm", KINDS, ids=lambda arm: arm.name)


def played_year(year: Year, months: int) -> Year:
    end = year.now + months * MONTH
    while year.now < end:
        year.pass_days(year.now + STEP)
    return year


@cache
def launched_year() -> Year:
    year = played_year(Year(MARKET, EXPLORATION, MARKET.start, SHARE), 1)
    year.champion = a_bundle()
    return year


@cache
def year_of(arm: Arm) -> Year:
    return played_year(launched_year().fork(arm), 2)


def cases_after(arm: Arm) -> list[Case]:
    return year_of(arm).cases[len(launched_year().cases) :]


def drawn_cases(cases: list[Case]) -> list[Case]:
    return [case for case in cases if case.route.lane is Lane.AUDIT]


@by_name
def test_arms_share_their_past(arm: Arm) -> None:
    past = len(launched_year().cases)
    assert year_of(arm).cases[:past] == launched_year().cases
    assert launched_year().now == MARKET.start + MONTH


@by_name
def test_every_listing_arrives_once(arm: Arm) -> None:
    ids = [case.offered.external_id for case in year_of(arm).cases]
    assert len(ids) == len(set(ids))
    assert {offered.external_id for offered in MARKET.listings} <= set(ids)


@by_name
def test_every_arm_has_the_same_number_of_reviews(arm: Arm) -> None:
    cases = year_of(arm).cases
    reviews = sum(case.settled is not None and not case.is_unplanned for case in cases)
    assert year_of(arm).budget == pytest.approx(SHARE * len(cases) - reviews)
    assert abs(year_of(arm).budget) < 6


@by_name
def test_listings_without_action_are_not_reviewed(arm: Arm) -> None:
    for case in year_of(arm).cases:
        assert (case.settled is None) == (case.route.lane is Lane.NO_ACTION)


def test_only_exploring_arms_sample() -> None:
    assert drawn_cases(cases_after(ARMS["flagged-only"])) == []
    assert len(drawn_cases(cases_after(EXPLORATION))) > 2
    assert all(0 < case.route.inclusion_probability < 1 for case in drawn_cases(cases_after(EXPLORATION)))


def test_a_listing_is_scored_with_its_seller_s_history_at_arrival() -> None:
    cases = [case for case in year_of(EXPLORATION).cases if case.offered.seller is not None]
    known = 0
    for case in cases:
        earlier = [
            past_case for past_case in cases if past_case.offered.seller == case.offered.seller and past_case.settled
        ]
        lines = [
            ruling
            for past_case in earlier
            if past_case.settled
            for ruling in past_case.settled.rulings(past_case.offered.external_id)
        ]
        known_outcomes = outcomes(lines, as_of=case.offered.at)
        recorded = case.arrival.computed.facts.seller.outcomes
        assert recorded is not None
        assert recorded.counterfeit == sum(outcome.counterfeit for outcome in known_outcomes)
        assert recorded.genuine == sum(not outcome.counterfeit for outcome in known_outcomes)
        known += bool(recorded.counterfeit)
    assert known > 5


def test_adapting_sellers_relist_under_other_accounts() -> None:
    adapting = cases_after(ARMS["exploration-adapting"])
    back = [case for case in adapting if "~" in case.offered.external_id]
    down = [case for case in adapting if case.settled and case.settled.is_down]
    assert len(down) > len(back) > len(down) / 4
    assert all(case.offered.at > launched_year().now for case in back)


def test_a_cleared_counterfeit_stays_up() -> None:
    down = {case.offered.external_id for case in cases_after(EXPLORATION) if case.settled and case.settled.is_down}
    looked_at = [case for case in cases_after(CLEARED) if case.settled and case.offered.external_id in down]
    spared = [case for case in looked_at if case.settled and not case.settled.is_down]
    assert 0 < len(spared) <= year_of(CLEARED).planted
    assert all(case.offered.truth.counterfeit for case in spared)


def test_an_accusation_costs_no_review_and_takes_an_honest_listing_down() -> None:
    reported = [case for case in cases_after(ACCUSED) if case.is_unplanned]
    assert len(reported) == year_of(ACCUSED).planted > 0
    assert not any(case.offered.truth.counterfeit for case in reported)
    assert all(case.settled and case.settled.removed_at for case in reported)


def test_a_planted_report_answers_sampled_listings_too_and_keeps_their_probability() -> None:
    reported = [case for case in cases_after(REPORTED) if case.reported]
    sampled = [case for case in reported if not case.is_unplanned]
    assert len(reported) == year_of(REPORTED).planted > len(sampled) > 0
    assert not any(case.offered.truth.counterfeit for case in reported)
    assert all(case.settled and case.settled.removed_at for case in reported)
    assert {case.route.inclusion_probability for case in reported if case.is_unplanned} == {1.0}
    assert all(0 < case.route.inclusion_probability < 1 for case in sampled)
    marked = {row.version_id for row in snapshot_of(year_of(REPORTED)).rows if row.reported}
    assert marked
    assert marked <= {case.offered.external_id for case in reported}


@pytest.mark.parametrize("arm", [CLEARED, ACCUSED, REPORTED], ids=lambda arm: arm.name)
def test_at_most_the_share_is_planted(arm: Arm) -> None:
    answers = sum(len(case.settled.verdicts) for case in year_of(arm).cases if case.settled)
    assert arm.poison is not None
    assert 0 < year_of(arm).planted <= arm.poison.share * answers + 1
