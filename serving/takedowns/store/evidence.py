"""Evidence snapshots: written once, never changed, erasable part by part."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, select

from models.errors import require
from serving.audit.tables import audit_entry, audit_payload
from serving.platform.database.scope import inside
from serving.platform.database.store import add_at_end
from serving.takedowns.rules.evidence import Part, Snapshot, StoredPart
from serving.takedowns.tables import evidence, evidence_part

_AT_A_TIME = 200


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """A stored snapshot with its listing version, its case, and the subject of its audit entry."""

    marketplace_id: str
    evidence_id: str
    listing_id: str
    version_id: str
    case_id: str
    subject: str
    captured_at: datetime
    snapshot: Snapshot


def add_evidence(connection: Connection, taken: StoredSnapshot) -> None:
    """Store a new snapshot with its parts."""
    key = {"marketplace_id": taken.marketplace_id, "evidence_id": taken.evidence_id}
    row = {
        **key,
        "listing_id": taken.listing_id,
        "version_id": taken.version_id,
        "case_id": taken.case_id,
        "subject": taken.subject,
        "header": taken.snapshot.header,
        "digest": taken.snapshot.digest,
        "captured_at": taken.captured_at,
    }
    add_at_end(connection, evidence, [row])
    parts = [
        {**key, "part": part.part.value, "digest": part.digest, "salt": part.salt, "body": part.body}
        for part in taken.snapshot.parts
    ]
    add_at_end(connection, evidence_part, parts)


def of_listing(connection: Connection, marketplace_id: str, listing_id: str) -> list[StoredSnapshot]:
    """The snapshots of a listing, newest first."""
    query = (
        select(evidence)
        .where(inside(evidence, marketplace_id, listing_id=listing_id))
        .order_by(evidence.c.captured_at.desc(), evidence.c.evidence_id.desc())
    )
    return [_read_snapshot(connection, row) for row in connection.execute(query).all()]


def get(connection: Connection, marketplace_id: str, evidence_id: str) -> StoredSnapshot:
    """One snapshot. Raises NotFound (there is none in this marketplace)."""
    query = select(evidence).where(inside(evidence, marketplace_id, evidence_id=evidence_id))
    return _read_snapshot(connection, require(connection.execute(query).one_or_none(), "There is no such evidence."))


def all_snapshots(connection: Connection, marketplace_id: str, case_id: str | None) -> Iterator[StoredSnapshot]:
    """All snapshots of a marketplace, or of one case, oldest first, 200 in memory at a time."""
    after = ""
    while True:
        query = select(evidence).where(evidence.c.marketplace_id == marketplace_id, evidence.c.evidence_id > after)
        if case_id is not None:
            query = query.where(evidence.c.case_id == case_id)
        rows = connection.execute(query.order_by(evidence.c.evidence_id).limit(_AT_A_TIME)).all()
        for row in rows:
            yield _read_snapshot(connection, row)
        if len(rows) < _AT_A_TIME:
            return
        after = rows[-1].evidence_id


def vouched_digest(connection: Connection, taken: StoredSnapshot) -> str | None:
    """The snapshot's digest in the audit log; None where no entry of its subject names the snapshot."""
    query = (
        select(audit_payload.c.payload)
        .join(audit_entry, audit_entry.c.sequence == audit_payload.c.sequence)
        .where(audit_entry.c.subject == taken.subject)
        .order_by(audit_entry.c.sequence)
    )
    for text in connection.execute(query).scalars():
        named = json.loads(text).get("evidence")
        if isinstance(named, Mapping) and named.get("evidence_id") == taken.evidence_id:
            return str(named.get("digest"))
    return None


def _read_snapshot(connection: Connection, row: Row[tuple[object, ...]]) -> StoredSnapshot:
    of_snapshot = (evidence_part.c.marketplace_id == row.marketplace_id, evidence_part.c.evidence_id == row.evidence_id)
    rows_by_part = {
        part_row.part: part_row for part_row in connection.execute(select(evidence_part).where(*of_snapshot))
    }
    parts = tuple(
        StoredPart(part, rows_by_part[part].digest, rows_by_part[part].salt, rows_by_part[part].body)
        for part in Part
        if part in rows_by_part
    )
    return StoredSnapshot(
        row.marketplace_id,
        row.evidence_id,
        row.listing_id,
        row.version_id,
        row.case_id,
        row.subject,
        row.captured_at,
        Snapshot(row.header, parts, row.digest),
    )
