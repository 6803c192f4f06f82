"""Complaints of notifiers on both engines: the decider, the blind view, and the effect of each decision."""

from datetime import date

import pytest

from features.message import message
from models.case import CaseLane
from models.errors import Conflict, DeadlinePassed, Forbidden, Invalid, NotFound
from models.labels import AppealState
from models.policies.learning import LabelPolicy
from models.verdict import Judgement
from serving.audit.store import audit
from serving.cases.service.case_access import why_not_judge
from serving.cases.service.undoing import undo_verdict
from serving.cases.store import cases
from serving.cases.store.cases import Case
from serving.learning.service.labelling import label_of
from serving.learning.store import verdict_history
from serving.notices.rules.notices import ItemState, NoticeOutcome
from serving.notices.service.notice_complaints import complain
from serving.notices.service.notice_links import PLACE
from serving.notices.service.notices import Receipt
from serving.notices.store import notice_complaints
from serving.notices.store.notice_complaints import NoticeComplaint
from serving.notices.store.notices import NoticeItem
from serving.takedowns.rules.public_statement import Influence
from serving.transparency.store import restrictions
from tests.fixtures.guests import an_invited_user
from tests.fixtures.notifying import WORDS, a_listing, items_of, notify
from tests.fixtures.reporting import UNDO_SECONDS, a_marketplace_that_listens, carry_out_action
from tests.fixtures.runtimes import Site, having, judge, open_cases
from tests.serving.notices.service.test_notices import SOLENNE, message_to_notifier
from tests.serving.web.visits import visit_as, words

STATEMENT = "The serial number in the second picture was never given out; your colleague overlooked it."


def refused_notice(site: Site, judgement: Judgement = Judgement.GENUINE, **changes: str) -> Receipt:
    """A notice about a reviewed listing that stays, with the decision sent to its notifier."""
    return having(site, reviewed_notice, judgement, **changes)


def reviewed_notice(site: Site, judgement: Judgement, **changes: str) -> Receipt:
    a_listing(site, "MP-1", **{**SOLENNE, **changes})
    receipt = notify(site, "MP-1")
    (case,) = open_cases(site)
    judge(site, site.analyst, case, judgement)
    site.clock.forward(seconds=UNDO_SECONDS)
    return receipt


def say(site: Site, receipt: Receipt, words_: str = STATEMENT, number: int = 1) -> Case:
    """A complaint; returns its case."""
    complain(site.runtime, receipt.link.rpartition(PLACE)[2], number, words_)
    (case,) = open_cases(site, CaseLane.COMPLAINT)
    return case


def complaint_of(site: Site, notice_item: NoticeItem) -> NoticeComplaint | None:
    with site.runtime.store.read() as connection:
        assert audit.check_chain(connection)[1] is None
        return notice_complaints.of_item(connection, site.marketplace_id, notice_item.item_id)


def item_of(site: Site, receipt: Receipt) -> NoticeItem:
    (notice_item,) = items_of(site, receipt)
    return notice_item


def test_a_complaint_of_a_notifier_goes_to_somebody_who_did_not_decide_before(any_site: Site) -> None:
    case = say(any_site, refused_notice(any_site))
    with any_site.runtime.store.read() as connection:
        assert str(why_not_judge(connection, any_site.analyst, case)) == "You decided on this listing before"
        assert why_not_judge(connection, any_site.second_analyst, case) is None
    an_invited_user(any_site, any_site.analyst, any_site.second_analyst)
    with pytest.raises(Forbidden, match=r"count as one person.* somebody else must decide the complaint"):
        judge(any_site, any_site.second_analyst, case, Judgement.GENUINE)
    with pytest.raises(Forbidden, match="somebody else must decide the complaint"):
        judge(any_site, any_site.analyst, case, Judgement.GENUINE)


def test_an_upheld_complaint_removes_the_listing_and_is_told(any_site: Site) -> None:
    receipt = refused_notice(any_site)
    case = say(any_site, receipt)
    with a_marketplace_that_listens(any_site):
        begins = any_site.clock.now()
        carry_out_action(any_site, judge(any_site, any_site.second_analyst, case, Judgement.COUNTERFEIT).action)
    notice_item = item_of(any_site, receipt)
    complaint = complaint_of(any_site, notice_item)
    assert complaint is not None
    assert (complaint.state, notice_item.outcome, notice_item.action_id is not None) == (
        AppealState.UPHELD,
        NoticeOutcome.REMOVED,
        True,
    )
    decision = message_to_notifier(any_site, notice_item)
    assert decision is not None
    assert decision.decision.code == "notice.decision.removed"
    assert decision.automated_means.code == "notice.means.blind"
    with any_site.runtime.store.read() as connection:
        until = any_site.clock.now().replace(year=2027)
        ((restriction,), _) = restrictions.restrictions_carried_out(
            connection, any_site.marketplace_id, since=begins, until=until, after=None, most=9
        )
    assert restriction.influence is Influence.NONE


