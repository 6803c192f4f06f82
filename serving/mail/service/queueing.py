"""Queueing of mails in the transaction of what they tell of, with the durable job that sends them."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection

from serving.accounts.store import people
from serving.mail.rules.kinds import OFFERED, MailKind, MailState, is_optional, message_id
from serving.mail.store import choices, mails
from serving.marketplaces.store import marketplaces
from serving.platform import jobs
from serving.platform.languages import Language
from serving.platform.public_address import public_address
from serving.platform.runtime import Runtime
from serving.platform.sealing import Sealer

PREFIX = "mai"


def domain_of(runtime: Runtime) -> str:
    """The host name under which people reach the service."""
    host = urlsplit(public_address(runtime.settings, runtime.home)).hostname or "localhost"
    return "localhost" if ":" in host else host


def queue_to_accounts(
    runtime: Runtime,
    connection: Connection,
    kind: MailKind,
    user_ids: Iterable[str],
    parameters: Mapping[str, Any],
    *,
    subject_id: str | None = None,
    secret_path: str | None = None,
) -> int:
    """A mail to each of these people who has not turned the kind off; returns how many.

    `secret_path` is the path of a link that opens an account: it is sealed, and erased once the mail has left.
    """
    recipients = set(user_ids)
    if is_optional(kind):
        recipients -= choices.people_refusing(connection, kind, recipients)
    for user_id in sorted(recipients):
        row = {"user_id": user_id, "subject_id": subject_id, "parameters": dict(parameters)}
        _queue_mail(runtime, connection, kind, row, secret_path)
    return len(recipients)


def queue_to_roles(
    runtime: Runtime,
    connection: Connection,
    kind: MailKind,
    marketplace_id: str,
    parameters: Mapping[str, Any],
    *,
    subject_id: str | None = None,
) -> int:
    """A mail to everybody at a marketplace whose role is offered the kind; the marketplace's name is added."""
    roles = [role for role, kinds in OFFERED.items() if kind in kinds]
    user_ids = [user_id for role in roles for user_id in people.with_role(connection, marketplace_id, role)]
    parameters = {"marketplace": marketplaces.get(connection, marketplace_id).name, **parameters}
    return queue_to_accounts(runtime, connection, kind, user_ids, parameters, subject_id=subject_id)


def queue_to_address(
    runtime: Runtime,
    connection: Connection,
    kind: MailKind,
    *,
    marketplace_id: str,
    address: str,
    language: Language,
    parameters: Mapping[str, Any],
    subject_id: str,
    secret_path: str | None = None,
    wait: timedelta = timedelta(0),
) -> None:
    """A mail to somebody without an account; it leaves after a wait."""
    row = {
        "marketplace_id": marketplace_id,
        "address": address,
        "language": language,
        "subject_id": subject_id,
        "parameters": dict(parameters),
    }
    _queue_mail(runtime, connection, kind, row, secret_path, wait)


def queue_summary(
    runtime: Runtime, connection: Connection, kind: MailKind, user_ids: Iterable[str], summary_entry: Mapping[str, Any]
) -> None:
    """Tell these people of something in their next summary of a kind.

    An entry has the marketplace and brand (`marketplace_id`, `marketplace`, `brand_id`, `brand`), a number `n`, the
    first deadline `due`, and the person `by` where it is about one. It joins the summary that waits, if any.
    """
    recipients = set(user_ids)
    for user_id in sorted(recipients - choices.people_refusing(connection, kind, recipients)):
        waiting = mails.waiting_summary(connection, user_id, kind)
        before = [] if waiting is None else waiting.parameters["entries"]
        parameters = {"entries": _with_entry(before, dict(summary_entry))}
        if waiting is None or not mails.replace_content(connection, waiting, parameters):
            _queue_mail(
                runtime, connection, kind, {"user_id": user_id, "parameters": {"entries": [dict(summary_entry)]}}, None
            )


def _with_entry(entries: list[dict[str, Any]], new: dict[str, Any]) -> list[dict[str, Any]]:
    """The entries with one more: those of one brand at one marketplace, and of one person, are one."""

    def brand_of(group: Mapping[str, Any]) -> tuple[Any, ...]:
        return group["marketplace_id"], group["brand_id"], group.get("by")

    same = [group for group in entries if brand_of(group) == brand_of(new)]
    others = [group for group in entries if brand_of(group) != brand_of(new)]
    merged = {**new, "n": sum(group["n"] for group in [*same, new]), "due": min(group["due"] for group in [*same, new])}
    return [*others, merged]


def _queue_mail(
    runtime: Runtime,
    connection: Connection,
    kind: MailKind,
    row: Mapping[str, Any],
    secret_path: str | None,
    wait: timedelta = timedelta(0),
) -> None:
    now, mail_id = runtime.clock.now(), runtime.ids.new(PREFIX)
    stored = {
        "marketplace_id": None,
        "user_id": None,
        "address": None,
        "language": None,
        "subject_id": None,
        **row,
        "mail_id": mail_id,
        "kind": kind.value,
        "secret_link": None if secret_path is None else runtime.services[Sealer].seal(secret_path),
        "message_id": message_id(mail_id, domain_of(runtime)),
        "state": MailState.QUEUED.value,
        "attempts": 0,
        "due_at": now + wait,
        "queued_at": now,
    }
    mails.add_mail(connection, stored)
    enqueue(runtime, connection, mail_id, now + wait)


def enqueue(runtime: Runtime, connection: Connection, mail_id: str, due_at: datetime) -> None:
    """Add the job of a mail's next attempt, where a server sends mails and the delay can be kept in real time.

    Otherwise the sweep starts the attempt when it is due.
    """
    delay = runtime.real_delay_seconds(due_at)
    if runtime.settings.smtp_host and delay is not None:
        enqueue_now(runtime, connection, mail_id, due_at, delay_seconds=delay)


def enqueue_now(
    runtime: Runtime, connection: Connection, mail_id: str, due_at: datetime, *, delay_seconds: float | None = None
) -> None:
    """Add the job of a mail's next attempt. Each attempt has one job, from any caller."""
    job_id = f"mail:{mail_id}:{due_at.timestamp():.3f}"
    runtime.jobs.enqueue(connection, jobs.SEND_MAIL, jobs.MAILS, job_id, "", mail_id, delay_seconds=delay_seconds)
