"""The effect of a verdict on the listing's notifiers: they learn of it once it can no longer be undone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from models.case import BLIND_LANES, CaseLane
from models.labels import AppealState
from models.policies.deciding import EnforcementPolicy
from models.verdict import Judgement, Outcome
from serving.appeals.policy import AppealPolicy
from serving.appeals.rules.appeals import open_until
from serving.appeals.store import overturns
from serving.cases.store import verdicts
from serving.cases.store.cases import Case
from serving.notices.rules.decision_notice import Decided, DecisionNotice, decision_notice, settled_notice
from serving.notices.rules.notices import FINAL_AT_ONCE, InvalidReason, ItemState, NoticeOutcome, outcome_of
from serving.notices.store import notice_complaints, notices
from serving.notices.store.notices import Item
from serving.platform.runtime import Runtime
from serving.takedowns.store import actions
from serving.webhooks.rules.action import UNSENT_STATES, ActionState


@dataclass(frozen=True, slots=True)
class Given:
    """The verdict that ended a case."""

    verdict_id: str
    judgement: Judgement
    outcome: Outcome
    action_id: str | None
    at: datetime


def settle(connection: Connection, case: Case, given: Given) -> None:
    """Decide the notified listings of a case by its final verdict, in the caller's transaction."""
    stands = case.lane is CaseLane.APPEAL and given.judgement is Judgement.COUNTERFEIT
    values = {
        "outcome": outcome_of(given.outcome, removal_stands=stands).value,
        "verdict_id": given.verdict_id,
        "action_id": given.action_id,
        "decided_at": given.at,
        "told_at": None,
    }
    for item in notices.of_case(connection, case.marketplace_id, case.case_id):
        if item.state is ItemState.WAITING:
            notices.settle(connection, item, decided=True, values=values)
    upheld = values["outcome"] == NoticeOutcome.REMOVED.value
    ended = {"verdict_id": given.verdict_id, "decided_at": given.at}
    for complaint in notice_complaints.of_case(connection, case.marketplace_id, case.case_id):
        if complaint.state is AppealState.OPEN:
            state = AppealState.UPHELD if upheld else AppealState.DISMISSED
            notice_complaints.settle(connection, complaint, state, ended)
            notices.replace_decision(connection, case.marketplace_id, complaint.item_id, values)


def end_invalid(connection: Connection, item: Item, reason: InvalidReason, by: str, at: datetime) -> None:
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
    notices.settle(connection, item, decided=True, values=values)


def reopen(connection: Connection, case: Case, verdict_id: str) -> None:
    """Return the listings of an undone verdict to waiting."""
    blank = dict.fromkeys(("outcome", "verdict_id", "action_id", "decided_at", "told_at"))
    for item in notices.of_case(connection, case.marketplace_id, case.case_id):
        if item.state is ItemState.DECIDED and item.verdict_id == verdict_id:
            notices.settle(connection, item, decided=False, values=blank)
    for complaint in notice_complaints.of_case(connection, case.marketplace_id, case.case_id):
        if complaint.verdict_id == verdict_id:
            notice_complaints.settle(connection, complaint, AppealState.OPEN, {"verdict_id": None, "decided_at": None})
            as_it_was = {
                "outcome": complaint.previous_outcome.value,
                "verdict_id": complaint.previous_verdict_id,
                "action_id": None,
                "decided_at": complaint.previous_decided_at,
            }
            notices.replace_decision(connection, case.marketplace_id, complaint.item_id, as_it_was)


def told(runtime: Runtime, connection: Connection, item: Item) -> DecisionNotice | None:
    """The message to the notifier about a listing; None while it waits, or while the decision can still be undone."""
    if item.state is not ItemState.DECIDED:
        return settled_notice(item.state)
    if item.outcome is None or item.decided_at is None or not is_final(runtime, item):
        return None
    if _is_pending(connection, item):
        return None
    verdict = None if item.verdict_id is None else verdicts.get(connection, item.marketplace_id, item.verdict_id)
    complaint = notice_complaints.of_item(connection, item.marketplace_id, item.item_id)
    undone = item.action_id is not None and overturns.in_force(connection, item.marketplace_id, item.action_id)
    return decision_notice(
        Decided(
            item.outcome,
            invalid_reason=item.invalid_reason,
            judgement=None if verdict is None else verdict.judgement,
            side=None if verdict is None else verdict.side,
            blind=verdict is not None and verdict.lane in BLIND_LANES,
            reversed_=bool(undone),
            on_complaint=complaint is not None and complaint.state is not AppealState.OPEN,
            complain_until=open_until(item.decided_at, runtime.policies[AppealPolicy]) if complaint is None else None,
        )
    )


def _is_pending(connection: Connection, item: Item) -> bool:
    """Whether the removal is pending approval or can still be stopped, so that it may be withdrawn."""
    if item.action_id is None:
        return False
    found = actions.get(connection, item.marketplace_id, item.action_id)
    return found.state is ActionState.PENDING_APPROVAL or (found.stepped_up and found.state in UNSENT_STATES)


def is_final(runtime: Runtime, item: Item) -> bool:
    """Whether a decision can no longer be undone; one without a verdict is final at once."""
    if item.decided_at is None or item.outcome in FINAL_AT_ONCE:
        return item.decided_at is not None
    window = timedelta(seconds=runtime.policies[EnforcementPolicy].undo_window_seconds)
    return runtime.clock.now() >= item.decided_at + window
