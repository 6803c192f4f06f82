"""Actions on a listing: scheduled with their job, withdrawn before they are sent, and approved."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from features.message import each_as_json
from models.errors import BrandNotNamed, Conflict
from models.messages.english import fields_in_english
from models.policies.deciding import EnforcementPolicy
from models.strikes import VoidCause
from serving.cases.store import cases
from serving.listings.store import listings
from serving.platform.database.series import notes_of
from serving.platform.runtime import Runtime
from serving.takedowns.policy import StepUpPolicy
from serving.takedowns.rules.statement import Statement
from serving.takedowns.service import pending_approval
from serving.takedowns.service.budgets import LeftRemoval
from serving.takedowns.service.evidence import store_snapshot
from serving.takedowns.service.pending_approval import PendingGrounds
from serving.takedowns.service.removal_hooks import RemovalHooks
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.rules.action import INVERSE, OPEN_STATES, UNSENT_STATES, ActionEvent, ActionKind, ActionState
from serving.webhooks.service.signing_secrets import record_step

_AT_ONCE: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class Cause:
    """The cause of an action: the verdict, its listing and its author."""

    marketplace_id: str
    listing_id: str
    verdict_id: str
    actor: str


def schedule(
    runtime: Runtime,
    connection: Connection,
    kind: ActionKind,
    cause: Cause,
    statement: Statement,
    at: datetime,
    *,
    reason: PendingGrounds | None = None,
    delay: timedelta = _AT_ONCE,
    stepped_up: bool = False,
    new_device: bool = False,
    not_before: datetime | None = None,
) -> StoredAction:
    """Store an action with its audit entry and durable job in the caller's transaction, a removal also with evidence.

    At most one open action of a kind exists for a listing: a further verdict joins it. An unsent inverse action is
    withdrawn, since the marketplace has not received it. A removal pending approval has no job and no due time. `delay`
    is the wait of a removal beyond the undo window. A further confirmation without a delay also ends the delay of a
    scheduled removal. `stepped_up` is set for a removal of a report that was confirmed with a second factor,
    `new_device` for one from a browser or network in which its person was not known. It leaves not before `not_before`.

    Raises BrandNotNamed (it is a removal, and its case or its statement names no brand. Every removal is made here).
    """
    removal_of = (
        cases.of_verdict(connection, cause.marketplace_id, cause.verdict_id) if kind is ActionKind.REMOVE else None
    )
    if removal_of is not None and (not removal_of.brand.is_named or statement.right is None):
        raise BrandNotNamed
    leaves_at = max(at + undo_window(runtime, stepped_up=stepped_up) + delay, not_before or at)
    earlier = actions.of_listing(connection, cause.marketplace_id, cause.listing_id)
    for earlier_action in earlier:
        if earlier_action.kind is kind and earlier_action.state in OPEN_STATES:
            return _join_open_action(connection, earlier_action, leaves_at)
        if earlier_action.kind is INVERSE[kind] and earlier_action.state in UNSENT_STATES:
            withdraw(runtime, connection, earlier_action, cause.actor, at)
    action_id = runtime.ids.new("act")
    is_pending = reason is not None and bool(reason.reasons)
    row = {
        "marketplace_id": cause.marketplace_id,
        "action_id": action_id,
        "listing_id": cause.listing_id,
        "verdict_id": cause.verdict_id,
        "kind": kind.value,
        "state": (ActionState.PENDING_APPROVAL if is_pending else ActionState.SCHEDULED).value,
        "sequence": listings.next_sequence(connection, cause.marketplace_id, cause.listing_id),
        "statement": fields_in_english(statement),
        "statement_messages": each_as_json(statement.filled_fields()),
        "random_delay_seconds": int(delay.total_seconds()),
        "stepped_up": stepped_up,
        "new_device": new_device,
        "created_at": at,
        "leaves_at": leaves_at,
        "due_at": None if is_pending else leaves_at,
    }
    actions.add_action(connection, row)
    action = actions.get(connection, cause.marketplace_id, action_id)
    payload: dict[str, Any] = {
        "listing_id": cause.listing_id,
        "verdict_id": cause.verdict_id,
        "leaves_at": leaves_at.isoformat(),
    }
    if removal_of is not None:
        payload["evidence"] = store_snapshot(runtime, connection, removal_of, subject=action_id, at=at)
    if reason is not None and is_pending:
        causes = [ground.cause.value for ground in reason.reasons]
        record_step(connection, action, "pending_approval", cause.actor, at, {**payload, "causes": causes})
        pending_approval.record_pending(runtime, connection, action, reason, at)
        return action
    record_step(connection, action, "scheduled", cause.actor, at, payload)
    if reason is not None:
        notes_of(connection, LeftRemoval).append(reason.left_removal)
    runtime.services[RemovalHooks].counted(runtime, connection, action, at)
    return action


def undo_window(runtime: Runtime, *, stepped_up: bool) -> timedelta:
    """How long a decision can be undone before its action is sent."""
    usual = timedelta(seconds=runtime.policies[EnforcementPolicy].undo_window_seconds)
    return max(usual, timedelta(minutes=runtime.policies[StepUpPolicy].undo_minutes)) if stepped_up else usual


def _join_open_action(connection: Connection, open_one: StoredAction, leaves_at: datetime) -> StoredAction:
    if not actions.bring_forward(connection, open_one, leaves_at):
        return open_one
    return actions.get(connection, open_one.marketplace_id, open_one.action_id)


def withdraw(
    runtime: Runtime, connection: Connection, action: StoredAction, actor: str, at: datetime, how: str = "undo"
) -> None:
    """Withdraw an unsent action; `how` is the stored result if it was pending approval.

    Raises Conflict (the action has been sent; only the inverse action can undo it).
    """
    if action.state not in UNSENT_STATES or not actions.change(
        connection, action, ActionEvent.WITHDRAW, {"due_at": None}
    ):
        raise Conflict("The undo window has closed: the marketplace has been told. Only an appeal can change it now.")
    record_step(connection, action, "withdrawn", actor, at, {})
    runtime.services[RemovalHooks].voided(runtime, connection, action, VoidCause.WITHDRAWN, at)
    if action.state is ActionState.PENDING_APPROVAL:
        pending_approval.settle_removal(connection, action, how, at)


def send_approved(runtime: Runtime, connection: Connection, action: StoredAction, actor: str, at: datetime) -> None:
    """Send a removal after its approval, but not before its undo window has closed.

    Raises Conflict (the removal is no longer pending approval).
    """
    leaves_at = max(action.leaves_at, at)
    values = {"leaves_at": leaves_at, "due_at": leaves_at}
    if not actions.change(connection, action, ActionEvent.APPROVE, values):
        raise Conflict("Somebody has decided about this removal in the meantime.")
    record_step(connection, action, "approved", actor, at, {"leaves_at": leaves_at.isoformat()})
    pending_approval.settle_removal(connection, action, "approve", at)
    runtime.services[RemovalHooks].counted(runtime, connection, action, at)