def test_a_dismissed_complaint_leaves_the_listing_and_there_is_no_second_one(any_site: Site) -> None:
    receipt = refused_notice(any_site)
    judge(any_site, any_site.second_analyst, say(any_site, receipt), Judgement.GENUINE)
    any_site.clock.forward(seconds=UNDO_SECONDS)
    notice_item = item_of(any_site, receipt)
    complaint = complaint_of(any_site, notice_item)
    assert complaint is not None
    assert (complaint.state, notice_item.outcome) == (AppealState.DISMISSED, NoticeOutcome.NO_ACTION)
    decision = message_to_notifier(any_site, notice_item)
    assert decision is not None
    assert decision.facts.code == "notice.facts.on_complaint"
    with pytest.raises(Conflict, match="There has been a complaint"):
        say(any_site, receipt)


def test_a_decision_on_a_complaint_that_is_undone_lets_it_wait_again(any_site: Site) -> None:
    receipt = refused_notice(any_site)
    before = item_of(any_site, receipt)
    case = say(any_site, receipt)
    judge(any_site, any_site.second_analyst, case, Judgement.COUNTERFEIT)
    undo_verdict(any_site.runtime, any_site.second_analyst, case.case_id)
    complaint = complaint_of(any_site, before)
    assert complaint is not None
    assert (complaint.state, item_of(any_site, receipt)) == (AppealState.OPEN, before)


def test_it_is_open_for_six_months_from_the_decision(any_site: Site) -> None:
    receipt = refused_notice(any_site)
    decision = message_to_notifier(any_site, item_of(any_site, receipt))
    assert decision is not None
    assert decision.redress.parameters["date"] == date(2026, 9, 3)
    any_site.clock.forward(days=183)
    say(any_site, receipt)


def test_after_six_months_it_is_too_late(any_site: Site) -> None:
    receipt = refused_notice(any_site)
    any_site.clock.forward(days=186)
    with pytest.raises(DeadlinePassed, match="open for 6 months"):
        say(any_site, receipt)


@pytest.mark.parametrize(
    ("words_", "number", "error"),
    [("  ", 1, Invalid), ("x" * 5_001, 1, Invalid), (STATEMENT, 2, NotFound), (STATEMENT, 0, NotFound)],
)
def test_a_complaint_says_why_and_about_what(site: Site, words_: str, number: int, error: type[Exception]) -> None:
    receipt = refused_notice(site)
    with pytest.raises(error):
        say(site, receipt, words_, number)


def test_there_is_nothing_to_complain_about_before_the_decision_or_after_a_removal(any_site: Site) -> None:
    a_listing(any_site, **SOLENNE)
    receipt = notify(any_site, "MP-1", "MP-777")
    for number in (1, 2):
        with pytest.raises(Conflict, match="no decision to keep this listing"):
            say(any_site, receipt, number=number)
    (case,) = open_cases(any_site)
    judge(any_site, any_site.analyst, case, Judgement.GENUINE)
    with pytest.raises(Conflict, match="no decision to keep this listing"):
        say(any_site, receipt)
    undo_verdict(any_site.runtime, any_site.analyst, case.case_id)
    judge(any_site, any_site.analyst, case, Judgement.COUNTERFEIT)
    any_site.clock.forward(seconds=UNDO_SECONDS)
    with pytest.raises(Conflict, match="no decision to keep this listing"):
        say(any_site, receipt)


def test_a_case_that_goes_to_the_brand_and_comes_back_is_still_decided_by_somebody_else_and_blind(
    any_site: Site,
) -> None:
    a_listing(any_site)
    receipt = notify(any_site, "MP-1")
    (first,) = open_cases(any_site)
    judge(any_site, any_site.analyst, first, Judgement.GENUINE)
    any_site.clock.forward(seconds=UNDO_SECONDS)
    judge(any_site, any_site.second_analyst, say(any_site, receipt), Judgement.COUNTERFEIT)
    assert items_of(any_site, receipt)[0].state is ItemState.DECIDED
    (question,) = open_cases(any_site, CaseLane.ASK_BRAND)
    judge(any_site, any_site.brand_person, question, Judgement.CANNOT_TELL)
    (back,) = open_cases(any_site, CaseLane.ANALYST)
    with pytest.raises(Forbidden, match="decide the complaint"):
        judge(any_site, any_site.analyst, back, Judgement.GENUINE)
    page = words(visit_as(any_site, any_site.second_analyst).get(f"/cases/{back.case_id}").text)
    assert "No score is shown." in page
    judge(any_site, any_site.second_analyst, back, Judgement.COUNTERFEIT)
    assert item_of(any_site, receipt).outcome is NoticeOutcome.REMOVED


