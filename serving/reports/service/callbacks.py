"""The message to a brand's own tool at the end of its report: once no removal of it is left to send."""

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from serving.accounts.policy import ServiceAccountPolicy
from serving.accounts.store import service_accounts
from serving.accounts.store.service_accounts import ServiceAccount
from serving.platform.logs import log
from serving.platform.outbound.line import Failure
from serving.platform.runtime import Runtime
from serving.platform.sealing import keyed_digest
from serving.reports.service.status import Status, status_in
from serving.reports.store import callbacks
from serving.reports.store.reports import StoredReport
from serving.webhooks.client import MARK, Delivery, post, signature_headers
from serving.webhooks.payloads import ReportCompletion
from serving.webhooks.policy import DeliveryPolicy
from serving.webhooks.rules.delivery import next_attempt

_PURPOSE: Final = b"touchstone report callback v1"
# No process that ended keeps a message longer; removals are looked at as often.
_LOOKS_AGAIN: Final = timedelta(minutes=10)


def callback_secret(runtime: Runtime, account_id: str, url: str) -> str:
    """The secret that signs messages to a service account at an address, by the Standard Webhooks scheme."""
    return MARK + base64.b64encode(keyed_digest(runtime.contact_key, _PURPOSE, account_id, url)).decode()


def marketplaces_due(runtime: Runtime) -> list[str]:
    """The marketplaces with a message that is due."""
    with runtime.store.read() as connection:
        return callbacks.marketplaces_due(connection, runtime.clock.now())


def send_callbacks(runtime: Runtime, marketplace_id: str, is_stopped: Callable[[], bool] = lambda: False) -> None:
    """Send the messages that are due at a marketplace, until `is_stopped`. One may come twice, with the same id."""
    while not is_stopped():
        now = runtime.clock.now()
        with runtime.store.write() as connection:
            stored = callbacks.due_report(connection, marketplace_id, now)
            if stored is None:
                return
            callbacks.set_due(connection, stored, now + _LOOKS_AGAIN, stored.callback_attempts)
            is_unfinished = callbacks.has_unsent_removals(connection, stored)
        if not is_unfinished:
            _send(runtime, stored, now)


def _send(runtime: Runtime, stored: StoredReport, at: datetime) -> None:
    with runtime.store.read() as connection:
        account = service_accounts.account_with_callback(connection, stored.key_id)
        status = status_in(runtime, connection, stored, stored.user_id)
    answer = None if account is None else _post(runtime, account, status)
    attempts, again = stored.callback_attempts + 1, None
    if isinstance(answer, Failure):
        again = next_attempt(attempts, stored.known_at, at, 0.0, runtime.policies[DeliveryPolicy])
        log.warning("report.callback_failed", report_id=stored.report_id, attempts=attempts, why=answer.sentence)
    with runtime.store.write() as connection:
        callbacks.set_due(connection, stored, again, attempts)
        if again is not None:
            callbacks.postpone(connection, stored, again)


def _post(runtime: Runtime, account: ServiceAccount, status: Status) -> Delivery | Failure:
    url, report_id = account.callback_url or "", status.report.report_id
    payload = ReportCompletion(action="completed", report_id=report_id, state=status.state.value, counts=status.counts)
    message = payload.message(report_id, runtime.clock.now())
    signed_by = [callback_secret(runtime, account.account_id, url)]
    return post(
        message.body,
        signature_headers(message, signed_by, runtime.wall.now()),
        url=url,
        allow_loopback=runtime.policies[ServiceAccountPolicy].callbacks_on_loopback,
        timeout_seconds=runtime.settings.webhook_timeout_seconds,
    )
