"""The listings that a notice may name, by the names it uses."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from serving.listings.tables import listing, listing_version
from serving.platform.database.scope import columns, inside, same


@dataclass(frozen=True, slots=True)
class IdentifiedListing:
    """A candidate listing: its ids, its current version, and its own address."""

    external_id: str
    listing_id: str
    version_id: str
    link: str | None


def listings_by_marketplace(connection: Connection, names: Collection[str]) -> dict[str, dict[str, IdentifiedListing]]:
    """The listings with these external ids by external id, for each marketplace that has one."""
    listings_by_place: dict[str, dict[str, IdentifiedListing]] = {}
    for row in connection.execute(_select_named(names)):
        known = IdentifiedListing(row.external_id, row.listing_id, row.version_id, row.content.get("link"))
        listings_by_place.setdefault(row.marketplace_id, {})[row.external_id] = known
    return listings_by_place


def listings_named(
    connection: Connection, marketplace_id: str, names: Collection[str], *, locked: bool = True
) -> dict[str, IdentifiedListing]:
    """The listings with these external ids, by external id; `locked` against changes and new cases."""
    query = _select_named(names).where(listing.c.marketplace_id == marketplace_id)
    query = query.with_for_update(of=listing) if locked else query
    return {
        row.external_id: IdentifiedListing(row.external_id, row.listing_id, row.version_id, row.content.get("link"))
        for row in connection.execute(query)
    }


def _select_named(names: Collection[str]) -> Select[Any]:
    return (
        select(
            *columns(listing, "marketplace_id", "external_id", "listing_id", "version_id"), listing_version.c.content
        )
        .join(listing_version, same(listing_version, listing, "version_id"))
        .where(listing.c.external_id.in_(sorted(names)))
        .order_by(listing.c.listing_id)
    )


def current_version(connection: Connection, marketplace_id: str, listing_id: str) -> str:
    """The current version of a listing; other transactions that would open a case on it wait."""
    query = select(listing.c.version_id).where(inside(listing, marketplace_id, listing_id=listing_id)).with_for_update()
    return str(connection.execute(query).scalar_one())
