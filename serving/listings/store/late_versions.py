"""Rows that came in after a newer row of their listing: kept as history, and part of the listing's prices in order."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, literal, select, union_all, update

from features.own_prices import NO_PRICES, OwnPrices
from serving.listings.tables import late_version, listing, listing_version
from serving.platform.database.scope import inside
from serving.platform.database.store import insert_or_ignore


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
    versions = select(
        listing_version.c.listing_id,
        listing_version.c.occurred_at,
        listing_version.c.known_at,
        listing_version.c.log_price,
        listing_version.c.version_id,
    ).where(listing_version.c.marketplace_id == marketplace_id, listing_version.c.listing_id.in_(current))
    late = select(
        late_version.c.listing_id,
        late_version.c.occurred_at,
        late_version.c.known_at,
        late_version.c.log_price,
        literal("").label("version_id"),
    ).where(late_version.c.marketplace_id == marketplace_id, late_version.c.listing_id.in_(current))
    series: dict[str, list[tuple[datetime, datetime, float | None]]] = {one: [] for one in current}
    for row in connection.execute(union_all(versions, late)):
        if row.version_id != current[row.listing_id]:
            series[row.listing_id].append((row.occurred_at, row.known_at, row.log_price))
    return {listing_id: _in_order(prices) for listing_id, prices in series.items()}


def _in_order(prices: list[tuple[datetime, datetime, float | None]]) -> OwnPrices:
    found = NO_PRICES
    for _, _, log_price in sorted(prices, key=lambda one: one[:2]):
        found = found.then(log_price)
    return found
