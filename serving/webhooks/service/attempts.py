"""Attempts to deliver messages to one marketplace, many at once: what is stored before they are sent and after."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from serving.accounts.policy import SecretPolicy
from serving.appeals.service.seller_links import links_for
from serving.appeals.service.seller_mails import mail_reinstatement
from serving.audit.store import audit
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_to_roles
from serving.marketplaces.store import marketplaces
from serving.platform.logs import log
from serving.platform.outbound.line import Failure
from serving.platform.runtime import Runtime
from serving.takedowns.service import removal_checks
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.client import Delivery
from serving.webhooks.policy import DeliveryPolicy
from serving.webhooks.rules.action import ActionEvent, ActionKind, ActionState
from serving.webhooks.rules.delivery import (
    GONE,
    failures_after,
    is_about_message,
    next_attempt,
    pause_after,
    requested_pause,
    wait_of_header,
)
from serving.webhooks.service.letters import Letter, outbox_of
from serving.webhooks.service.receivers import make_due
from serving.webhooks.service.signing_secrets import record_step, record_steps
from serving.webhooks.store import endpoints
from serving.webhooks.store.endpoints import Endpoint
from serving.webhooks.store.outbox import Outbox

_ACTOR: Final = "delivery"
# An attempt that takes longer has ended with its process; another process sends the message again. The look-up of the
# address and the longest timeout of an answer take less.
CUT_OFF_AFTER: Final = timedelta(seconds=45)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A message that is being sent; the link belongs to a removal."""

    letter: Letter
    endpoint: Endpoint | None
    seller_link: str | None


@dataclass(frozen=True, slots=True)
class EndedAttempt:
    """An attempt with the receiver's answer."""

    attempt: Attempt
    outcome: Delivery | Failure


def begin_attempts(
    runtime: Runtime, connection: Connection, letters: Sequence[Letter], endpoint: Endpoint | None, now: datetime
) -> list[Attempt]:
    """Begin an attempt of each of these messages, which the transaction has locked."""
    started = list[Letter]()
    for box, box_letters in _letters_by_outbox(letters):
        until = now + CUT_OFF_AFTER
        begun = box.start(connection, box_letters, now, until=until, sender=runtime.worker_id)
        started += [
            replace(
                letter,
                state=ActionState.SENDING,
                attempts=letter.attempts + 1,
                sent_at=letter.sent_at or now,
                due_at=until,
            )
            for letter in box_letters
            if letter.action_id in begun
        ]
        _overtake(connection, box, [letter for letter in box_letters if letter.action_id in begun], now)
    removals = [letter for letter in started if isinstance(letter, StoredAction) and letter.kind is ActionKind.REMOVE]
    linked = bool(removals) and marketplaces.makes_seller_links(connection, removals[0].marketplace_id)
    links = links_for(runtime, connection, removals) if linked else {}
    return [Attempt(letter, endpoint, links.get(letter.action_id)) for letter in started]


def finish_attempts(
    runtime: Runtime, connection: Connection, ended: Sequence[EndedAttempt], now: datetime
) -> dict[str, str]:
    """Store the answers, given in the order in which they came; returns each result in one word, by message."""
    _note_health(runtime, connection, ended, now)
    arrived = [end.attempt for end in ended if isinstance(end.outcome, Delivery)]
    done = _acknowledge(runtime, connection, arrived, now)
    for end in ended:
        if isinstance(end.outcome, Failure):
            letter = end.attempt.letter
            done[letter.action_id] = _try_later(runtime, connection, letter, end.outcome, now)
    if len(arrived) < len(ended):
        _defer_to_pause_end(connection, ended[0].attempt.letter.marketplace_id)
    return done


def _letters_by_outbox(letters: Sequence[Letter]) -> list[tuple[Outbox[Any], list[Letter]]]:
    sorted_out = defaultdict[Outbox[Any], list[Letter]](list)
    for letter in letters:
        sorted_out[outbox_of(letter)].append(letter)
    return list(sorted_out.items())


def _attempts_by_endpoint(attempts: Sequence[Attempt]) -> list[tuple[Endpoint, list[Attempt]]]:
    sorted_out = defaultdict[Endpoint, list[Attempt]](list)
    for attempt in attempts:
        if attempt.endpoint is not None:
            sorted_out[attempt.endpoint].append(attempt)
    return list(sorted_out.items())


def _overtake(connection: Connection, box: Outbox[Any], sent: Sequence[Letter], now: datetime) -> None:
    """Retire undeliverable messages that one of these replaces: their decision is out of date."""
    if not sent or not box.any_dead(connection, sent):
        return
    for letter in sent:
        for stored in box.dead_before(connection, letter):
            if box.change(connection, stored, ActionEvent.OVERTAKE, {"due_at": None}):
                record_step(connection, stored, "overtaken", _ACTOR, now, {"by": letter.action_id})


def _acknowledge(runtime: Runtime, connection: Connection, arrived: Sequence[Attempt], now: datetime) -> dict[str, str]:
    values: dict[str, Any] = {"acknowledged_at": now, "due_at": None, "sender": None, "last_error": None}
    changed = set[str]()
    for box, box_letters in _letters_by_outbox([attempt.letter for attempt in arrived]):
        changed |= box.change_all(connection, box_letters, ActionEvent.ACKNOWLEDGE, values)
    heard = [attempt for attempt in arrived if attempt.letter.action_id in changed]
    steps = [(attempt.letter, {"attempts": attempt.letter.attempts}) for attempt in heard]
    record_steps(connection, "acknowledged", _ACTOR, now, steps)
    for attempt in heard:
        if isinstance(attempt.letter, StoredAction) and attempt.letter.kind is ActionKind.REINSTATE:
            mail_reinstatement(runtime, connection, attempt.letter)
    policy = runtime.policies[SecretPolicy]
    for endpoint, endpoint_attempts in _attempts_by_endpoint(heard):
        if endpoint.used_at is None or now - endpoint.used_at >= timedelta(hours=policy.use_noted_hours):
            endpoints.note_use(connection, endpoint, now)
        removals = [attempt.letter for attempt in endpoint_attempts if isinstance(attempt.letter, StoredAction)]
        removal_checks.start(runtime, connection, removals, endpoint, now)
    ids = [attempt.letter.action_id for attempt in arrived]
    return {action_id: "acknowledged" if action_id in changed else "overtaken" for action_id in ids}


