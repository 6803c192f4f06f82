"""The states of listings before past moments, read for many listings together."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, FromClause, String, select

from features.history import NO_PRICES, OwnPrices
from serving.listings.store.late_versions import Price, prices_in_order
from serving.listings.tables import late_version, listing, listing_version, observation
from serving.platform.database.lists import list_parameter, value_table
from serving.platform.database.scope import inside, same
from serving.platform.ids import digits_of

LateRow = tuple[datetime, str, Price]  # When it came in, its id, and its price when it held.


@dataclass(frozen=True, slots=True)
class PastVersion:
    version_id: str
    content_hash: str
    known_at: datetime
    price: Price


@dataclass(frozen=True, slots=True)
class StateBefore:
    """What intake knew of a listing before a row: the last version's content, the number of versions, their prices.

    `prices` are those of all versions, `earlier_prices` those without the last version's.
    """

    content_hash: str | None = None
    version: int = 0
    log_price: float | None = None
    previous_log_price: float | None = None
    earlier_prices: OwnPrices = NO_PRICES
    prices: OwnPrices = NO_PRICES


@dataclass(frozen=True, slots=True)
class Observation:
    """An observation of a listing: its version, which perhaps came in with it, when, and with which counters."""

    observation_id: str
    version_id: str
    is_first: bool
    known_at: datetime
    observed: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PastStates:
    """The versions of one listing in the order of their numbers, and its late rows in the order of their times."""

    listing_id: str
    versions: Sequence[PastVersion]
    late: Sequence[LateRow]

    def before(self, as_of: datetime, own: Observation | None) -> StateBefore:
        """The state before the row that came in with an observation; without one, before a moment."""
        if own is None:
            known = [version for version in self.versions if version.known_at < as_of]
            late = [price for known_at, _, price in self.late if known_at < as_of]
        else:
            until = next(i for i, version in enumerate(self.versions) if version.version_id == own.version_id)
            known = list(self.versions[: until + (not own.is_first)])
            late = [price for _, late_id, price in self.late if digits_of(late_id) < digits_of(own.observation_id)]
        if not known:
            return StateBefore()
        return StateBefore(
            content_hash=known[-1].content_hash,
            version=len(known),
            log_price=known[-1].price[1],
            previous_log_price=known[-2].price[1] if len(known) > 1 else None,
            earlier_prices=prices_in_order([version.price for version in known[:-1]], late),
            prices=prices_in_order([version.price for version in known], late),
        )


def of_listings(connection: Connection, marketplace_id: str, external_ids: Collection[str]) -> dict[str, PastStates]:
    """The past states of each known listing, by the marketplace's own id."""
    if not external_ids:
        return {}
    id_list = value_table(connection.dialect.name, String())
    parameters = list_parameter(connection, sorted(set(external_ids)))
    mine = id_list.outerjoin(listing, inside(listing, marketplace_id, external_id=id_list.c.value))
    late = _late_rows(connection, mine, parameters)
    query = (
        select(
            listing.c.external_id,
            listing.c.listing_id,
            listing_version.c.version_id,
            listing_version.c.content_hash,
            listing_version.c.known_at,
            listing_version.c.occurred_at,
            listing_version.c.log_price,
        )
        .select_from(mine.outerjoin(listing_version, same(listing_version, listing, "listing_id")))
        .order_by(listing_version.c.number)
    )
    names: dict[str, str] = {}
    versions: dict[str, list[PastVersion]] = defaultdict(list)
    for row in connection.execute(query, parameters):
        if row.version_id is not None:
            names[row.external_id] = row.listing_id
            price = (row.occurred_at, row.log_price)
            versions[row.listing_id].append(PastVersion(row.version_id, row.content_hash, row.known_at, price))
    return {
        name: PastStates(listing_id, versions[listing_id], late.get(listing_id, ()))
        for name, listing_id in names.items()
    }


def _late_rows(connection: Connection, mine: FromClause, parameters: Mapping[str, Any]) -> dict[str, list[LateRow]]:
    query = (
        select(
            late_version.c.listing_id,
            late_version.c.late_version_id,
            late_version.c.known_at,
            late_version.c.occurred_at,
            late_version.c.log_price,
        )
        .select_from(mine.outerjoin(late_version, same(late_version, listing, "listing_id")))
        .order_by(late_version.c.occurred_at, late_version.c.late_version_id)
    )
    late_rows: dict[str, list[LateRow]] = defaultdict(list)
    for row in connection.execute(query, parameters):
        if row.listing_id is not None:
            late_rows[row.listing_id].append((row.known_at, row.late_version_id, (row.occurred_at, row.log_price)))
    return late_rows


def observations(
    connection: Connection, marketplace_id: str, listing_ids: Collection[str]
) -> Mapping[str, Sequence[Observation]]:
    """The observations of these listings, in the order in which they came in."""
    seen_by_listing: dict[str, list[Observation]] = defaultdict(list)
    begun: set[str] = set()
    if listing_ids:
        id_list = value_table(connection.dialect.name, String())
        mine = inside(observation, marketplace_id, listing_id=id_list.c.value)
        columns = observation.c
        query = (
            select(columns.listing_id, columns.observation_id, columns.version_id, columns.known_at, columns.observed)
            .select_from(id_list.outerjoin(observation, mine))
            .order_by(columns.observation_id)
        )
        for row in connection.execute(query, list_parameter(connection, sorted(listing_ids))):
            if row.listing_id is not None:
                is_first = row.version_id not in begun
                begun.add(row.version_id)
                seen = Observation(row.observation_id, row.version_id, is_first, row.known_at, row.observed)
                seen_by_listing[row.listing_id].append(seen)
    return seen_by_listing
