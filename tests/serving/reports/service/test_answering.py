"""Open questions that a person confirms at once with a second factor: each as if it was answered alone."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from models.case import CaseLane
from models.errors import Invalid, NotFound
from models.verdict import Judgement
from serving.accounts.service.proving import FactorResponse
from serving.cases.store import cases
from serving.cases.store.cases import Case
from serving.cases.tables import case_event
from serving.listings.service.intake import receive_rows
from serving.reports.rules.outcomes import Code, ListingResult
from serving.reports.service.previewing import preview_report
from serving.reports.service.status import status_of
from serving.reports.tables import report
from serving.standing.policy import StandingPolicy
from serving.standing.rules.standing import Level
from serving.takedowns.tables import action
from tests.fixtures.factors import with_a_counting_factor
from tests.fixtures.reporting import (
    a_leader,
    a_rival,
    action_states,
    confirm,
    confirm_together,
    draft_for,
    questions,
)
from tests.fixtures.runtimes import Site, a_suspect_row, having, judge, open_cases
from tests.fixtures.stepping_up import HOUR, OVER, in_full_standing, in_level, prove_second_factor, with_a_small_hour
from tests.fixtures.submitting import submit_report


@pytest.fixture
def full_site(site: Site) -> Site:
    return with_a_small_hour(in_full_standing(site))


def answer_all(site: Site, named_cases: list[Case], *, meanwhile: str = "") -> list[Code | None]:
    """Confirm these questions with a second factor; `meanwhile` is a listing that changes before the code."""
    a_leader(site)
    app, session = with_a_counting_factor(site, site.brand_person)
    draft = replace(draft_for(site, named_cases), with_step_up=True)
    report_id = submit_report(site.runtime, site.brand_person, draft).report.report_id
    if meanwhile:
        judge(site, site.brand_person, named_cases[1], Judgement.GENUINE)
        changed = a_suspect_row(external_id=meanwhile, title="Aurelle 1:1 replica, now with box")
        receive_rows(site.runtime, site.marketplace, [changed], source="test")
        foreseen = preview_report(site.runtime, site.brand_person, draft)
    prove_second_factor(site.runtime, session, report_id, FactorResponse(app.code(site)))
    codes = [listing.code for listing in status_of(site.runtime, site.brand_person, report_id).items]
    if meanwhile:
        assert [listing.outcome.code for listing in foreseen] == codes
    return codes


def test_a_question_that_was_answered_or_whose_listing_has_changed_is_not_confirmed(full_site: Site) -> None:
    named_cases = sorted(questions(full_site, OVER), key=lambda case: case.case_id)
    codes = answer_all(full_site, named_cases, meanwhile="MP-0")
    assert sorted(codes, key=str) == sorted([Code.QUESTION_CLOSED] * 2 + [Code.REMOVED_AT_ONCE] * (OVER - 2))


def test_each_is_decided_as_if_it_was_answered_alone(full_site: Site) -> None:
    alone, *others = questions(full_site, 1 + OVER)
    confirm(full_site, full_site.brand_person, alone)
    assert answer_all(full_site, others) == [Code.REMOVED_AT_ONCE] * OVER
    statements = [row.statement for row in full_site.rows(select(action.c.statement))]
    assert len(statements) == 1 + OVER
    assert all(statement == statements[0] for statement in statements)
    lines = {row.what for row in full_site.rows(select(case_event.c.what))}
    assert "Aurelle reported this listing as counterfeit." not in lines
    assert open_cases(full_site, CaseLane.ASK_BRAND) == []


def test_the_right_of_another_brand_answers_nothing_and_its_cases_are_not_named(full_site: Site) -> None:
    (case,) = questions(full_site, 1)
    theirs = full_site.marketplace_id, "brd_other"
    with pytest.raises(NotFound):
        draft_for(full_site, [case], a_rival(full_site))
    assert draft_for(full_site, [case]).locations == ("MP-0",)
    assert full_site.read(cases.listing_names, theirs, [case.case_id]) == {}


def test_without_a_code_those_beyond_the_hourly_limit_are_pending_approval(full_site: Site) -> None:
    confirm_together(full_site, questions(full_site, OVER))
    assert action_states(full_site) == {"scheduled": HOUR, "pending_approval": OVER - HOUR}


def test_of_a_brand_that_lost_its_standing_a_few_a_day_leave_and_an_analyst_decides_the_rest(any_site: Site) -> None:
    in_level(any_site, Level.CAPPED)
    daily = any_site.runtime.policies[StandingPolicy].capped_daily
    counts = confirm_together(any_site, having(any_site, questions, daily + 2)).counts
    assert (counts[ListingResult.SCHEDULED], counts[ListingResult.CASE]) == (daily, 2)
    assert len(open_cases(any_site, CaseLane.ANALYST)) == 2


@pytest.mark.both_engines
def test_the_same_form_sent_twice_counts_once(any_site: Site) -> None:
    named_cases = having(any_site, questions, 2)
    assert confirm_together(any_site, named_cases) == confirm_together(any_site, named_cases)
    assert action_states(any_site) == {"scheduled": 2}


def test_an_analyst_confirms_under_no_brand_s_right(site: Site) -> None:
    with pytest.raises(NotFound):
        confirm_together(site, questions(site, 1), site.analyst)


@pytest.mark.parametrize(
    ("many", "good_faith", "expected"),
    [(301, True, "at most 300 listings, not 301"), (0, True, "at least one"), (1, False, "in good faith")],
)
def test_a_confirmation_that_cannot_be_taken_records_nothing(
    site: Site, many: int, good_faith: bool, expected: str
) -> None:
    (case,) = questions(site, 1)
    named_cases = [case] if many == 1 else [replace(case, case_id=f"cas_{number}") for number in range(many)]
    with pytest.raises(Invalid, match=expected):
        submit_report(site.runtime, site.brand_person, draft_for(site, named_cases, good_faith=good_faith))
    assert (site.count(report), action_states(site)) == (0, {})
