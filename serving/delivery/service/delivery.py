"""One attempt to deliver one message: two short transactions with the network between."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import Connection

from serving.appeals.service.seller_links import link_for
from serving.delivery.service.letters import Letter, dead_before, due, letter, message_of, outbox
from serving.delivery.service.receivers import wake
from serving.platform.outbound.exchange import Failed
from serving.platform.runtime import Runtime
from serving.platform.sealing import Unsealable
from serving.takedowns.service import removal_checks
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.client import Delivered, send
from serving.webhooks.policy import DeliveryPolicy
from serving.webhooks.rules.action import ActionEvent, ActionKind, ActionState
from serving.webhooks.rules.delivery import next_attempt, rest_after, speaks_of_the_message
from serving.webhooks.service import enqueue_delivery, enqueue_now, record_step, signing_secrets
from serving.webhooks.store import endpoints
from serving.webhooks.store.endpoints import Endpoint

_log = structlog.get_logger()

_ACTOR: Final = "delivery"
# An attempt that takes longer has ended with its process; the sweep starts another.
CUT_OFF_AFTER: Final = timedelta(minutes=2)
_AFTER_AN_EARLIER_ONE: Final = timedelta(seconds=2)
_A_LITTLE: Final = timedelta(milliseconds=1)
_MOST_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class _Started:
    action: Letter
    endpoint: Endpoint | None
    seller_link: str | None


def deliver(runtime: Runtime, marketplace_id: str, action_id: str) -> str:
    """Attempt the delivery; returns its result in one word. Safe to run again at any point.

    The marketplace may receive an action twice, if a process ends between the answer and its record. The message's id
    is the same, so it takes effect once.
    """
    started = _start(runtime, marketplace_id, action_id)
    if isinstance(started, str):
        return started
    endpoint = started.endpoint
    outcome: Delivered | Failed = Failed("No webhook endpoint is registered.")
    if endpoint is not None:
        outcome = _sent(runtime, started, endpoint)
    return _finish(runtime, started, outcome)


def _sent(runtime: Runtime, started: _Started, endpoint: Endpoint) -> Delivered | Failed:
    try:
        signed_by = signing_secrets(runtime, endpoint, runtime.clock.now())
    except Unsealable as refused:
        return Failed(refused.sentence)
    return send(
        message_of(started.action, started.seller_link),
        url=endpoint.url,
        signed_by=signed_by,
        allow_loopback=endpoint.allow_loopback and not runtime.settings.production,
        # The receiver compares the signature's time with the real clock, which no simulation moves.
        signed_at=runtime.wall.now(),
        timeout_seconds=runtime.settings.webhook_timeout_seconds,
    )


def _start(runtime: Runtime, marketplace_id: str, action_id: str) -> _Started | str:
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        action = letter(connection, marketplace_id, action_id)
        box = outbox(action)
        if action.state not in {ActionState.SCHEDULED, ActionState.SENDING}:
            return action.state.value
        if action.state is ActionState.SCHEDULED and now < action.leaves_at:
            _wait(runtime, connection, action, action.leaves_at)
            return "early"
        earlier_due_at = box.earlier_due_at(connection, action)
        if earlier_due_at is not None:
            _wait(runtime, connection, action, max(now, earlier_due_at) + _AFTER_AN_EARLIER_ONE)
            return "after_earlier"
        endpoint = endpoints.in_force(connection, marketplace_id)
        if endpoint is not None and endpoint.paused_until is not None and not _may_probe(connection, endpoint, now):
            # Left to the sweep, which sends one message at a time to test whether the receiver works again.
            box.postpone(connection, action, _later(action, max(now, endpoint.paused_until)))
            return "resting"
        values = {"attempts": action.attempts + 1, "sent_at": action.sent_at or now, "due_at": now + CUT_OFF_AFTER}
        if not box.change(connection, action, ActionEvent.SEND, values):
            return "overtaken"
        _overtake(connection, action, now)
        sent = letter(connection, marketplace_id, action_id)
        link = None
        if isinstance(sent, StoredAction) and sent.kind is ActionKind.REMOVE:
            link = link_for(runtime, connection, sent)
        return _Started(sent, endpoint, link)


def _may_probe(connection: Connection, endpoint: Endpoint, now: datetime) -> bool:
    rested = endpoint.paused_until is not None and endpoint.paused_until <= now
    return rested and endpoints.claim_probe(connection, endpoint, until=now + CUT_OFF_AFTER)


def _later(action: Letter, until: datetime) -> datetime:
    """A moment after the previous one: the same moment would be the same job."""
    return max(until, (action.due_at or until) + _A_LITTLE)


def _wait(runtime: Runtime, connection: Connection, action: Letter, until: datetime) -> None:
    later = _later(action, until)
    outbox(action).postpone(connection, action, later)
    enqueue_delivery(runtime, connection, replace(action, due_at=later))


def _overtake(connection: Connection, action: Letter, now: datetime) -> None:
    """Retire undeliverable actions that this acknowledged one replaces: their decision is out of date."""
    for one in dead_before(connection, action):
        if outbox(one).change(connection, one, ActionEvent.OVERTAKE, {"due_at": None}):
            record_step(connection, one, "overtaken", _ACTOR, now, {"by": action.action_id})


def _finish(runtime: Runtime, started: _Started, outcome: Delivered | Failed) -> str:
    now, action = runtime.clock.now(), started.action
    with runtime.store.write() as connection:
        if started.endpoint is not None:
            _note_health(runtime, connection, started.endpoint, outcome, now)
        if isinstance(outcome, Delivered):
            values: dict[str, Any] = {"acknowledged_at": now, "due_at": None, "last_error": None}
            if not outbox(action).change(connection, action, ActionEvent.ACKNOWLEDGE, values):
                return "overtaken"
            record_step(connection, action, "acknowledged", _ACTOR, now, {"attempts": action.attempts})
            if isinstance(action, StoredAction):
                removal_checks.begin(runtime, connection, action, started.endpoint, now)
            return "acknowledged"
        first = action.sent_at or now
        due_at = next_attempt(action.attempts, first, now, runtime.draw(), runtime.policies[DeliveryPolicy])
        if due_at is None:
            if outbox(action).change(
                connection, action, ActionEvent.GIVE_UP, {"due_at": None, "last_error": outcome.sentence}
            ):
                record_step(connection, action, "given_up", _ACTOR, now, {"attempts": action.attempts})
                _log.error("delivery.given_up", action_id=action.action_id, attempts=action.attempts)
            return "dead"
        values = {"due_at": due_at, "last_error": outcome.sentence}
        if not outbox(action).change(connection, action, ActionEvent.SEND, values):
            return "overtaken"
        enqueue_delivery(runtime, connection, replace(action, due_at=due_at))
        return "failed"


def _note_health(
    runtime: Runtime, connection: Connection, endpoint: Endpoint, outcome: Delivered | Failed, now: datetime
) -> None:
    """Release all waiting messages of a receiver that answers; pause one that keeps failing."""
    if isinstance(outcome, Delivered) or (outcome.status is not None and speaks_of_the_message(outcome.status)):
        if endpoints.recovered(connection, endpoint):
            wake(connection, endpoint.marketplace_id, now, beyond=now + CUT_OFF_AFTER)
            _log.info("delivery.receiver_is_back", endpoint_id=endpoint.endpoint_id)
        return
    failures = endpoints.failed(connection, endpoint, now)
    rest = rest_after(failures, runtime.policies[DeliveryPolicy])
    if rest is not None:
        endpoints.pause(connection, endpoint, until=now + rest)
        _log.warning("delivery.receiver_rests", endpoint_id=endpoint.endpoint_id, failures=failures)


def sweep_deliveries(runtime: Runtime) -> int:
    """Leave a job for every action whose next step is due; returns how many. An action with a job keeps it.

    If a receiver is paused, only its longest-waiting action is sent, to test the receiver. A step that is long overdue
    gets another job: the previous job may have failed before it changed anything.
    """
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        resting = endpoints.resting(connection)
        found = due(connection, now, _MOST_AT_ONCE, but_of=resting.keys())
        for marketplace_id, until in resting.items():
            if until <= now:
                found += due(connection, now, 1, of=marketplace_id)
    if found:
        with runtime.store.write() as connection:
            runtime.jobs.hold(connection)
            for action in found:
                if action.due_at is not None and now - action.due_at >= CUT_OFF_AFTER:
                    outbox(action).postpone(connection, action, now)
                    enqueue_now(runtime, connection, replace(action, due_at=now))
                else:
                    enqueue_now(runtime, connection, action)
    return len(found)
