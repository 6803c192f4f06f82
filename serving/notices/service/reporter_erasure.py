"""Erasure of a reporter: name, address, texts and documents once no notice is open; counts and decisions stay."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from models.errors import require
from serving.audit.store import audit
from serving.mail.store import mails
from serving.marketplaces.store.marketplaces import Marketplace
from serving.notices.service.admission import email_token
from serving.notices.store import notice_documents, notice_texts, reporters
from serving.notices.store.reporters import Reporter
from serving.platform.runtime import Runtime

_MOST_AT_ONCE: Final = 50
NOT_ERASED: Final = (
    "The listings that were notified, their evidence and the decisions: they are no data of the reporter.",
    "Counts of notices by kind of reporter and reason, without a name.",
    "While a reporter is muted, the keyed hash of its address, which identifies the muted reporter.",
)


@dataclass(frozen=True, slots=True)
class ReporterErasure:
    """The data that is or would be erased; `waits` is true while a decision about the reporter is still open."""

    texts: int
    waits: bool
    carried_out: bool

    def shown(self) -> dict[str, Any]:
        """As JSON values."""
        return {"texts": self.texts, "waits": self.waits, "carried_out": self.carried_out, "kept": list(NOT_ERASED)}


def erase_reporter(
    runtime: Runtime, marketplace: Marketplace, who: str, *, carry_out: bool, by: str
) -> ReporterErasure:
    """Erase a reporter, named by its id or address; the sweep erases data that waits for a decision.

    Raises NotFound (there is no such reporter).
    """
    marketplace_id, now = marketplace.marketplace_id, runtime.clock.now()
    with runtime.store.write() as connection:
        reporter = _find_reporter(runtime, connection, marketplace_id, who)
        texts = notice_texts.words_of(connection, marketplace_id, reporter.reporter_id)
        waits = notice_texts.is_underway(connection, marketplace_id, reporter.reporter_id)
        if carry_out:
            if reporter.erasure_requested_at is None:
                reporters.change(connection, reporter, erasure_requested_at=now)
                _record_act(connection, reporter, "erasure_requested", by, now, {})
            if not waits and reporter.erased_at is None:
                erase_without_open(connection, reporter, by, now)
    return ReporterErasure(texts, waits, carry_out and not waits)


def finish_reporter_erasures(runtime: Runtime) -> int:
    """Erase reporters whose last notices are decided by now; returns how many."""
    now, done = runtime.clock.now(), 0
    with runtime.store.write() as connection:
        reporters.forget_ended_mutes(connection, now)
        for reporter in reporters.reporters_to_erase(connection, _MOST_AT_ONCE):
            if not notice_texts.is_underway(connection, reporter.marketplace_id, reporter.reporter_id):
                erase_without_open(connection, reporter, "sweep", now)
                done += 1
    return done


def _find_reporter(runtime: Runtime, connection: Connection, marketplace_id: str, who: str) -> Reporter:
    if "@" not in who:
        return reporters.get(connection, marketplace_id, who)
    return require(
        reporters.by_email_token(connection, marketplace_id, email_token(runtime, marketplace_id, who)),
        "There is no such reporter.",
    )


def erase_without_open(connection: Connection, reporter: Reporter, by: str, at: datetime) -> None:
    """Erase a reporter without open decisions; while it is muted, the hash of its address stays."""
    texts = notice_texts.erase_words(connection, reporter.marketplace_id, reporter.reporter_id)
    documents = notice_documents.erase_documents(connection, reporter.marketplace_id, reporter.reporter_id, at)
    if reporter.email is not None:
        mails.erase_address(connection, reporter.marketplace_id, reporter.email)
    gone: dict[str, Any] = {"name": None, "email": None, "secret_hash": None, "erased_at": at}
    if not reporter.is_muted(at):
        gone["email_token"] = None
    reporters.change(connection, reporter, **gone)
    _record_act(connection, reporter, "erased", by, at, {"texts": texts, "documents": documents})


def _record_act(
    connection: Connection, reporter: Reporter, what: str, by: str, at: datetime, payload: dict[str, Any]
) -> None:
    audit.record(connection, at, reporter.marketplace_id, by, f"reporter.{what}", reporter.reporter_id, **payload)
