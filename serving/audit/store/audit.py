"""The append-only audit log: one chain, its head locked in the transaction that adds to it."""

import json
import secrets
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, bindparam, delete, func, insert, select, update

from features.message import message
from serving.audit.rules.chain import (
    FOUNDED,
    GENESIS,
    RESTORE,
    RESTORED,
    SALT_BYTES,
    UNREADABLE,
    AuditEntry,
    ChainBreak,
    Head,
    Payload,
    canonical_json,
    next_entry,
    verify,
)
from serving.audit.tables import audit_entry, audit_head, audit_payload, erased_payload
from serving.platform.database.lists import chunks
from serving.platform.database.row_reader import reader, row_of
from serving.platform.database.scope import inside
from serving.platform.database.series import update_at_end, waiting_update
from serving.platform.database.store import add, add_at_end

_HEAD = 1
_LOCK_HEAD: Final = (
    select(audit_head.c.sequence, audit_head.c.entry_hash).where(audit_head.c.head_id == _HEAD).with_for_update()
)
_MOVE_HEAD: Final = (
    update(audit_head)
    .where(audit_head.c.head_id == _HEAD)
    .values(sequence=bindparam("new_sequence"), entry_hash=bindparam("new_hash"))
)


def entry_with_payload(row: RowMapping) -> tuple[AuditEntry, Payload | None]:
    """The entry of a row with its payload; None where that was erased."""
    text = row["payload"]
    return reader(AuditEntry).of(row), None if text is None else Payload(
        text.encode(), bytes.fromhex(row["salt"] or "")
    )


def record(
    connection: Connection, at: datetime, marketplace_id: str, actor: str, act: str, subject: str, /, **payload: object
) -> AuditEntry:
    """Add one entry with its payload.

    Two writers cannot fork the chain: the transaction locks the head row until it ends.
    """
    return record_all(connection, at, marketplace_id, actor, [(act, subject, payload)])[0]


def record_all(
    connection: Connection,
    at: datetime,
    marketplace_id: str,
    actor: str,
    acts: Sequence[tuple[str, str, Mapping[str, object]]],
) -> list[AuditEntry]:
    """Add entries of one moment and actor, each as (act, subject, payload), by as many statements as for one."""
    if not acts:
        return []
    previous, entries, payloads = lock(connection), list[AuditEntry](), []
    for act, subject, payload in acts:
        text = Payload(canonical_json(payload), secrets.token_bytes(SALT_BYTES))
        new_entry = next_entry(
            previous=previous,
            occurred_at=at,
            marketplace_id=marketplace_id,
            actor=actor,
            act=act,
            subject=subject,
            payload=text,
        )
        previous = new_entry.sequence, new_entry.entry_hash
        entries.append(new_entry)
        payloads.append({"sequence": new_entry.sequence, "payload": text.body.decode(), "salt": text.salt.hex()})
    add_at_end(connection, audit_entry, list(map(row_of, entries)))
    add_at_end(connection, audit_payload, payloads)
    update_at_end(connection, _MOVE_HEAD, {"new_sequence": previous[0], "new_hash": previous[1]})
    return entries


def head(connection: Connection) -> tuple[int, str]:
    """The end of the log: the number of its last entry and that entry's hash."""
    query = select(audit_head.c.sequence, audit_head.c.entry_hash).where(audit_head.c.head_id == _HEAD)
    head_row = connection.execute(query).one_or_none()
    return (0, GENESIS) if head_row is None else (int(head_row.sequence), str(head_row.entry_hash))


def check_chain(connection: Connection, heads: Iterable[Head] = ()) -> tuple[int, ChainBreak | None]:
    """The number of entries, and the first that does not fit the chain or the signed heads."""
    last = head(connection)
    return last[0], check_entries(connection, heads, last, lambda _sequence: None)


def check_entries(
    connection: Connection, heads: Iterable[Head], last: tuple[int, str], on_entry: Callable[[int], object]
) -> ChainBreak | None:
    """The first entry up to `last` that does not fit; `on_entry` hears the number of each entry that was read."""
    try:
        with closing(_entries(connection, at_a_time=1_000)) as entries:
            return verify(_with_progress(entries, on_entry), head=last, heads=heads)
    except ValueError:
        return ChainBreak(_readable_entry_count(connection) + 1, message(UNREADABLE))


def _with_progress(
    entries: Iterable[tuple[AuditEntry, Payload | None]], on_entry: Callable[[int], object]
) -> Iterator[tuple[AuditEntry, Payload | None]]:
    for entry_and_payload in entries:
        on_entry(entry_and_payload[0].sequence)
        yield entry_and_payload


def count_of(connection: Connection, marketplace_id: str, act: str, *, since: datetime, until: datetime) -> int:
    """How many entries have this act in [since, until)."""
    query = select(func.count()).where(
        inside(audit_entry, marketplace_id, act=act),
        audit_entry.c.occurred_at >= since,
        audit_entry.c.occurred_at < until,
    )
    return int(connection.execute(query).scalar_one())


@dataclass(frozen=True, slots=True)
class DisplayedEntry:
    """One entry for display; `payload` is empty where it was erased."""

    at: datetime
    actor: str
    act: str
    payload: Mapping[str, Any]
    sequence: int


