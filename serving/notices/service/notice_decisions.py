"""The effect of a verdict on the listing's notifiers: they learn of it once it can no longer be undone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from models.case import BLIND_LANES, CaseLane
from models.labels import AppealState
from models.policies.deciding import EnforcementPolicy
from models.verdict import Judgement, Outcome
from serving.appeals.policy import AppealPolicy
from serving.appeals.rules.appeals import appeal_period_end
from serving.appeals.store import overturns
from serving.cases.store import verdicts
from serving.cases.store.cases import Case
from serving.notices.rules.decision_notice import DecisionNotice, NoticeDecision, decision_notice, settled_notice
from serving.notices.rules.notices import FINAL_AT_ONCE, InvalidReason, ItemState, NoticeOutcome, outcome_of
from serving.notices.store import notice_complaints, notices
from serving.notices.store.notices import NoticeItem
from serving.platform.runtime import Runtime
from serving.takedowns.store import actions
from serving.webhooks.rules.action import UNSENT_STATES, ActionState


@dataclass(frozen=True, slots=True)
class FinalVerdict:
    """The verdict that ended a case."""

    verdict_id: str
    judgement: Judgement
    outcome: Outcome
    action_id: str | None
    at: datetime


def settle_items(connection: Connection, case: Case, verdict: FinalVerdict) -> None:
    """Decide the notified listings of a case by its final verdict, in the caller's transaction."""
    stands = case.lane is CaseLane.APPEAL and verdict.judgement is Judgement.COUNTERFEIT
    values = {
        "outcome": outcome_of(verdict.outcome, removal_stands=stands).value,
        "verdict_id": verdict.verdict_id,
        "action_id": verdict.action_id,
        "decided_at": verdict.at,
        "told_at": None,
    }
    for notice_item in notices.of_case(connection, case.marketplace_id, case.case_id):
        if notice_item.state is ItemState.WAITING:
            notices.settle_item(connection, notice_item, decided=True, values=values)
    upheld = values["outcome"] == NoticeOutcome.REMOVED.value
    ended = {"verdict_id": verdict.verdict_id, "decided_at": verdict.at}
    for complaint in notice_complaints.of_case(connection, case.marketplace_id, case.case_id):
        if complaint.state is AppealState.OPEN:
            state = AppealState.UPHELD if upheld else AppealState.DISMISSED
            notice_complaints.settle_complaint(connection, complaint, state, ended)
            notices.replace_decision(connection, case.marketplace_id, complaint.item_id, values)


def end_invalid(connection: Connection, notice_item: NoticeItem, reason: InvalidReason, by: str, at: datetime) -> None:
    """End a waiting item whose notice a person found invalid, in the caller's transaction.

    Raises Conflict (the item does not wait).
    """
    values = {
        "outcome": NoticeOutcome.INVALID.value,
        "invalid_reason": reason.value,
        "invalid_by": by,
        "decided_at": at,
        "told_at": None,
    }
    notices.settle_item(connection, notice_item, decided=True, values=values)


def reopen(connection: Connection, case: Case, verdict_id: str) -> None:
    """Return the listings of an undone verdict to waiting."""
    blank = dict.fromkeys(("outcome", "verdict_id", "action_id", "decided_at", "told_at"))
    for notice_item in notices.of_case(connection, case.marketplace_id, case.case_id):
        if notice_item.state is ItemState.DECIDED and notice_item.verdict_id == verdict_id:
            notices.settle_item(connection, notice_item, decided=False, values=blank)
    for complaint in notice_complaints.of_case(connection, case.marketplace_id, case.case_id):
        if complaint.verdict_id == verdict_id:
            notice_complaints.settle_complaint(
                connection, complaint, AppealState.OPEN, {"verdict_id": None, "decided_at": None}
            )
            as_it_was = {
                "outcome": complaint.previous_outcome.value,
                "verdict_id": complaint.previous_verdict_id,
                "action_id": None,
                "decided_at": complaint.previous_decided_at,
            }
            notices.replace_decision(connection, case.marketplace_id, complaint.item_id, as_it_was)


def notifier_message(runtime: Runtime, connection: Connection, notice_item: NoticeItem) -> DecisionNotice | None:
    """The message to the notifier about a listing; None while it waits, or while the decision can still be undone."""
    if notice_item.state is not ItemState.DECIDED:
        return settled_notice(notice_item.state)
    if notice_item.outcome is None or notice_item.decided_at is None or not is_final(runtime, notice_item):
        return None
    if _is_pending(connection, notice_item):
        return None
    verdict = (
        None
        if notice_item.verdict_id is None
        else verdicts.get(connection, notice_item.marketplace_id, notice_item.verdict_id)
    )
    complaint = notice_complaints.of_item(connection, notice_item.marketplace_id, notice_item.item_id)
    undone = notice_item.action_id is not None and overturns.in_force(
        connection, notice_item.marketplace_id, notice_item.action_id
    )
    return decision_notice(
        NoticeDecision(
            notice_item.outcome,
            invalid_reason=notice_item.invalid_reason,
            judgement=None if verdict is None else verdict.judgement,
            side=None if verdict is None else verdict.side,
            blind=verdict is not None and verdict.lane in BLIND_LANES,
            reversed_=bool(undone),
            on_complaint=complaint is not None and complaint.state is not AppealState.OPEN,
            complain_until=appeal_period_end(notice_item.decided_at, runtime.policies[AppealPolicy])
            if complaint is None
            else None,
        )
    )


def _is_pending(connection: Connection, notice_item: NoticeItem) -> bool:
    """Whether the removal is pending approval or can still be stopped, so that it may be withdrawn."""
    if notice_item.action_id is None:
        return False
    action = actions.get(connection, notice_item.marketplace_id, notice_item.action_id)
    return action.state is ActionState.PENDING_APPROVAL or (action.stepped_up and action.state in UNSENT_STATES)


def is_final(runtime: Runtime, notice_item: NoticeItem) -> bool:
    """Whether a decision can no longer be undone; one without a verdict is final at once."""
    if notice_item.decided_at is None or notice_item.outcome in FINAL_AT_ONCE:
        return notice_item.decided_at is not None
    window = timedelta(seconds=runtime.policies[EnforcementPolicy].undo_window_seconds)
    return runtime.clock.now() >= notice_item.decided_at + window
