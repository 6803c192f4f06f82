"""Rows that came in after a newer row of their listing: kept as history, and part of the listing's prices in order."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from features.own_prices import NO_PRICES, OwnPrices
from serving.listings.tables import late_version, listing, listing_version
from serving.platform.database.scope import inside
from serving.platform.database.store import insert_or_ignore

Price = tuple[datetime, float | None]  # When it held, and its logarithm in the base currency where it is known.


def add_late_versions(connection: Connection, marketplace_id: str, rows: Sequence[dict[str, Any]]) -> None:
    """Store rows of known listings; a row that is stored already, as a version or as late, is not stored again."""
    named = {row["listing_id"] for row in rows}
    query = select(listing_version.c.listing_id, listing_version.c.content_hash, listing_version.c.occurred_at).where(
        listing_version.c.marketplace_id == marketplace_id, listing_version.c.listing_id.in_(named)
    )
    versions = {tuple(row) for row in connection.execute(query)} if rows else set()
    new = [row for row in rows if (row["listing_id"], row["content_hash"], row["occurred_at"]) not in versions]
    if new:
        connection.execute(insert_or_ignore(connection, late_version), new)
        late = inside(listing, marketplace_id) & listing.c.listing_id.in_({row["listing_id"] for row in new})
        connection.execute(update(listing).where(late).values(has_late=True))


def with_late_prices(connection: Connection, marketplace_id: str, current: Mapping[str, str]) -> dict[str, OwnPrices]:
    """The prices of listings before their current versions, late ones at the moments at which they held.

    `current` has the version of each listing.
    """
    if not current:
        return {}
    query = (
        select(
            listing_version.c.listing_id,
            listing_version.c.version_id,
            listing_version.c.occurred_at,
            listing_version.c.log_price,
        )
        .where(listing_version.c.marketplace_id == marketplace_id, listing_version.c.listing_id.in_(current))
        .order_by(listing_version.c.number)
    )
    versions: dict[str, list[Price]] = {one: [] for one in current}
    for row in connection.execute(query):
        if row.version_id != current[row.listing_id]:
            versions[row.listing_id].append((row.occurred_at, row.log_price))
    late = _late_prices(connection, marketplace_id, current)
    return {one: prices_in_order(found, late.get(one, ())) for one, found in versions.items()}


def _late_prices(connection: Connection, marketplace_id: str, listing_ids: Collection[str]) -> dict[str, list[Price]]:
    query = (
        select(late_version.c.listing_id, late_version.c.occurred_at, late_version.c.log_price)
        .where(late_version.c.marketplace_id == marketplace_id, late_version.c.listing_id.in_(listing_ids))
        .order_by(late_version.c.occurred_at, late_version.c.late_version_id)
    )
    found: dict[str, list[Price]] = {}
    for row in connection.execute(query):
        found.setdefault(row.listing_id, []).append((row.occurred_at, row.log_price))
    return found


def prices_in_order(versions: Sequence[Price], late: Sequence[Price]) -> OwnPrices:
    """Prices of versions in the order of their numbers, with those of late rows where they belong by time."""
    found, waiting = NO_PRICES, list(late)
    for occurred_at, log_price in versions:
        while waiting and waiting[0][0] < occurred_at:
            found = found.then(waiting.pop(0)[1])
        found = found.then(log_price)
    for _, log_price in waiting:
        found = found.then(log_price)
    return found