def of_subject(connection: Connection, marketplaces: Collection[str], subject: str, most: int) -> list[DisplayedEntry]:
    """The entries about a subject in these marketplaces, the latest first; "" stands for entries without a
    marketplace."""
    rows = connection.execute(
        select(audit_entry, audit_payload.c.payload)
        .outerjoin(audit_payload, audit_payload.c.sequence == audit_entry.c.sequence)
        .where(audit_entry.c.subject == subject, audit_entry.c.marketplace_id.in_(marketplaces))
        .order_by(audit_entry.c.sequence.desc())
        .limit(most)
    )
    return [
        DisplayedEntry(
            row.occurred_at, row.actor, row.act, json.loads(row.payload) if row.payload else {}, row.sequence
        )
        for row in rows
    ]


def entries_of(connection: Connection, *acts: str) -> list[DisplayedEntry]:
    """The entries with these acts of the service itself, oldest first; their payloads are never erased."""
    query = (
        select(audit_entry, audit_payload.c.payload)
        .outerjoin(audit_payload, audit_payload.c.sequence == audit_entry.c.sequence)
        .where(audit_entry.c.act.in_(acts))
        .order_by(audit_entry.c.sequence)
    )
    return [
        DisplayedEntry(
            row.occurred_at, row.actor, row.act, json.loads(row.payload) if row.payload else {}, row.sequence
        )
        for row in connection.execute(query)
    ]


def provisioning_key(connection: Connection) -> str | None:
    """The public key of the data directory in which the first marketplace was created; None before."""
    founded = entries_of(connection, FOUNDED)
    return founded[0].payload.get("public_key") if founded else None


def hash_of(connection: Connection, sequence: int) -> str:
    """The hash of an entry; of entry 0 the one that the log begins with, empty where there is no such entry."""
    if sequence == 0:
        return GENESIS
    query = select(audit_entry.c.entry_hash).where(audit_entry.c.sequence == sequence)
    return str(connection.execute(query).scalar() or "")


def restore_count(connection: Connection) -> int:
    """How many times a backup was restored."""
    query = select(func.count()).where(audit_entry.c.subject == RESTORE, audit_entry.c.act == RESTORED)
    return int(connection.execute(query).scalar_one())


def time_of_next_entry(connection: Connection, sequence: int) -> datetime | None:
    """The time of the entry after one; None where there is none."""
    query = select(audit_entry.c.occurred_at).where(audit_entry.c.sequence > sequence)
    moment: datetime | None = connection.execute(query.order_by(audit_entry.c.sequence).limit(1)).scalar()
    return moment


def erased_count(connection: Connection) -> int:
    """How many payloads were erased."""
    return int(connection.execute(select(func.count()).select_from(erased_payload)).scalar_one())


def erase_payloads(connection: Connection, erasure_id: str, sequences: Sequence[int]) -> None:
    """Delete payloads from the log; an entry of the log will name them under this erasure."""
    add(connection, erased_payload, [{"sequence": sequence, "erasure_id": erasure_id} for sequence in sequences])
    for chunk in chunks(sequences):
        connection.execute(delete(audit_payload).where(audit_payload.c.sequence.in_(chunk)))


def hashes_after(connection: Connection, sequence: int) -> list[tuple[str, str]]:
    """(previous hash, own hash) of every entry after one, in order."""
    query = (
        select(audit_entry.c.previous_hash, audit_entry.c.entry_hash)
        .where(audit_entry.c.sequence > sequence)
        .order_by(audit_entry.c.sequence)
    )
    return [(row.previous_hash, row.entry_hash) for row in connection.execute(query)]


def lock(connection: Connection) -> tuple[int, str]:
    """Lock the head of the log, as (sequence, hash), until the transaction ends; every other decision waits for it."""
    moved = waiting_update(connection, _MOVE_HEAD)
    if moved is not None:
        return moved["new_sequence"], moved["new_hash"]
    head_row = connection.execute(_LOCK_HEAD).one_or_none()
    if head_row is None:
        connection.execute(insert(audit_head).values(head_id=_HEAD, sequence=0, entry_hash=GENESIS))
        return 0, GENESIS
    return head_row.sequence, head_row.entry_hash


def _readable_entry_count(connection: Connection) -> int:
    """How many entries can be read before the first unreadable one, for example one with an invalid time."""
    entry_count = 0
    try:
        for _ in _entries(connection, at_a_time=1):
            entry_count += 1
    except ValueError:
        pass
    return entry_count


def _entries(connection: Connection, *, at_a_time: int) -> Generator[tuple[AuditEntry, Payload | None], None, None]:
    query = (
        select(audit_entry, audit_payload.c.payload, audit_payload.c.salt)
        .outerjoin(audit_payload, audit_payload.c.sequence == audit_entry.c.sequence)
        .order_by(audit_entry.c.sequence)
    )
    # Closed even if the read stops at a bad entry: PostgreSQL keeps a cursor open for it.
    with connection.execution_options(yield_per=at_a_time).execute(query) as rows:
        yield from map(entry_with_payload, rows.mappings())
