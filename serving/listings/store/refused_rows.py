"""Rows that the door refused, to look at: how many by code, and the rows themselves a page at a time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from serving.listings.tables import quarantine


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One row; `row_head` is its beginning, with escapes for what no database holds."""

    quarantine_id: str
    source: str
    code: str
    field: str
    sentence: str
    row_hash: str
    row_length: int
    row_head: str
    known_at: datetime


def by_code(connection: Connection, marketplace_id: str, since: datetime) -> dict[str, int]:
    """How many rows were refused since a moment, by code, the most frequent first."""
    query = (
        select(quarantine.c.code, func.count().label("n"))
        .where(quarantine.c.marketplace_id == marketplace_id, quarantine.c.known_at >= since)
        .group_by(quarantine.c.code)
        .order_by(func.count().desc(), quarantine.c.code)
    )
    return {row.code: row.n for row in connection.execute(query)}


def page(
    connection: Connection, marketplace_id: str, *, since: datetime, code: str | None, before: str | None, most: int
) -> list[RefusedRow]:
    """Rows refused since a moment, the latest first, of one code and older than one row if these are given."""
    query = select(quarantine).where(quarantine.c.marketplace_id == marketplace_id, quarantine.c.known_at >= since)
    if code is not None:
        query = query.where(quarantine.c.code == code)
    if before is not None:
        query = query.where(quarantine.c.quarantine_id < before)
    query = query.order_by(quarantine.c.quarantine_id.desc()).limit(most)
    return [
        RefusedRow(**{name: row[name] for name in RefusedRow.__slots__}) for row in connection.execute(query).mappings()
    ]
