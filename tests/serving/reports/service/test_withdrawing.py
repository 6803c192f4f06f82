"""Listings of a report that the brand withdraws in the undo window, or retracts later."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select

from models.case import CaseLane
from models.errors import Conflict, Forbidden, NotFound
from models.messages.english import in_english
from models.policies.deciding import EnforcementPolicy
from models.verdict import Judgement
from serving.accounts.rules.access import Role
from serving.appeals.service.appeal import Complaint, file_appeal
from serving.appeals.tables import overturn
from serving.audit.service.verification import is_whole, verify
from serving.cases.rules.case_brand import CaseBrand, Naming
from serving.cases.service.decision_context import Answer
from serving.cases.service.naming import name_brand
from serving.cases.service.review import record_verdict
from serving.cases.service.undoing import undo_verdict
from serving.cases.tables import verdict
from serving.reports.rules.outcomes import Code, ListingResult
from serving.reports.service.status import ListingState, status_of
from serving.reports.service.withdrawing import retract, withdraw
from serving.reports.store import reports
from serving.sellers.tables import strike_hit
from serving.standing.rules.record import AuditTally, RemovalTally
from serving.standing.rules.standing import Level
from serving.takedowns.store import actions
from serving.takedowns.tables import action
from serving.webhooks.rules.action import ActionState
from tests.fixtures.complaining import end_answering_time
from tests.fixtures.naming import VELA
from tests.fixtures.notifying import a_listing, notify
from tests.fixtures.reporting import (
    a_draft,
    a_marketplace_that_listens,
    a_rival,
    action_states,
    carry_out_action,
    on_sale,
    report,
    withdraw_whole,
)
from tests.fixtures.runtimes import Site, a_case, having, invite, judge, open_cases
from tests.fixtures.stepping_up import in_level, standing_of
from tests.fixtures.submitting import SubmittedReport, submit_report
from tests.serving.attacks.test_roads_around_questions import invited_owner, rival_right, unbranded_listing
from tests.serving.notices.service.test_notice_complaints import say


def last_results(site: Site, report_id: str) -> dict[int, ListingResult]:
    with site.runtime.store.read() as connection:
        stored_report = reports.get(connection, report_id, {(site.marketplace_id, site.brand_id)})
        return {outcome.number: outcome.result for outcome in reports.outcomes(connection, stored_report)}


def carry_out_all(site: Site) -> None:
    """The marketplace removes every listing whose removal is scheduled."""
    with site.runtime.store.read() as connection:
        listings = connection.execute(select(action.c.listing_id)).scalars().all()
        removals = [
            removal
            for listing_id in listings
            for removal in actions.of_listing(connection, site.marketplace_id, listing_id)
        ]
    with a_marketplace_that_listens(site):
        for removal in removals:
            if removal.state is ActionState.SCHEDULED:
                carry_out_action(site, removal)


def pass_undo_window(site: Site) -> None:
    site.clock.forward(seconds=site.runtime.policies[EnforcementPolicy].undo_window_seconds + 1)


def test_a_withdrawn_listing_leaves_no_removal_no_case_and_no_question(any_site: Site) -> None:
    done = report(any_site, having(any_site, on_sale, 3))
    assert withdraw(any_site.runtime, any_site.brand_person, done.report.report_id, [2]) == 1
    assert action_states(any_site) == {"scheduled": 2, "withdrawn": 1}
    assert open_cases(any_site) == []
    assert last_results(any_site, done.report.report_id) == {
        1: ListingResult.SCHEDULED,
        2: ListingResult.WITHDRAWN,
        3: ListingResult.SCHEDULED,
    }
    assert withdraw_whole(any_site.runtime, any_site.brand_person, done.report.report_id) == 2
    assert action_states(any_site) == {"withdrawn": 3}
    assert report(any_site, ["RP-0"], key="second").counts[ListingResult.SCHEDULED] == 1


def test_a_withdrawn_report_puts_the_case_that_it_answered_back(any_site: Site) -> None:
    case = a_case(any_site, CaseLane.ANALYST, brand="Aurelle")
    withdraw_whole(any_site.runtime, any_site.brand_person, report(any_site, ["MP-9"]).report.report_id)
    (back,) = open_cases(any_site)
    assert (back.case_id, back.lane, back.due_at) == (case.case_id, CaseLane.ANALYST, case.due_at)


def test_a_waiting_case_of_a_suspended_brand_is_called_off(any_site: Site) -> None:
    in_level(any_site, Level.SUSPENDED)
    done = report(any_site, having(any_site, on_sale, 1))
    withdraw_whole(any_site.runtime, any_site.brand_person, done.report.report_id)
    assert open_cases(any_site) == []


def test_a_colleague_a_rival_and_a_late_user_cannot_withdraw(any_site: Site) -> None:
    done = report(any_site, having(any_site, on_sale, 1))
    colleague = invite(any_site.runtime, "noor@aurelle.example", "Noor Said", Role.BRAND, "Aurelle")
    with pytest.raises(Forbidden):
        withdraw_whole(any_site.runtime, colleague, done.report.report_id)
    with pytest.raises(NotFound):
        withdraw_whole(any_site.runtime, a_rival(any_site), done.report.report_id)
    with pytest.raises(NotFound, match="no such listing"):
        withdraw(any_site.runtime, any_site.brand_person, done.report.report_id, [2])
    pass_undo_window(any_site)
    with pytest.raises(Conflict, match="undo window has closed"):
        withdraw_whole(any_site.runtime, any_site.brand_person, done.report.report_id)


def test_a_retraction_reinstates_lifts_the_strike_corrects_the_label_and_does_not_count(any_site: Site) -> None:
    done = report(any_site, having(any_site, on_sale, 2))
    carry_out_all(any_site)
    assert retract(any_site.runtime, any_site.brand_person, done.report.report_id, [1]) == 1
    assert last_results(any_site, done.report.report_id)[1] is ListingResult.RETRACTED
    with any_site.runtime.store.read() as connection:
        causes = connection.execute(select(overturn.c.cause)).scalars().all()
        voids = connection.execute(select(strike_hit.c.void_as)).scalars().all()
        later = connection.execute(
            select(verdict.c.judgement).where(verdict.c.supersedes_id == done.outcomes[0].verdict_id)
        ).scalar_one()
    assert causes == ["retracted"]
    assert sorted(map(str, voids)) == ["None", "overturned"]
    assert later == Judgement.GENUINE.value
    end_answering_time(any_site)
    assert standing_of(any_site).overall.removals == RemovalTally(stood=1)
    with pytest.raises(Conflict):
        retract(any_site.runtime, any_site.brand_person, done.report.report_id, [1])
    with pytest.raises(Conflict, match="A retraction cannot be undone"):
        undo_verdict(any_site.runtime, any_site.brand_person, done.outcomes[0].case_id or "")


def test_the_audit_log_proves_reports_withdrawals_and_retractions(any_site: Site) -> None:
    done = report(any_site, having(any_site, on_sale, 3))
    withdraw(any_site.runtime, any_site.brand_person, done.report.report_id, [3])
    carry_out_all(any_site)
    retract(any_site.runtime, any_site.brand_person, done.report.report_id, [1])
    assert is_whole(verify(any_site.runtime))


def test_a_removal_that_an_analyst_found_right_can_be_retracted(any_site: Site) -> None:
    in_level(any_site, Level.SUSPENDED)
    done = report(any_site, having(any_site, on_sale, 1))
    (case,) = open_cases(any_site, CaseLane.ANALYST)
    judge(any_site, any_site.analyst, case, Judgement.COUNTERFEIT)
    carry_out_all(any_site)
    assert retract(any_site.runtime, any_site.brand_person, done.report.report_id, [1]) == 1
    assert action_states(any_site)["acknowledged"] == 1


def test_a_listing_that_an_analyst_finds_genuine_stays_and_is_no_audit(any_site: Site) -> None:
    in_level(any_site, Level.SUSPENDED)
    report(any_site, having(any_site, on_sale, 1))
    any_site.clock.forward(minutes=5)
    (case,) = open_cases(any_site, CaseLane.ANALYST)
    judge(any_site, any_site.analyst, case, Judgement.GENUINE)
    assert standing_of(any_site).overall.audits == AuditTally()
    assert action_states(any_site) == {}


@pytest.mark.parametrize(
    ("judgement", "sentence"),
    [
        (Judgement.GENUINE, "A reviewer of the marketplace found the goods genuine. The listing stays."),
        (Judgement.LICENSED, "A reviewer of the marketplace found the goods licensed. The listing stays."),
        (Judgement.GREY_MARKET, "A reviewer of the marketplace found genuine goods of another market."),
    ],
)
def test_the_brand_is_told_why_its_report_was_rejected(any_site: Site, judgement: Judgement, sentence: str) -> None:
    in_level(any_site, Level.SUSPENDED)
    done = report(any_site, having(any_site, on_sale, 1))
    (case,) = open_cases(any_site, CaseLane.ANALYST)
    judge(any_site, any_site.analyst, case, judgement)
    (listing,) = status_of(any_site.runtime, any_site.brand_person, done.report.report_id).items
    assert listing.state is ListingState.REJECTED
    assert " ".join(map(in_english, listing.reasons)).startswith(sentence)


def test_of_two_brands_that_claim_a_listing_one_withdraws_and_the_other_s_claim_stays(any_site: Site) -> None:
    owner, name = invited_owner(any_site), unbranded_listing(any_site)
    done = report(any_site, [name])
    draft = replace(a_draft(any_site, [name], "owner"), right_id=rival_right(any_site))
    second = submit_report(any_site.runtime, owner, draft)
    assert withdraw_whole(any_site.runtime, any_site.brand_person, done.report.report_id) == 1
    (open_case,) = open_cases(any_site)
    assert (open_case.lane, open_case.brand_id) == (CaseLane.ANALYST, None)
    assert withdraw_whole(any_site.runtime, owner, second.report.report_id) == 1
    assert open_cases(any_site) == []


def test_a_brand_that_the_analyst_names_after_its_report_is_not_asked_again(any_site: Site) -> None:
    report(any_site, [unbranded_listing(any_site)])
    (open_case,) = open_cases(any_site)
    naming = Naming(CaseBrand(any_site.brand_id))
    answer = Answer(open_case.case_id, open_case.version_id, Judgement.COUNTERFEIT, naming=naming)
    assert record_verdict(any_site.runtime, any_site.analyst, answer).action is not None


def test_a_withdrawn_report_of_an_earlier_version_leaves_the_case_of_the_new_one(any_site: Site) -> None:
    done = report(any_site, having(any_site, on_sale, 1))
    newer = a_case(any_site, external_id="RP-0", price="7.00")
    assert withdraw_whole(any_site.runtime, any_site.brand_person, done.report.report_id) == 1
    assert [open_case.case_id for open_case in open_cases(any_site)] == [newer.case_id]
    assert action_states(any_site) == {"withdrawn": 1}


def undo_on_page(site: Site, done: SubmittedReport) -> None:
    undo_verdict(site.runtime, site.brand_person, done.outcomes[0].case_id or "")


def find_genuine(site: Site, _done: SubmittedReport) -> None:
    judge(site, site.analyst, open_cases(site, CaseLane.ANALYST)[0], Judgement.GENUINE)


def appeal_removal(site: Site, _done: SubmittedReport) -> None:
    carry_out_all(site)
    file_appeal(site.runtime, site.marketplace, Complaint("appeal-1", "RP-0", "These goods are genuine."))


def win_appeal(site: Site, done: SubmittedReport) -> None:
    appeal_removal(site, done)
    judge(site, site.second_analyst, open_cases(site, CaseLane.APPEAL)[0], Judgement.GENUINE)


@pytest.mark.parametrize(
    ("suspended", "before", "refusal"),
    [
        (False, undo_on_page, "no longer stands"),
        (True, find_genuine, "The listing is not removed"),
        (False, win_appeal, "The listing is not removed"),
        (False, appeal_removal, "A reviewer decides on the seller's objection"),
    ],
)
def test_no_retraction_follows(
    any_site: Site, suspended: bool, before: Callable[[Site, SubmittedReport], None], refusal: str
) -> None:
    if suspended:
        in_level(any_site, Level.SUSPENDED)
    done = report(any_site, having(any_site, on_sale, 1))
    before(any_site, done)
    with pytest.raises(Conflict, match=refusal):
        retract(any_site.runtime, any_site.brand_person, done.report.report_id, [1])


def test_a_report_of_a_listing_whose_complaint_is_open_is_neither_withdrawn_nor_retracted(site: Site) -> None:
    a_listing(site, "MP-1")
    receipt = notify(site, "MP-1")
    judge(site, site.analyst, open_cases(site)[0], Judgement.GENUINE)
    pass_undo_window(site)
    say(site, receipt)
    done = report(site, ["MP-1"])
    assert done.outcomes[0].code is Code.COMPLAINT_OPEN
    with pytest.raises(Conflict, match="A reviewer decides about this listing"):
        withdraw_whole(site.runtime, site.brand_person, done.report.report_id)
    with pytest.raises(Conflict, match="Nothing was decided about this listing"):
        retract(site.runtime, site.brand_person, done.report.report_id, [1])


def test_a_claim_counts_once_and_ends_where_the_case_is_another_brand_s(site: Site) -> None:
    done = report(site, [unbranded_listing(site)])
    (open_case,) = open_cases(site)
    answer = Answer(open_case.case_id, open_case.version_id, Judgement.COUNTERFEIT, claimant=site.brand_id)
    with pytest.raises(Conflict, match="Your statement on this listing is recorded"):
        record_verdict(site.runtime, site.brand_person, answer)
    name_brand(site.runtime, site.analyst, open_case.case_id, VELA)
    with pytest.raises(NotFound, match="There is no such case"):
        withdraw_whole(site.runtime, site.brand_person, done.report.report_id)
