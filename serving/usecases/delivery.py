"""One attempt to deliver one action, in two short transactions with the network between them."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from models.action import ActionEvent, ActionState, retry_delay_seconds
from serving.db import actions, marketplaces
from serving.db.actions import StoredAction
from serving.db.marketplaces import Endpoint
from serving.outbound.webhooks import Delivered, Failed, action_message, send
from serving.runtime import Runtime
from serving.usecases.takedown import enqueue_delivery, enqueue_now, record_step

_ACTOR: Final = "delivery"
# An attempt that has not ended by then was cut off with its process; the sweep starts another.
_CUT_OFF_AFTER: Final = timedelta(minutes=2)
_AFTER_AN_EARLIER_ONE: Final = timedelta(seconds=2)
_MOST_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class _Started:
    action: StoredAction
    endpoint: Endpoint | None


def deliver(runtime: Runtime, marketplace_id: str, action_id: str) -> str:
    """Attempt the delivery and say how it ended, in one word. Safe to run again at any point.

    The marketplace may hear of an action twice, when a process ends between its answer and our note of it; the
    message's id is the same, so it takes effect once.
    """
    started = _start(runtime, marketplace_id, action_id)
    if isinstance(started, str):
        return started
    action, endpoint = started.action, started.endpoint
    outcome: Delivered | Failed = Failed("No webhook endpoint is registered.")
    if endpoint is not None:
        data = {
            "action": action.kind.value,
            "action_id": action.action_id,
            "listing_external_id": action.external_id,
            "sequence": action.sequence,
            "statement": dict(action.statement),
        }
        outcome = send(
            action_message(action.action_id, action.created_at, data),
            url=endpoint.url,
            secret=endpoint.secret,
            allow_loopback=endpoint.allow_loopback and not runtime.settings.production,
            # The receiver holds the signature's time against its own clock, which no simulation moves.
            signed_at=runtime.wall.now(),
            timeout_seconds=runtime.settings.webhook_timeout_seconds,
        )
    return _finish(runtime, action, outcome)


def _start(runtime: Runtime, marketplace_id: str, action_id: str) -> _Started | str:
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        action = actions.get(connection, marketplace_id, action_id)
        if action.state not in {ActionState.SCHEDULED, ActionState.SENDING}:
            return action.state.value
        if action.state is ActionState.SCHEDULED and now < action.leaves_at:
            _wait(runtime, connection, action, action.leaves_at)
            return "early"
        if actions.earlier_unsettled(connection, action):
            _wait(runtime, connection, action, now + _AFTER_AN_EARLIER_ONE)
            return "after_earlier"
        values = {
            "attempts": action.attempts + 1,
            "sent_at": action.sent_at or now,
            "due_at": now + _CUT_OFF_AFTER,
        }
        if not actions.change(connection, action, ActionEvent.SEND, values):
            return "overtaken"
        endpoint = marketplaces.endpoint(connection, marketplace_id)
        return _Started(actions.get(connection, marketplace_id, action_id), endpoint)


def _wait(runtime: Runtime, connection: Connection, action: StoredAction, until: datetime) -> None:
    """Put the next step off. A moment later than before, because the same moment would be the same job."""
    later = max(until, (action.due_at or until) + timedelta(milliseconds=1))
    actions.postpone(connection, action, later)
    enqueue_delivery(runtime, connection, replace(action, due_at=later))


def _finish(runtime: Runtime, action: StoredAction, outcome: Delivered | Failed) -> str:
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        if isinstance(outcome, Delivered):
            values = {"acknowledged_at": now, "due_at": None, "last_error": None}
            if not actions.change(connection, action, ActionEvent.ACKNOWLEDGE, values):
                return "overtaken"
            record_step(connection, action, "acknowledged", _ACTOR, now, {"attempts": action.attempts})
            return "acknowledged"
        delay = retry_delay_seconds(action.attempts, runtime.draw())
        if delay is None:
            if actions.change(
                connection, action, ActionEvent.GIVE_UP, {"due_at": None, "last_error": outcome.sentence}
            ):
                record_step(connection, action, "given_up", _ACTOR, now, {"attempts": action.attempts})
            return "dead"
        due_at = now + timedelta(seconds=delay)
        if not actions.change(connection, action, ActionEvent.SEND, {"due_at": due_at, "last_error": outcome.sentence}):
            return "overtaken"
        enqueue_delivery(runtime, connection, replace(action, due_at=due_at))
        return "failed"


def sweep_deliveries(runtime: Runtime) -> int:
    """Leave a job for every action whose next step is due; returns how many. What has its job keeps it."""
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        due = actions.due(connection, now, _MOST_AT_ONCE)
    if due:
        with runtime.store.write() as connection:
            for action in due:
                enqueue_now(runtime, connection, action)
    return len(due)