def _try_later(runtime: Runtime, connection: Connection, letter: Letter, outcome: Failure, now: datetime) -> str:
    first = letter.sent_at or now
    due_at = next_attempt(letter.attempts, first, now, runtime.draw(), runtime.policies[DeliveryPolicy])
    if due_at is not None:
        due_at = max(due_at, now + (_requested_wait(runtime, outcome) or timedelta(0)))
    event = ActionEvent.GIVE_UP if due_at is None else ActionEvent.SEND
    values = {"due_at": due_at, "sender": None, "last_error": outcome.sentence}
    if not outbox_of(letter).change(connection, letter, event, values):
        return "overtaken"
    if due_at is not None:
        return "failed"
    record_step(connection, letter, "given_up", _ACTOR, now, {"attempts": letter.attempts})
    log.error("delivery.given_up", action_id=letter.action_id, attempts=letter.attempts)
    return "dead"


def _note_health(runtime: Runtime, connection: Connection, ended: Sequence[EndedAttempt], now: datetime) -> None:
    """Release all waiting messages of a receiver that answers; pause one that keeps failing."""
    outcomes = {end.attempt.letter.action_id: end.outcome for end in ended}
    for endpoint, endpoint_attempts in _attempts_by_endpoint([end.attempt for end in ended]):
        answers = [outcomes[attempt.letter.action_id] for attempt in endpoint_attempts]
        last_answer = max(
            (number for number, outcome in enumerate(answers, start=1) if _is_receiver_well(outcome)), default=0
        )
        if last_answer and endpoints.record_recovery(connection, endpoint):
            make_due(connection, endpoint.marketplace_id, now)
            log.info("delivery.receiver_is_back", endpoint_id=endpoint.endpoint_id)
        if last_answer < len(answers):
            _note_failures(runtime, connection, endpoint, len(answers) - last_answer, now)
        follow_answers(runtime, connection, endpoint, answers, now)


def _is_receiver_well(outcome: Delivery | Failure) -> bool:
    return isinstance(outcome, Delivery) or (outcome.status is not None and is_about_message(outcome.status))


def _note_failures(runtime: Runtime, connection: Connection, endpoint: Endpoint, more: int, now: datetime) -> None:
    policy = runtime.policies[DeliveryPolicy]
    before = endpoints.lock_failure_count(connection, endpoint)
    failures = failures_after(before, more, policy, is_test=endpoint.paused_until is not None)
    if failures == before:
        return
    endpoints.record_failures(connection, endpoint, now, failures)
    rest = pause_after(failures, policy)
    if rest is not None:
        endpoints.pause_longer(connection, endpoint, until=now + rest)
        log.warning("delivery.receiver_paused", endpoint_id=endpoint.endpoint_id, failures=failures)
        if before < policy.rest_after_failures:
            about = {"what": "receiver_failing", "url": endpoint.url}
            queue_to_roles(runtime, connection, MailKind.DELIVERIES_FAIL, endpoint.marketplace_id, about)


def follow_answers(
    runtime: Runtime, connection: Connection, endpoint: Endpoint, outcomes: Sequence[Delivery | Failure], now: datetime
) -> None:
    """Do what the answers of a receiver ask for: pause it, or disable one that is gone."""
    failed = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    if endpoint.verified_at is not None and any(failure.status == GONE for failure in failed):
        endpoints.disable(connection, endpoint, now)
        marketplace_id, about = endpoint.marketplace_id, {"reason": "The receiver answered 410: it has gone."}
        audit.record(connection, now, marketplace_id, _ACTOR, "webhook.disabled", endpoint.endpoint_id, **about)
        log.error("delivery.receiver_is_gone", endpoint_id=endpoint.endpoint_id)
        about = {"what": "receiver_gone", "url": endpoint.url}
        queue_to_roles(runtime, connection, MailKind.DELIVERIES_FAIL, marketplace_id, about)
        return
    policy = runtime.policies[DeliveryPolicy]
    rests = [requested_pause(failure.status, _requested_wait(runtime, failure), policy) for failure in failed]
    if rest := max((asked_rest for asked_rest in rests if asked_rest is not None), default=None):
        endpoints.pause_longer(connection, endpoint, until=now + rest)
        log.info("delivery.receiver_asked_to_wait", endpoint_id=endpoint.endpoint_id, seconds=rest.total_seconds())


def _requested_wait(runtime: Runtime, outcome: Failure) -> timedelta | None:
    return wait_of_header(outcome.retry_after, runtime.wall.now(), runtime.policies[DeliveryPolicy])


def _defer_to_pause_end(connection: Connection, marketplace_id: str) -> None:
    """Have a message due at the end of the receiver's pause, which finds out how it is; each may wait for longer."""
    endpoint = endpoints.endpoint_in_force(connection, marketplace_id)
    if endpoint is not None and endpoint.paused_until is not None:
        make_due(connection, marketplace_id, endpoint.paused_until)
