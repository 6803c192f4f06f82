"""Listings, their kept versions and their observations."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, or_, select, update

from features.history import OwnPrices
from models.errors import require
from serving.listings.store import late_versions
from serving.listings.store.late_versions import PriceHistory
from serving.listings.tables import listing, listing_version, observation, quarantine, seller, text_signature
from serving.platform.database.fast.door import KeyedQuery
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import HERE, columns, inside, same
from serving.platform.database.store import add, add_or_ignore


@dataclass(frozen=True, slots=True)
class LatestState:
    """The state to compare a listing's next row with. `earlier_prices` are those of earlier versions.

    `prices` are all, where late rows may belong between them; otherwise None.
    """

    listing_id: str
    external_id: str
    version_id: str
    version: int
    content_hash: str
    observed_hash: str
    log_price: float | None
    previous_log_price: float | None
    earlier_prices: OwnPrices
    draw: float
    first_known_at: datetime
    occurred_at: datetime
    has_late: bool
    prices: OwnPrices | None = None

    def with_late(self, price_history: PriceHistory) -> "LatestState":
        """The same with the prices of late rows where they belong by time."""
        return replace(self, earlier_prices=price_history.before_the_last(), prices=price_history.so_far())


def latest_of_brand(connection: Connection, pair: tuple[str, str], most: int) -> list[tuple[str, Mapping[str, Any]]]:
    """(external id, content) of the current versions of a brand's listings at a marketplace, newest first."""
    query = (
        select(listing.c.external_id, listing_version.c.content)
        .join(listing, same(listing, listing_version, "version_id"))
        .where(inside(listing_version, pair[0], brand_id=pair[1]))
        .order_by(listing_version.c.known_at.desc(), listing_version.c.version_id)
        .limit(most)
    )
    return [(row.external_id, row.content) for row in connection.execute(query)]


def counts_by_seller(connection: Connection, pair: tuple[str, str], sellers: Collection[str]) -> dict[str, int]:
    """How many current listings of a brand each of these sellers has; a seller without one is left out.

    `pair` is (marketplace, brand).
    """
    if not sellers:
        return {}
    query = (
        select(listing.c.seller_external_id, func.count().label("n"))
        .join(listing_version, same(listing_version, listing, "version_id"))
        .where(
            listing.c.marketplace_id == pair[0],
            listing.c.seller_external_id.in_(set(sellers)),
            listing_version.c.brand_id == pair[1],
        )
        .group_by(listing.c.seller_external_id)
    )
    return {row.seller_external_id: row.n for row in connection.execute(query)}


# Built once, because every row of an intake asks.
_LATEST_OF: Final = (
    select(
        *columns(listing, "listing_id", "external_id", "version_id", "version", "content_hash", "observed_hash"),
        *columns(listing_version, "log_price", "previous_log_price", "earlier_prices", "draw"),
        *columns(listing, "first_known_at", "occurred_at", "has_late"),
    )
    .join(listing_version, same(listing_version, listing, "version_id"))
    .where(inside(listing, HERE), listing.c.external_id.in_(bindparam("external_ids", expanding=True)))
)
_LATEST: Final = KeyedQuery(_LATEST_OF, "external_ids")
_LATEST_LOCKED: Final = KeyedQuery(_LATEST_OF.with_for_update(of=listing), "external_ids")


def latest_states(
    connection: Connection, marketplace_id: str, external_ids: Sequence[str], *, lock: bool = False
) -> dict[str, LatestState]:
    """The latest version of each known listing, by external id; with `lock`, locked against other writers."""
    query = _LATEST_LOCKED if lock else _LATEST
    if not external_ids:
        return {}
    parameters = {"here": marketplace_id, "external_ids": sorted(set(external_ids))}
    latest_versions = {
        row.external_id: LatestState(**{**row._asdict(), "earlier_prices": OwnPrices(**row.earlier_prices)})
        for row in query.rows(connection, parameters)
    }
    prices = late_versions.price_histories(
        connection, marketplace_id, {version.listing_id for version in latest_versions.values() if version.has_late}
    )
    return {
        name: version.with_late(prices[version.listing_id]) if version.has_late else version
        for name, version in latest_versions.items()
    }


def set_brand(connection: Connection, marketplace_id: str, version_id: str, brand_id: str | None, at: datetime) -> None:
    """The brand of a version as a person named it; None where it is not registered. Its facts do not change.

    The listing's first version with the same text gets it too, because near-duplicates are compared with that one.
    """
    first = select(text_signature.c.text_id).where(inside(text_signature, marketplace_id, version_id=version_id))
    versions = or_(listing_version.c.version_id == version_id, listing_version.c.version_id.in_(first))
    change = update(listing_version).where(listing_version.c.marketplace_id == marketplace_id, versions)
    connection.execute(change.values(brand_id=brand_id, brand_named_at=at))