def test_a_brand_that_let_the_listing_stay_is_not_asked_again(any_site: Site) -> None:
    a_listing(any_site)
    receipt = notify(any_site, "MP-1")
    (first,) = open_cases(any_site)
    judge(any_site, any_site.analyst, first, Judgement.COUNTERFEIT)
    judge(any_site, any_site.brand_person, first, Judgement.GENUINE)
    any_site.clock.forward(seconds=UNDO_SECONDS)
    case = say(any_site, receipt)
    assert case.question_returned
    assert judge(any_site, any_site.second_analyst, case, Judgement.COUNTERFEIT).action is not None


def test_the_complaint_looks_at_the_listing_as_it_is_now_and_takes_an_open_case_with_it(any_site: Site) -> None:
    receipt = refused_notice(any_site)
    a_listing(any_site, "MP-1", **SOLENNE, description="Every word of this text is new, and the picture too.")
    other = notify(any_site, "MP-1", email="another@example.org")
    (waiting,) = open_cases(any_site)
    case = say(any_site, receipt)
    assert (case.version_id, case.follows_case_id) == (waiting.version_id, waiting.case_id)
    assert len(open_cases(any_site)) == 1
    judge(any_site, any_site.second_analyst, case, Judgement.COUNTERFEIT)
    assert item_of(any_site, other).outcome is NoticeOutcome.REMOVED


def test_two_who_complain_about_one_listing_are_decided_by_one_case(any_site: Site) -> None:
    a_listing(any_site, "MP-1", **SOLENNE)
    first, second = notify(any_site, "MP-1"), notify(any_site, "MP-1", email="another@example.org")
    (case,) = open_cases(any_site)
    judge(any_site, any_site.analyst, case, Judgement.GENUINE)
    any_site.clock.forward(seconds=UNDO_SECONDS)
    contested = say(any_site, first)
    assert say(any_site, second).case_id == contested.case_id
    judge(any_site, any_site.second_analyst, contested, Judgement.COUNTERFEIT)
    assert {item_of(any_site, receipt).outcome for receipt in (first, second)} == {NoticeOutcome.REMOVED}


def test_a_change_of_the_listing_does_not_lose_the_complaint(any_site: Site) -> None:
    receipt = refused_notice(any_site)
    before = say(any_site, receipt)
    a_listing(any_site, "MP-1", **SOLENNE, description="Every word of this text is new, and the picture too.")
    (after,) = open_cases(any_site, CaseLane.COMPLAINT)
    assert (after.follows_case_id, after.priority) == (before.case_id, before.priority)
    judge(any_site, any_site.second_analyst, after, Judgement.GENUINE)
    complaint = complaint_of(any_site, item_of(any_site, receipt))
    assert complaint is not None
    assert complaint.state is AppealState.DISMISSED


def test_two_analysts_who_contradict_each_other_teach_nothing(any_site: Site) -> None:
    judge(any_site, any_site.second_analyst, say(any_site, refused_notice(any_site)), Judgement.COUNTERFEIT)
    later = any_site.clock.now() + any_site.runtime.policies[LabelPolicy].matures * 2
    (version,) = any_site.read(verdict_history.of_marketplace, any_site.marketplace_id, any_site.clock.now()).values()
    label = label_of(version, later, any_site.runtime.policies[LabelPolicy])
    assert getattr(label, "reason", None) == message("no_label.contradiction")


def test_neither_score_nor_first_answer_is_on_the_page_of_a_complaint(site: Site) -> None:
    case = say(site, refused_notice(site), f"{STATEMENT} <script>alert(1)</script>")
    visitor = visit_as(site, site.second_analyst)
    assert "Complaint by the notifier" in words(visitor.get("/queue").text)
    page = visitor.get(f"/cases/{case.case_id}").text
    read = words(page)
    for shown in ("Notifier's complaint", STATEMENT, WORDS, "The complaint is dismissed"):
        assert shown in read or shown == WORDS
    assert "<script>alert" not in page
    for hidden in ("harm, 7 d", "points", "Genuine, by", "Anna Berg"):
        assert hidden not in read
    barred = words(visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text)
    assert "Another reviewer must decide this complaint." in barred


def test_cases_of_complaints_come_after_appeals_and_before_all_else(any_site: Site) -> None:
    case = say(any_site, refused_notice(any_site))
    assert 3e9 + 1e9 < case.priority < 1e12
    assert [event["what"] for event in any_site.read(cases.timeline, any_site.marketplace_id, case.case_id)] == [
        "The notifier complains that the listing stays. A person who did not decide before will look at it."
    ]
