"""Golden sets: inserted and read; the database itself refuses changes. And the models that may be champion next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from models.errors import Invalid
from serving.learning.tables import golden_set, model
from serving.platform.database.row_reader import reader
from serving.platform.database.store import add
from training.gates.golden import GoldenSet, parse_golden
from training.snapshots.snapshot import SnapshotRefused


@dataclass(frozen=True, slots=True)
class StoredSet:
    """A golden set as stored; its digest covers `content`."""

    digest: str
    items: int
    positives: int
    content: bytes
    frozen_by: str
    frozen_at: datetime


def add_set(connection: Connection, row: Mapping[str, Any]) -> None:
    """Insert a set that was just frozen."""
    add(connection, golden_set, [row])


def in_force(connection: Connection, marketplace_id: str, as_of: datetime) -> StoredSet | None:
    """The latest set frozen by a moment."""
    query = (
        select(golden_set)
        .where(golden_set.c.marketplace_id == marketplace_id, golden_set.c.frozen_at <= as_of)
        .order_by(golden_set.c.frozen_at.desc(), golden_set.c.golden_set_id.desc())
        .limit(1)
    )
    return reader(StoredSet).single(connection, query)


def golden_set_of(connection: Connection, marketplace_id: str, as_of: datetime) -> GoldenSet | None:
    """The set in force at a moment, checked against its digest.

    Raises Invalid (the stored set does not match its digest).
    """
    stored = in_force(connection, marketplace_id, as_of)
    if stored is None:
        return None
    try:
        return parse_golden(stored.content, stored.digest)
    except SnapshotRefused as refused:
        raise Invalid(str(refused)) from None


def newest_models(connection: Connection) -> set[str]:
    """The digest of the newest model of each marketplace."""
    query = select(model.c.marketplace_id, model.c.digest).order_by(model.c.created_at)
    return set({row.marketplace_id: row.digest for row in connection.execute(query)}.values())
