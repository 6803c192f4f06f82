"""Reads of the audit log: its lines by actor, act, subject and time; and the check of a range of the chain."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select

from features.message import message
from serving.audit.rules.chain import GENESIS, AuditEntry, ChainBreak, Head, verify
from serving.audit.store.audit import entry_with_payload
from serving.audit.tables import audit_entry, audit_head, audit_payload, erased_payload
from serving.platform.database.row_reader import reader

# A search by actor or act scans the log itself; this many of its newest entries take a tenth of a second.
SEARCHED: Final = 200_000


@dataclass(frozen=True, slots=True)
class LineFilter:
    """A filter of the lines of one marketplace; None does not filter. `act` is the beginning of an act's name."""

    marketplace_id: str
    actor: str | None = None
    act: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with its payload; None where that was erased."""

    audit_entry: AuditEntry
    payload: str | None


def lines(connection: Connection, line_filter: LineFilter, *, before: int | None, most: int) -> list[Line]:
    """The lines that match, newest first, older than the entry `before` if it is given."""
    query = _matching_entries(connection, line_filter).order_by(audit_entry.c.sequence.desc()).limit(most)
    if before is not None:
        query = query.where(audit_entry.c.sequence < before)
    return [Line(reader(AuditEntry).of(row), row["payload"]) for row in connection.execute(query).mappings()]


def _matching_entries(connection: Connection, line_filter: LineFilter) -> Select[Any]:
    query = (
        select(audit_entry, audit_payload.c.payload)
        .outerjoin(audit_payload, audit_payload.c.sequence == audit_entry.c.sequence)
        .where(audit_entry.c.marketplace_id == line_filter.marketplace_id)
    )
    if line_filter.subject is not None:
        query = query.where(audit_entry.c.subject == line_filter.subject)
    else:
        newest = connection.execute(select(func.max(audit_entry.c.sequence))).scalar() or 0
        query = query.where(audit_entry.c.sequence > newest - SEARCHED)
    if line_filter.actor is not None:
        query = query.where(audit_entry.c.actor == line_filter.actor)
    if line_filter.act is not None:
        query = query.where(audit_entry.c.act.startswith(line_filter.act, autoescape=True))
    if line_filter.since is not None:
        query = query.where(audit_entry.c.occurred_at >= line_filter.since)
    if line_filter.until is not None:
        query = query.where(audit_entry.c.occurred_at < line_filter.until)
    return query


def check_range(connection: Connection, after: int, upto: int) -> ChainBreak | None:
    """The first of the entries after one, up to another, that does not fit; None where the chain holds.

    The check of the range before it covers the entry `after` itself.
    """
    query = (
        select(audit_entry, audit_payload.c.payload, audit_payload.c.salt)
        .outerjoin(audit_payload, audit_payload.c.sequence == audit_entry.c.sequence)
        .where(audit_entry.c.sequence > after, audit_entry.c.sequence <= upto)
        .order_by(audit_entry.c.sequence)
    )
    named = select(erased_payload.c.sequence).where(
        erased_payload.c.sequence > after, erased_payload.c.sequence <= upto
    )
    try:
        entries = [entry_with_payload(row) for row in connection.execute(query).mappings()]
    except ValueError:
        return ChainBreak(after + 1, message("audit.unreadable"))
    return verify(
        entries,
        head=(upto, _hash_of(connection, upto)),
        after=(after, _hash_of(connection, after)),
        erased=set(connection.execute(named).scalars()),
    )


def changed_since_signing(connection: Connection, head: Head) -> ChainBreak | None:
    """The entry at a signed head, if it has changed since; else None."""
    own = select(audit_entry.c.entry_hash).where(audit_entry.c.sequence == head.sequence)
    if connection.execute(own).scalar() == head.entry_hash:
        return None
    return ChainBreak(head.sequence, message("audit.not_as_signed"))


def _hash_of(connection: Connection, sequence: int) -> str:
    """The hash of an entry; for the last entry the hash in the head, which the log must end with."""
    if sequence == 0:
        return GENESIS
    last = select(audit_head.c.entry_hash).where(audit_head.c.sequence == sequence)
    own = select(audit_entry.c.entry_hash).where(audit_entry.c.sequence == sequence)
    return str(connection.execute(last).scalar() or connection.execute(own).scalar() or "")
