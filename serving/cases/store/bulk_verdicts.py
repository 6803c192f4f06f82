"""Bulk answers: their author, and the result of each case."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from models.errors import require
from models.verdict import Judgement
from serving.cases.rules.bulk_verdicts import BulkItemResult
from serving.cases.tables import bulk_item, bulk_verdict, review_case, verdict
from serving.listings.tables import listing, listing_version
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import inside
from serving.platform.database.store import add, insert_or_ignore


@dataclass(frozen=True, slots=True)
class StoredBulk:
    marketplace_id: str
    bulk_id: str
    user_id: str
    judgement: Judgement
    known_at: datetime


@dataclass(frozen=True, slots=True)
class StoredBulkItem:
    """One case of a bulk answer; `content` and `external_id` are None where the marketplace has no such case."""

    case_id: str
    version_id: str
    verdict_id: str | None
    outcome: BulkItemResult
    reason: str
    external_id: str | None
    content: Mapping[str, Any] | None
    undone: bool


def add_bulk(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Store an answer before its cases are decided; False where its id is already stored."""
    insertion = insert_or_ignore(connection, bulk_verdict).values(**row).returning(bulk_verdict.c.bulk_id)
    return connection.execute(insertion).first() is not None


def lock(connection: Connection, marketplace_id: str, bulk_id: str) -> frozenset[str]:
    """Lock this id until the transaction ends, so that other requests wait; returns the cases with a result."""
    bulk_query = select(bulk_verdict.c.bulk_id).where(inside(bulk_verdict, marketplace_id, bulk_id=bulk_id))
    connection.execute(bulk_query.with_for_update()).all()
    query = select(bulk_item.c.case_id).where(inside(bulk_item, marketplace_id, bulk_id=bulk_id))
    return frozenset(connection.execute(query).scalars())


def add_item(connection: Connection, row: Mapping[str, Any]) -> None:
    """Store the result of one case."""
    add(connection, bulk_item, [row])


def get(connection: Connection, bulk_id: str, user_id: str) -> StoredBulk:
    """A person's own bulk answer. Raises NotFound (the person has no bulk answer of this id)."""
    query = select(bulk_verdict).where(bulk_verdict.c.bulk_id == bulk_id, bulk_verdict.c.user_id == user_id)
    row = require(connection.execute(query).mappings().one_or_none(), "There is no such answer of yours.")
    return StoredBulk(row["marketplace_id"], bulk_id, user_id, Judgement(row["judgement"]), row["known_at"])


def items(connection: Connection, bulk: StoredBulk) -> list[StoredBulkItem]:
    """The results of all cases, in the order of decision."""
    later = verdict.alias("later")
    place, undone = bulk_item.c.marketplace_id, later.c.verdict_id.is_not(None).label("undone")
    query = (
        select(bulk_item, listing.c.external_id, listing_version.c.content, undone)
        .outerjoin(
            review_case, (review_case.c.marketplace_id == place) & (review_case.c.case_id == bulk_item.c.case_id)
        )
        .outerjoin(listing, (listing.c.marketplace_id == place) & (listing.c.listing_id == review_case.c.listing_id))
        .outerjoin(
            listing_version,
            (listing_version.c.marketplace_id == place) & (listing_version.c.version_id == bulk_item.c.version_id),
        )
        .outerjoin(later, (later.c.marketplace_id == place) & (later.c.supersedes_id == bulk_item.c.verdict_id))
        .where(place == bulk.marketplace_id, bulk_item.c.bulk_id == bulk.bulk_id)
        .order_by(bulk_item.c.number)
    )
    return reader(StoredBulkItem).all(connection, query)
