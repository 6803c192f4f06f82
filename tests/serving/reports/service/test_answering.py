"""Open questions that a person confirms at once with a second factor: each as if it was answered alone."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from models.case import CaseLane
from models.errors import NotFound
from models.verdict import Judgement
from serving.accounts.service.proving import FactorResponse
from serving.cases.store import takedown_requests
from serving.cases.store.cases import Case
from serving.cases.tables import case_event
from serving.listings.service.intake import receive_rows
from serving.reports.rules.outcomes import Code
from serving.reports.service.answering import draft_of_answers
from serving.reports.service.previewing import preview_report
from serving.reports.service.status import status_of
from serving.reports.service.submitting import submit_report
from serving.takedowns.tables import action
from tests.fixtures.factors import with_a_counting_factor
from tests.fixtures.reporting import a_leader, a_rival, confirm, new_takedown_request, questions
from tests.fixtures.runtimes import Site, a_suspect_row, judge, open_cases
from tests.fixtures.stepping_up import OVER, in_full_standing, prove_second_factor, with_a_small_hour


@pytest.fixture
def full_site(site: Site) -> Site:
    return with_a_small_hour(in_full_standing(site))


def answer_all(site: Site, cases: list[Case], *, meanwhile: str = "") -> list[Code | None]:
    """Confirm these questions with a second factor; `meanwhile` is a listing that changes before the code."""
    a_leader(site)
    app, session = with_a_counting_factor(site, site.brand_person)
    takedown = new_takedown_request(site, cases, request_id=site.runtime.ids.new("tdn"))
    draft = replace(draft_of_answers(site.runtime, site.brand_person, takedown), with_step_up=True)
    report_id = submit_report(site.runtime, site.brand_person, draft).report.report_id
    if meanwhile:
        judge(site, site.brand_person, cases[1], Judgement.GENUINE)
        changed = a_suspect_row(external_id=meanwhile, title="Aurelle 1:1 replica, now with box")
        receive_rows(site.runtime, site.marketplace, [changed], source="test")
        foreseen = preview_report(site.runtime, site.brand_person, draft)
    prove_second_factor(site.runtime, session, report_id, FactorResponse(app.code(site)))
    codes = [listing.code for listing in status_of(site.runtime, site.brand_person, report_id).items]
    if meanwhile:
        assert [listing.outcome.code for listing in foreseen] == codes
    return codes


def test_a_question_that_was_answered_or_whose_listing_has_changed_is_not_confirmed(full_site: Site) -> None:
    cases = sorted(questions(full_site, OVER), key=lambda case: case.case_id)
    codes = answer_all(full_site, cases, meanwhile="MP-0")
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
    request, theirs = new_takedown_request(full_site, [case]), (full_site.marketplace_id, "brd_other")
    with pytest.raises(NotFound):
        draft_of_answers(full_site.runtime, a_rival(full_site), request)
    assert draft_of_answers(full_site.runtime, full_site.brand_person, request).locations == ("MP-0",)
    assert full_site.read(takedown_requests.listing_names, theirs, [case.case_id]) == {}
