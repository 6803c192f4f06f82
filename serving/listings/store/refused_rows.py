"""Rows refused at intake: counts by code, and the rows themselves, page by page."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, or_, select, update

from serving.listings.tables import quarantine
from serving.platform.database.erasing import count_rows
from serving.platform.database.row_reader import reader
from serving.platform.database.types import ERASED


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One row; `row_head` is its beginning, with escapes for characters that no database stores."""

    quarantine_id: str
    source: str
    code: str
    field: str
    sentence: str
    row_hash: str
    row_length: int
    row_head: str
    row_number: int
    known_at: datetime


def counts_by_code(connection: Connection, marketplace_id: str, since: datetime) -> dict[str, int]:
    """The number of rows refused since a moment, by code, most frequent first."""
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
    """Rows refused since a moment, latest first; only those with `code` and older than row `before`, where given."""
    query = select(quarantine).where(quarantine.c.marketplace_id == marketplace_id, quarantine.c.known_at >= since)
    if code is not None:
        query = query.where(quarantine.c.code == code)
    if before is not None:
        query = query.where(quarantine.c.quarantine_id < before)
    return reader(RefusedRow).all(connection, query.order_by(quarantine.c.quarantine_id.desc()).limit(most))


def count_naming(connection: Connection, marketplace_id: str, seller: str) -> int:
    """How many rows name a seller in their beginnings."""
    return count_rows(connection, quarantine, *_names_seller(marketplace_id, seller))


def erase_naming(connection: Connection, marketplace_id: str, seller: str) -> None:
    connection.execute(update(quarantine).where(*_names_seller(marketplace_id, seller)).values(row_head=ERASED))


def _names_seller(marketplace_id: str, seller: str) -> tuple[ColumnElement[bool], ...]:
    named = [
        quarantine.c.row_head.contains(json.dumps(seller, ensure_ascii=ascii_), autoescape=True)
        for ascii_ in (True, False)
    ]
    return quarantine.c.marketplace_id == marketplace_id, or_(*named)


def erase_beginnings(
    connection: Connection, marketplace_id: str, before: datetime, sellers: Collection[str], most: int
) -> int:
    """Erase the beginnings of rows refused by a moment; rows that may name a seller in `sellers` stay."""
    row = quarantine.c
    named = [row.row_head.contains(seller, autoescape=True) for seller in sellers]
    old = select(row.quarantine_id).where(
        row.marketplace_id == marketplace_id, row.known_at <= before, row.row_head != ERASED, *(~hit for hit in named)
    )
    gone = (
        update(quarantine)
        .where(row.marketplace_id == marketplace_id, row.quarantine_id.in_(old.limit(most)))
        .values(row_head=ERASED)
        .returning(row.quarantine_id)
    )
    return len(connection.execute(gone).all())
