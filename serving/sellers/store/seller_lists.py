"""Allow, watch and deny lists of marketplaces: their entries, ended ones included."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select, update

from models.seller_lists import Entry, SellerList
from serving.platform.database.scope import inside
from serving.platform.database.store import add
from serving.sellers.tables import listed_seller


def put(connection: Connection, marketplace_id: str, entry_id: str, one: Entry) -> None:
    """Put a seller on a list, in place of an entry in force."""
    remove(connection, marketplace_id, one.seller, one.added_by, one.added_at)
    row = {
        "marketplace_id": marketplace_id,
        "entry_id": entry_id,
        "seller_external_id": one.seller,
        "list_name": one.which.value,
        "reason": one.reason,
        "added_by": one.added_by,
        "added_at": one.added_at,
        "expires_at": one.expires_at,
        "removed_at": None,
        "removed_by": None,
    }
    add(connection, listed_seller, [row])


def remove(connection: Connection, marketplace_id: str, seller: str, by: str, at: datetime) -> str | None:
    """End the entry of a seller; returns its id, None where there is none."""
    ended = (
        update(listed_seller)
        .where(inside(listed_seller, marketplace_id, seller_external_id=seller), listed_seller.c.removed_at.is_(None))
        .values(removed_at=at, removed_by=by)
        .returning(listed_seller.c.entry_id)
    )
    return connection.execute(ended).scalar()


def of_sellers(
    connection: Connection, marketplace_id: str, sellers: Collection[str], now: datetime
) -> dict[str, Entry]:
    """The entries in force of these sellers, by seller."""
    if not sellers:
        return {}
    found = _read(connection, [marketplace_id], now, listed_seller.c.seller_external_id.in_(sorted(sellers)))
    return {one.seller: one for _, one in found}


def in_force(
    connection: Connection, marketplaces: Collection[str], now: datetime, most: int
) -> list[tuple[str, Entry]]:
    """(marketplace, entry) of the entries in force, the newest first."""
    return _read(connection, marketplaces, now, most=most)


def _read(
    connection: Connection,
    marketplaces: Collection[str],
    now: datetime,
    *conditions: ColumnElement[bool],
    most: int | None = None,
) -> list[tuple[str, Entry]]:
    query = (
        select(listed_seller)
        .where(
            listed_seller.c.marketplace_id.in_(marketplaces),
            listed_seller.c.removed_at.is_(None),
            listed_seller.c.expires_at > now,
            *conditions,
        )
        .order_by(listed_seller.c.added_at.desc(), listed_seller.c.entry_id.desc())
        .limit(most)
    )
    return [
        (
            row.marketplace_id,
            Entry(
                row.seller_external_id,
                SellerList(row.list_name),
                row.reason,
                row.added_by,
                row.added_at,
                row.expires_at,
            ),
        )
        for row in connection.execute(query)
    ]
