"""Rows that came in after a newer row of their listing: kept as history, and part of the listing's prices in order."""

from bisect import insort
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, select, update

from features.history import NO_PRICES, OwnPrices
from serving.listings.tables import late_version, listing, listing_version
from serving.platform.database.scope import columns, inside
from serving.platform.database.store import add_or_ignore

Price = tuple[datetime, float | None]  # When it held, and its logarithm in the base currency where it is known.


def add_late_versions(connection: Connection, marketplace_id: str, rows: Sequence[dict[str, Any]]) -> None:
    """Store rows of known listings; a row that is stored already, as a version or as late, is not stored again."""
    if not rows:
        return
    named = {row["listing_id"] for row in rows}
    query = select(listing_version.c.listing_id, listing_version.c.content_hash, listing_version.c.occurred_at).where(
        listing_version.c.marketplace_id == marketplace_id, listing_version.c.listing_id.in_(named)
    )
    versions = {tuple(row) for row in connection.execute(query)}
    new = [row for row in rows if (row["listing_id"], row["content_hash"], row["occurred_at"]) not in versions]
    if new:
        add_or_ignore(connection, late_version, new)
        late = inside(listing, marketplace_id) & listing.c.listing_id.in_({row["listing_id"] for row in new})
        connection.execute(update(listing).where(late).values(has_late=True))


@dataclass(slots=True)
class PriceHistory:
    """The prices of one listing's versions, in the order of their numbers, and of its late rows, in that of time."""

    versions: list[Price] = field(default_factory=list)
    late: list[Price] = field(default_factory=list)
    _stored_versions: set[tuple[str, datetime]] = field(default_factory=set)
    _stored_late: set[tuple[str, str, datetime]] = field(default_factory=set)

    def add_version(self, content_hash: str, occurred_at: datetime, log_price: float | None) -> None:
        self.versions.append((occurred_at, log_price))
        self._stored_versions.add((content_hash, occurred_at))

    def add_late(self, content_hash: str, observed_hash: str, occurred_at: datetime, log_price: float | None) -> bool:
        """Add a late row; False where it is stored already, as a version or as late."""
        if (content_hash, occurred_at) in self._stored_versions:
            return False
        if (content_hash, observed_hash, occurred_at) in self._stored_late:
            return False
        insort(self.late, (occurred_at, log_price), key=itemgetter(0))
        self._stored_late.add((content_hash, observed_hash, occurred_at))
        return True

    def so_far(self) -> OwnPrices:
        """All prices, with those of late rows."""
        return prices_in_order(self.versions, self.late)

    def before_the_last(self) -> OwnPrices:
        """The prices before the last version, with those of late rows."""
        return prices_in_order(self.versions[:-1], self.late)


def price_histories(
    connection: Connection, marketplace_id: str, listing_ids: Collection[str]
) -> dict[str, PriceHistory]:
    histories = {listing_id: PriceHistory() for listing_id in listing_ids}
    if not histories:
        return histories
    versions = (
        select(*columns(listing_version, "listing_id", "content_hash", "occurred_at", "log_price"))
        .where(listing_version.c.marketplace_id == marketplace_id, listing_version.c.listing_id.in_(histories))
        .order_by(listing_version.c.number)
    )
    for listing_id, *version in connection.execute(versions):
        histories[listing_id].add_version(*version)
    late = (
        select(*columns(late_version, "listing_id", "content_hash", "observed_hash", "occurred_at", "log_price"))
        .where(late_version.c.marketplace_id == marketplace_id, late_version.c.listing_id.in_(histories))
        .order_by(late_version.c.occurred_at, late_version.c.late_version_id)
    )
    for listing_id, *row in connection.execute(late):
        histories[listing_id].add_late(*row)
    return histories


def prices_in_order(versions: Sequence[Price], late: Sequence[Price]) -> OwnPrices:
    """Prices of versions in the order of their numbers, with those of late rows where they belong by time."""
    prices, waiting = NO_PRICES, list(late)
    for occurred_at, log_price in versions:
        while waiting and waiting[0][0] < occurred_at:
            prices = prices.then(waiting.pop(0)[1])
        prices = prices.then(log_price)
    for _, log_price in waiting:
        prices = prices.then(log_price)
    return prices
