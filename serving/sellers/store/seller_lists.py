"""Allow, watch and deny lists of marketplaces: their entries, ended ones included."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, update

from models.seller_lists import SellerList, SellerListEntry
from serving.platform.database.fast.door import KeyedQuery
from serving.platform.database.scope import inside
from serving.platform.database.store import add
from serving.sellers.tables import listed_seller

# Built once, because every score asks.
_IN_FORCE: Final = (
    select(listed_seller)
    .where(
        listed_seller.c.marketplace_id.in_(bindparam("places", expanding=True)),
        listed_seller.c.removed_at.is_(None),
        listed_seller.c.expires_at > bindparam("now"),
    )
    .order_by(listed_seller.c.added_at.desc(), listed_seller.c.entry_id.desc())
)
_OF_SELLERS: Final = KeyedQuery(
    _IN_FORCE.where(listed_seller.c.seller_external_id.in_(bindparam("sellers", expanding=True))), "places", "sellers"
)


def set_entry(connection: Connection, marketplace_id: str, entry_id: str, list_entry: SellerListEntry) -> None:
    """Put a seller on a list, in place of an entry in force."""
    end_entry(connection, marketplace_id, list_entry.seller, list_entry.added_by, list_entry.added_at)
    row = {
        "marketplace_id": marketplace_id,
        "entry_id": entry_id,
        "seller_external_id": list_entry.seller,
        "list_name": list_entry.which.value,
        "reason": list_entry.reason,
        "added_by": list_entry.added_by,
        "added_at": list_entry.added_at,
        "expires_at": list_entry.expires_at,
        "removed_at": None,
        "removed_by": None,
    }
    add(connection, listed_seller, [row])


def end_entry(connection: Connection, marketplace_id: str, seller: str, by: str, at: datetime) -> str | None:
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
) -> dict[str, SellerListEntry]:
    """The entries in force of these sellers, by seller."""
    if not sellers:
        return {}
    parameters = {"places": [marketplace_id], "now": now, "sellers": sorted(sellers)}
    return {
        list_entry.seller: list_entry for _, list_entry, _ in _read_entries(_OF_SELLERS.rows(connection, parameters))
    }


def entries_in_force(
    connection: Connection, marketplaces: Collection[str], now: datetime, most: int
) -> list[tuple[str, SellerListEntry, str]]:
    """(marketplace, entry, its id) of the entries in force, the newest first."""
    return _read_entries(connection.execute(_IN_FORCE.limit(most), {"places": list(marketplaces), "now": now}))


def _read_entries(rows: Iterable[Any]) -> list[tuple[str, SellerListEntry, str]]:
    return [
        (
            row.marketplace_id,
            SellerListEntry(
                row.seller_external_id,
                SellerList(row.list_name),
                row.reason,
                row.added_by,
                row.added_at,
                row.expires_at,
            ),
            row.entry_id,
        )
        for row in rows
    ]
