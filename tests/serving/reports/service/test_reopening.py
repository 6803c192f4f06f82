"""Evidence that comes later: a listing that stayed or was reinstated is decided again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from models.case import CaseLane
from models.errors import Conflict, Invalid
from models.verdict import Evidence, Judgement
from serving.appeals.service.counter_notices import apply_deadlines, open_counter_notices, submit
from serving.cases.service.decision_context import Answer
from serving.cases.service.review import record_verdict
from serving.reports.rules.attachments import TestBuyRecord
from serving.reports.rules.outcomes import Code
from serving.reports.service import status
from serving.reports.service.attaching import add_test_buy, hand_in
from serving.reports.store import reports
from serving.standing.rules.standing import Level
from serving.takedowns.store import actions
from tests.fixtures.clocks import NOW
from tests.fixtures.picture_host import PNG
from tests.fixtures.receivers import a_receiver, deliver
from tests.fixtures.reporting import action_states, on_sale, report
from tests.fixtures.runtimes import Site, judge, open_cases
from tests.fixtures.stepping_up import in_level
from tests.fixtures.submitting import first_outcomes
from tests.fixtures.two_marketplaces import PDF
from tests.serving.webhooks.service.test_delivery import register

BOUGHT = TestBuyRecord("A-1", NOW.date() - timedelta(days=9), NOW.date() - timedelta(days=2), "A copy.")


def stayed_after_report(site: Site) -> str:
    """A report whose only listing an analyst could not judge, so that it stayed; returns the report."""
    in_level(site, Level.SUSPENDED)
    stored = report(site, on_sale(site, 1)).report
    (case,) = open_cases(site, CaseLane.ANALYST)
    judge(site, site.analyst, case, Judgement.CANNOT_TELL)
    for other in open_cases(site):
        judge(site, site.second_analyst, other, Judgement.GENUINE)
    assert open_cases(site) == []
    return stored.report_id


def reinstated_after_report(site: Site) -> str:
    """A report whose removal the seller contested and the brand did not defend; returns the report."""
    stored = report(site, on_sale(site, 1)).report
    site.clock.forward(seconds=180)
    (outcome,) = site.read(first_outcomes, stored)
    with a_receiver() as receiver:
        register(site, receiver)
        verdict_id = outcome.verdict_id or ""
        action_id = site.read(actions.of_verdicts, site.marketplace_id, [verdict_id])[verdict_id].action_id
        assert deliver(site.runtime, site.marketplace_id, action_id) == "acknowledged"
    open_counter_notices(site.runtime)
    submit(site.runtime, site.marketplace_id, action_id, "I have the invoice.")
    site.clock.forward(days=24)
    apply_deadlines(site.runtime)
    assert action_states(site)["scheduled"] == 1, "the reinstatement"
    return stored.report_id


@pytest.mark.both_engines
def test_evidence_of_day_25_reopens_a_reinstated_listing_and_another_decision_follows(any_site: Site) -> None:
    report_id = reinstated_after_report(any_site)
    any_site.clock.forward(days=1)
    hand_in(any_site.runtime, any_site.brand_person, report_id, "laboratory.pdf", PDF)
    (case,) = open_cases(any_site)
    assert (case.lane, case.report_id) == (CaseLane.ANALYST, report_id)
    with any_site.runtime.store.read() as connection:
        assert [document.name for document in status.documents_of(connection, case)] == ["laboratory.pdf"]
        last = reports.outcomes(connection, reports.of_id(connection, any_site.marketplace_id, report_id))[-1]
    assert last.code is Code.EVIDENCE_ADDED
    decided = judge(any_site, any_site.second_analyst, case, Judgement.COUNTERFEIT)
    assert decided.action is not None


def test_what_an_analyst_could_not_judge_is_decided_again_with_the_test_buy(site: Site) -> None:
    report_id = stayed_after_report(site)
    site.clock.forward(days=10)
    add_test_buy(site.runtime, site.brand_person, report_id, BOUGHT)
    (case,) = open_cases(site)
    with site.runtime.store.read() as connection:
        assert [bought.finding for bought in status.test_buys_of(connection, case)] == ["A copy."]
    answer = Answer(case.case_id, case.version_id, Judgement.COUNTERFEIT, evidence=Evidence.TEST_BUY)
    assert record_verdict(site.runtime, site.second_analyst, answer).action is not None
    with pytest.raises(Conflict, match="A test buy is recorded already"):
        add_test_buy(site.runtime, site.brand_person, report_id, BOUGHT)


def test_a_test_buy_on_its_way_is_no_ground_for_a_judgement(site: Site) -> None:
    report_id = stayed_after_report(site)
    add_test_buy(site.runtime, site.brand_person, report_id, replace(BOUGHT, received_on=None))
    (case,) = open_cases(site)
    answer = Answer(case.case_id, case.version_id, Judgement.COUNTERFEIT, evidence=Evidence.TEST_BUY)
    with pytest.raises(Invalid, match="There is no test buy of this listing on file"):
        record_verdict(site.runtime, site.second_analyst, answer)


def test_evidence_about_a_removed_listing_or_an_open_case_reopens_nothing(site: Site) -> None:
    removed = report(site, on_sale(site, 1)).report
    hand_in(site.runtime, site.brand_person, removed.report_id, "a.pdf", PDF)
    assert open_cases(site) == []
    in_level(site, Level.SUSPENDED)
    waiting = report(site, on_sale(site, 1, 500), "waits").report
    (before,) = open_cases(site)
    hand_in(site.runtime, site.brand_person, waiting.report_id, "b.png", PNG)
    assert [case.case_id for case in open_cases(site)] == [before.case_id]


def test_of_several_listings_the_named_one_is_decided_again(site: Site) -> None:
    in_level(site, Level.SUSPENDED)
    stored = report(site, on_sale(site, 2)).report
    for case in open_cases(site):
        judge(site, site.analyst, case, Judgement.GENUINE)
    hand_in(site.runtime, site.brand_person, stored.report_id, "all.pdf", PDF)
    assert open_cases(site) == []
    hand_in(site.runtime, site.brand_person, stored.report_id, "second.png", PNG, number=2)
    assert len(open_cases(site)) == 1
    with pytest.raises(Invalid, match="no listing of this number"):
        hand_in(site.runtime, site.brand_person, stored.report_id, "third.pdf", PDF + b"3", number=3)
