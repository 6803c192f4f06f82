"""The authorised sellers of brands, with the periods in which they were on the list."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, or_, select, update

from serving.brands.tables import authorisation_request, authorised_seller
from serving.platform.database.fast.door import KeyedQuery
from serving.platform.database.scope import HERE, columns, inside
from serving.platform.database.series import read_once
from serving.platform.database.store import add, insert_or_ignore


@dataclass(frozen=True, slots=True)
class Authorisation:
    """The entry of a seller on a brand's list, known from `added_at` on. `ended_at` is None while it has no end."""

    brand_id: str
    added_at: datetime
    ended_at: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether the seller was on the list at a moment."""
        return self.added_at <= at and (self.ended_at is None or at < self.ended_at)


def authorise(
    connection: Connection,
    *,
    marketplace_id: str,
    brand_id: str,
    sellers: Sequence[str],
    at: datetime,
    until: datetime | None = None,
    by: str = "operator",
) -> None:
    """Put sellers on a brand's list until a moment, by default without end; entries with the same end stay."""
    on_list = {
        list_entry.seller: list_entry
        for list_entry in list_entries(connection, (marketplace_id, brand_id))
        if list_entry.authorisation.holds(at)
    }
    same = {seller for seller, list_entry in on_list.items() if list_entry.authorisation.ended_at == until}
    new_sellers = [seller for seller in dict.fromkeys(sellers) if seller not in same]
    end_authorisations(
        connection, (marketplace_id, brand_id), [seller for seller in new_sellers if seller in on_list], at, by=by
    )
    rows = [
        {
            "marketplace_id": marketplace_id,
            "brand_id": brand_id,
            "seller_external_id": seller,
            "added_at": at,
            "added_by": by,
            "ended_at": until,
            "ended_by": None,
        }
        for seller in new_sellers
    ]
    if rows:
        connection.execute(insert_or_ignore(connection, authorised_seller), rows)


def end_authorisations(
    connection: Connection, pair: tuple[str, str], sellers: Collection[str], at: datetime, *, by: str
) -> list[str]:
    """Remove sellers from a brand's list from a moment on; returns those that were on it."""
    if not sellers:
        return []
    columns = authorised_seller.c
    ended = (
        update(authorised_seller)
        .where(
            columns.marketplace_id == pair[0],
            columns.brand_id == pair[1],
            columns.seller_external_id.in_(set(sellers)),
            columns.added_at <= at,
            or_(columns.ended_at.is_(None), columns.ended_at > at),
        )
        .values(ended_at=at, ended_by=by)
        .returning(columns.seller_external_id)
    )
    return sorted(connection.execute(ended).scalars())


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One entry of a brand's list of authorised sellers, with the people who added and removed it."""

    seller: str
    authorisation: Authorisation
    added_by: str
    ended_by: str | None


@read_once(authorised_seller)
def list_entries(connection: Connection, pair: tuple[str, str]) -> list[ListEntry]:
    """Every entry of a brand's list, current and ended, by seller and then the newest first."""
    columns = authorised_seller.c
    query = (
        select(authorised_seller)
        .where(columns.marketplace_id == pair[0], columns.brand_id == pair[1])
        .order_by(columns.seller_external_id, columns.added_at.desc())
    )
    return [
        ListEntry(
            row.seller_external_id, Authorisation(row.brand_id, row.added_at, row.ended_at), row.added_by, row.ended_by
        )
        for row in connection.execute(query)
    ]


@dataclass(frozen=True, slots=True)
class AuthorisationRequest:
    """An entry that waits for a check."""

    request_id: str
    seller: str
    until: datetime | None
    asked_by: str
    asked_at: datetime


def add_requests(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep entries that wait."""
    add(connection, authorisation_request, rows)


def open_requests(connection: Connection, pair: tuple[str, str]) -> list[AuthorisationRequest]:
    """The entries of a brand that wait, the oldest first."""
    columns = authorisation_request.c
    query = (
        select(columns.request_id, columns.seller_external_id, columns.until, columns.asked_by, columns.asked_at)
        .where(inside(authorisation_request, pair[0], brand_id=pair[1]), columns.accepted.is_(None))
        .order_by(columns.asked_at, columns.request_id)
    )
    return [AuthorisationRequest(*row) for row in connection.execute(query)]


def settle_requests(
    connection: Connection, marketplace_id: str, request_ids: Collection[str], *, accepted: bool, by: str
) -> None:
    """Store the decision on entries that wait."""
    connection.execute(
        update(authorisation_request)
        .where(inside(authorisation_request, marketplace_id), authorisation_request.c.request_id.in_(request_ids))
        .values(accepted=accepted, settled_by=by)
    )


# Built once, because every score asks.
_AUTHORISATIONS: Final = KeyedQuery(
    select(*columns(authorised_seller, "seller_external_id", "brand_id", "added_at", "ended_at"))
    .where(
        inside(authorised_seller, HERE),
        authorised_seller.c.seller_external_id.in_(bindparam("sellers", expanding=True)),
    )
    .order_by(authorised_seller.c.brand_id, authorised_seller.c.added_at),
    "sellers",
)


def authorisations(
    connection: Connection, marketplace_id: str, sellers: Collection[str]
) -> dict[str, tuple[Authorisation, ...]]:
    """The periods in which each of these sellers was on which brand's list; the periods of one brand in order."""
    periods_by_seller: dict[str, tuple[Authorisation, ...]] = {}
    for row in _AUTHORISATIONS.rows(connection, {"here": marketplace_id, "sellers": sorted(set(sellers))}):
        authorisation = Authorisation(row.brand_id, row.added_at, row.ended_at)
        periods_by_seller[row.seller_external_id] = (*periods_by_seller.get(row.seller_external_id, ()), authorisation)
    return periods_by_seller