def add_listings(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    add(connection, listing, rows)


def update_pointer(connection: Connection, marketplace_id: str, listing_id: str, values: dict[str, Any]) -> None:
    """Point a listing at its new version or its new observation."""
    connection.execute(update(listing).where(inside(listing, marketplace_id, listing_id=listing_id)).values(**values))


def add_versions(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert new versions, which never change afterwards."""
    add(connection, listing_version, rows)


def add_observations(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert new observations, which never change afterwards."""
    add(connection, observation, rows)


def add_sellers(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert sellers; known ones stay as they are."""
    add_or_ignore(connection, seller, rows)


def add_quarantine(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert refused rows."""
    add(connection, quarantine, rows)


def raise_sequences(connection: Connection, number: int) -> None:
    """Raise the webhook sequence of every listing, so that later messages are above all that were ever sent."""
    connection.execute(update(listing).values(sequence=listing.c.sequence + number))


_RAISE_SEQUENCE: Final = (
    update(listing)
    .where(inside(listing, HERE, listing_id=bindparam("of_listing")))
    .values(sequence=listing.c.sequence + 1)
    .returning(listing.c.sequence)
)


def next_sequence(connection: Connection, marketplace_id: str, listing_id: str) -> int:
    """The listing's next webhook sequence number; the row stays locked until the transaction ends."""
    parameters = {"here": marketplace_id, "of_listing": listing_id}
    return int(connection.execute(_RAISE_SEQUENCE, parameters).scalar_one())


def counts(connection: Connection, marketplace_id: str) -> dict[str, int]:
    """The number of listings, versions, observations and quarantined rows."""
    tables = {"listings": listing, "versions": listing_version, "observations": observation, "quarantined": quarantine}
    return {
        name: connection.execute(
            select(func.count()).select_from(table).where(table.c.marketplace_id == marketplace_id)
        ).scalar_one()
        for name, table in tables.items()
    }


def quarantined_rows(connection: Connection, marketplace_id: str, most: int) -> list[dict[str, Any]]:
    """The latest refused rows."""
    query = (
        select(quarantine)
        .where(quarantine.c.marketplace_id == marketplace_id)
        .order_by(quarantine.c.known_at.desc(), quarantine.c.quarantine_id.desc())
        .limit(most)
    )
    return [dict(row._mapping) for row in connection.execute(query)]


def id_of(connection: Connection, marketplace_id: str, external_id: str) -> str | None:
    """The listing's id; None where the marketplace has not sent the listing."""
    query = select(listing.c.listing_id).where(inside(listing, marketplace_id, external_id=external_id))
    return connection.execute(query).scalar()


@dataclass(frozen=True, slots=True)
class NewestVersion:
    """A listing with its newest version."""

    marketplace_id: str
    listing_id: str
    external_id: str
    version_id: str


def newest_version(connection: Connection, listing_id: str, marketplaces: Collection[str]) -> NewestVersion:
    """A listing at one of these marketplaces. Raises NotFound (there is no such listing there)."""
    query = select(*reader(NewestVersion).columns(listing)).where(
        listing.c.listing_id == listing_id, listing.c.marketplace_id.in_(marketplaces)
    )
    return require(reader(NewestVersion).single(connection, query), "There is no such listing.")


def name_and_title(connection: Connection, marketplace_id: str, listing_id: str) -> tuple[str, str | None]:
    """A listing's id at the marketplace, and the title of its current version."""
    query = (
        select(listing.c.external_id, listing_version.c.content)
        .join(listing_version, same(listing_version, listing, "version_id"))
        .where(inside(listing, marketplace_id, listing_id=listing_id))
    )
    row = connection.execute(query).one()
    return row.external_id, row.content.get("title")


def titles(connection: Connection, marketplace_id: str, external_ids: Collection[str]) -> dict[str, str | None]:
    """The titles of the current versions of these listings, by the marketplace's own id."""
    query = (
        select(listing.c.external_id, listing_version.c.content)
        .join(listing_version, same(listing_version, listing, "version_id"))
        .where(listing.c.marketplace_id == marketplace_id, listing.c.external_id.in_(external_ids))
    )
    return {row.external_id: row.content.get("title") for row in connection.execute(query)}


def seller_of(connection: Connection, marketplace_id: str, version_id: str) -> str | None:
    """The marketplace's id of the seller of a version; None where the version names no seller."""
    query = select(listing_version.c.seller_external_id).where(
        inside(listing_version, marketplace_id, version_id=version_id)
    )
    seller_id: str | None = connection.execute(query).scalar()
    return seller_id


_VERSIONS: Final = KeyedQuery(
    select(listing_version)
    .where(inside(listing_version, HERE, listing_id=bindparam("listing")))
    .order_by(listing_version.c.number)
)


def versions(connection: Connection, marketplace_id: str, listing_id: str) -> list[dict[str, Any]]:
    """All versions of a listing, oldest first."""
    return [row._asdict() for row in _VERSIONS.rows(connection, {"here": marketplace_id, "listing": listing_id})]


def seller_country(connection: Connection, marketplace_id: str, listing_id: str) -> str | None:
    """The seller's country of establishment as the marketplace last reported it for a listing."""
    query = (
        select(observation.c.observed)
        .where(inside(observation, marketplace_id, listing_id=listing_id))
        .order_by(observation.c.known_at.desc())
    )
    for observed in connection.execute(query).scalars():
        country = (observed.get("seller") or {}).get("country")
        if country:
            return str(country)
    return None
