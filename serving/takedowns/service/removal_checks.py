"""Verified removal: after the acknowledgement, checks ask the marketplace whether it still shows the listing."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from models.messages.english import in_english
from serving.audit.store import audit
from serving.cases.store import cases
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_to_roles
from serving.platform.logs import log
from serving.platform.outbound.line import Failure
from serving.platform.runtime import Runtime
from serving.takedowns.policy import RemovalCheckPolicy
from serving.takedowns.rules.removal_check import CheckState, LookResult, first_look, state_after_look
from serving.takedowns.store import actions, alerts, removal_checks
from serving.takedowns.store.actions import StoredAction
from serving.takedowns.store.alerts import Alert, CheckAlarm
from serving.takedowns.store.removal_checks import RemovalCheck
from serving.webhooks.client import ask_if_shown
from serving.webhooks.policy import DeliveryPolicy
from serving.webhooks.rules.action import ActionKind
from serving.webhooks.rules.delivery import wait_of_header
from serving.webhooks.service.signing_secrets import record_step
from serving.webhooks.store import endpoints
from serving.webhooks.store.endpoints import Endpoint

_ACTOR: Final = "removal_check"
# A check that has not ended by then was lost with its process, and is due again.
_CUT_OFF_AFTER: Final = timedelta(minutes=2)


def start(
    runtime: Runtime, connection: Connection, heard: Sequence[StoredAction], endpoint: Endpoint, at: datetime
) -> None:
    """Start the checks of the removals among these actions if their marketplace has a status address."""
    removals = [action.action_id for action in heard if action.kind is ActionKind.REMOVE]
    if removals and endpoint.status_url is not None:
        due_at = first_look(at, runtime.policies[RemovalCheckPolicy])
        removal_checks.start(connection, endpoint.marketplace_id, removals, at, due_at)


def marketplaces_due(runtime: Runtime) -> list[str]:
    """The marketplaces with a due check."""
    with runtime.store.read() as connection:
        return removal_checks.marketplaces_due(connection, runtime.clock.now())


def check_due(runtime: Runtime, marketplace_id: str, is_stopped: Callable[[], bool] = lambda: False) -> dict[str, str]:
    """Check the removals that are due at a marketplace; returns each state in one word, by removal.

    It goes on as long as checks are due. Once `is_stopped`, no further check begins.
    """
    states = dict[str, str]()
    # With a seed one after another, so that the order of what they record depends on no machine's speed.
    threads = runtime.settings.job_threads if runtime.settings.seed is None else 1
    with ThreadPoolExecutor(threads, thread_name_prefix="check") as pool:
        while not is_stopped() and (claimed := _claim_due(runtime, marketplace_id, threads)):
            checked = pool.map(lambda check: _check(runtime, check), claimed)
            states |= {check.action_id: state for check, state in zip(claimed, checked, strict=True)}
    return states


def _claim_due(runtime: Runtime, marketplace_id: str, most: int) -> list[RemovalCheck]:
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        due = removal_checks.due_checks(connection, marketplace_id, now, most)
        return [check for check in due if removal_checks.claim(connection, check, now + _CUT_OFF_AFTER)]


@dataclass(frozen=True, slots=True)
class _Look:
    seen: LookResult
    text: str | None = None
    wait: timedelta | None = None


def _check(runtime: Runtime, check: RemovalCheck) -> str:
    """Check whether a listing is gone; returns the state in one word."""
    with runtime.store.read() as connection:
        action = actions.get(connection, check.marketplace_id, check.action_id)
        endpoint = endpoints.endpoint_in_force(connection, check.marketplace_id)
        given_back = actions.has_later_sent(connection, action)
    look = _Look(LookResult.NOTHING) if given_back else _look_up_listing(runtime, action, endpoint)
    return _record_look(runtime, check, action, look)


def _look_up_listing(runtime: Runtime, action: StoredAction, endpoint: Endpoint | None) -> _Look:
    if endpoint is None or endpoint.status_url is None:
        return _Look(LookResult.NOTHING, "No status address is registered.")
    answer = ask_if_shown(
        action.external_id,
        url=endpoint.status_url,
        allow_loopback=endpoint.allow_loopback and not runtime.settings.production,
        timeout_seconds=runtime.settings.webhook_timeout_seconds,
    )
    if isinstance(answer, Failure):
        wait = wait_of_header(answer.retry_after, runtime.wall.now(), runtime.policies[DeliveryPolicy])
        return _Look(LookResult.NOTHING, answer.sentence, wait)
    return _Look(LookResult.SHOWN if answer else LookResult.GONE)


def _record_look(runtime: Runtime, removal_check: RemovalCheck, action: StoredAction, look: _Look) -> str:
    now, check_count = runtime.clock.now(), removal_check.check_count + 1
    following = state_after_look(
        removal_check.state,
        look.seen,
        check_count,
        removal_check.acknowledged_at,
        now,
        runtime.policies[RemovalCheckPolicy],
    )
    due_at = following.due_at
    if due_at is not None and look.wait is not None:
        due_at = max(due_at, now + look.wait)
    after = replace(
        removal_check,
        state=following.state,
        check_count=check_count,
        due_at=due_at,
        looked_at=now,
        last_error=look.text[:500] if look.text else None,
    )
    if following.state is CheckState.STILL_SHOWN:
        after = replace(after, gone_at=None, seconds_to_removal=None)
    elif following.state is CheckState.GONE and removal_check.gone_at is None:
        seconds = (now - action.created_at).total_seconds()
        after = replace(after, gone_at=now, seconds_to_removal=seconds)
    with runtime.store.write() as connection:
        # The listing may have been reinstated during the check, which makes the result invalid.
        if actions.has_later_sent(connection, action):
            after = replace(removal_check, state=CheckState.GIVEN_BACK, check_count=check_count, due_at=None)
        if not removal_checks.record_look(connection, removal_check, after):
            return "overtaken"
        if after.state is not removal_check.state:
            _report_state(runtime, connection, action, removal_check, after, in_english(following.reason))
    return after.state.value


def _report_state(
    runtime: Runtime, connection: Connection, action: StoredAction, before: RemovalCheck, after: RemovalCheck, why: str
) -> None:
    """Record a new state in the audit log and the case, and raise or settle the alert of listings still shown."""
    now, marketplace_id = runtime.clock.now(), action.marketplace_id
    if after.state is not CheckState.GIVEN_BACK:
        payload = {"check_count": after.check_count, "seconds_to_removal": after.seconds_to_removal}
        record_step(connection, action, after.state.value, _ACTOR, now, payload)
        event = {
            "marketplace_id": marketplace_id,
            "event_id": runtime.ids.new("evt"),
            "case_id": cases.of_verdict(connection, marketplace_id, action.verdict_id).case_id,
            "what": why
            if after.seconds_to_removal is None
            else f"{why} {_duration_sentence(after.seconds_to_removal)}",
            "actor": "sweep",
            "known_at": now,
        }
        cases.add_events(connection, [event])
    if after.state is CheckState.STILL_SHOWN:
        sentence = f"{action.external_id[:100]}: {why}"
        alert = Alert(marketplace_id, runtime.ids.new("alr"), CheckAlarm.STILL_SHOWN, "", sentence, now)
        if alerts.raise_alert(connection, alert):
            raised = {"cause": alert.cause.value, "subject": "", "action_id": action.action_id}
            audit.record(connection, now, marketplace_id, _ACTOR, "alert.raised", alert.alert_id, **raised)
            about = {"what": "still_shown", "path": "/pending-removals#still-shown", "listing": action.external_id}
            queue_to_roles(runtime, connection, MailKind.ALARM, marketplace_id, about)
            log.warning("alert.raised", marketplace_id=marketplace_id, cause=alert.cause.value, sentence=sentence)
    elif before.state is CheckState.STILL_SHOWN and not removal_checks.still_shown_count(connection, {marketplace_id}):
        alerts.settle_causes(connection, marketplace_id, frozenset({CheckAlarm.STILL_SHOWN}), now)


def _duration_sentence(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"Observed {minutes:,} minutes after the confirmation."
