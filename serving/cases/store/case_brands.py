"""The brands that people named for cases: appended, never changed."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, RowMapping, Select, String, bindparam, select

from features.corrections import NamedBrand
from serving.accounts.tables import account
from serving.brands.tables import brand
from serving.cases.rules.case_brand import CaseBrand, KeptNaming
from serving.cases.tables import case_brand
from serving.listings.tables import listing, listing_version
from serving.platform.database.fast.door import KeyedQuery, PlainQuery
from serving.platform.database.lists import list_parameter, value_table
from serving.platform.database.scope import HERE, inside, same
from serving.platform.database.series import read_once
from serving.platform.database.store import add


@dataclass(frozen=True, slots=True)
class StoredNaming:
    """A naming as stored, with the names of its author and of both brands; None for an unresolved brand.

    `undoes_id` is the naming that an undo undoes.
    """

    naming_id: str
    undoes_id: str | None
    user_id: str
    brand: CaseBrand
    name: str | None
    before: CaseBrand
    name_before: str | None
    returned_before: bool
    reason: str | None
    user_name: str
    known_at: datetime


def add_naming(connection: Connection, row: Mapping[str, Any]) -> None:
    add(connection, case_brand, [row])


def of_case(connection: Connection, marketplace_id: str, case_id: str) -> list[StoredNaming]:
    """The namings of a case, oldest first."""
    earlier = brand.alias("earlier")
    query = (
        select(
            case_brand,
            brand.c.name.label("brand_name"),
            earlier.c.name.label("name_before"),
            account.c.name.label("user_name"),
        )
        .outerjoin(brand, brand.c.brand_id == case_brand.c.brand_id)
        .outerjoin(earlier, earlier.c.brand_id == case_brand.c.brand_before)
        .join(account, account.c.user_id == case_brand.c.user_id)
        .where(inside(case_brand, marketplace_id, case_id=case_id))
        .order_by(case_brand.c.known_at, case_brand.c.naming_id)
    )
    return [_stored_naming(row) for row in connection.execute(query).mappings()]


def last_naming(namings: Iterable[StoredNaming]) -> StoredNaming | None:
    """The last naming that is not undone, of a case's namings oldest first."""
    standing_namings: list[StoredNaming] = []
    for naming in namings:
        if naming.undoes_id is None:
            standing_namings.append(naming)
        elif standing_namings:
            standing_namings.pop()
    return standing_namings[-1] if standing_namings else None


def _stored_naming(row: RowMapping) -> StoredNaming:
    return StoredNaming(
        naming_id=row["naming_id"],
        undoes_id=row["undoes_id"],
        user_id=row["user_id"],
        brand=CaseBrand(row["brand_id"], row["mark"], row["mark_owner"]),
        name=row["brand_name"] or row["mark"],
        before=CaseBrand(row["brand_before"], row["mark_before"], row["owner_before"]),
        name_before=row["name_before"] or row["mark_before"],
        returned_before=row["returned_before"],
        reason=row["reason"],
        user_name=row["user_name"],
        known_at=row["known_at"],
    )


# Built once, because every intake asks.
_NAMINGS: Final = (
    select(case_brand)
    .where(inside(case_brand, HERE), case_brand.c.listing_id.in_(bindparam("listings", expanding=True)))
    .order_by(case_brand.c.known_at, case_brand.c.naming_id)
)
_WITH_CONTENT: Final = _NAMINGS.add_columns(listing_version.c.content).join(
    listing_version, same(case_brand, listing_version, "version_id")
)
_LATEST: Final = KeyedQuery(_NAMINGS, "listings")
_OF_LISTINGS: Final = KeyedQuery(_WITH_CONTENT, "listings")
_OF_EXTERNAL_ID: Final = (
    select(case_brand, listing_version.c.content)
    .join(listing, same(case_brand, listing, "listing_id"))
    .join(listing_version, same(case_brand, listing_version, "version_id"))
    .where(inside(listing, HERE), listing.c.external_id == bindparam("external_id"))
    .order_by(case_brand.c.known_at, case_brand.c.naming_id)
)


def _namings_among(dialect: str) -> Select[Any]:
    """Listed ids of listings; those for which nobody named a brand have a null beside them."""
    id_list = value_table(dialect, String())
    return select(id_list.c.value, case_brand.c.naming_id).select_from(
        id_list.outerjoin(listing, inside(listing, HERE, external_id=id_list.c.value)).outerjoin(
            case_brand, same(case_brand, listing, "listing_id")
        )
    )


_NAMED_AMONG: Final = PlainQuery(_namings_among)


@dataclass(frozen=True, slots=True)
class ListingNamings:
    """The namings of a listing in the order of time, and the one in force; None where all were undone."""

    history: tuple[NamedBrand, ...]
    current: KeptNaming | None


def of_listings(connection: Connection, marketplace_id: str, listing_ids: Collection[str]) -> dict[str, ListingNamings]:
    """The namings of each of these listings that has any, with the evidence of the versions that were named."""
    if not listing_ids:
        return {}
    parameters = {"here": marketplace_id, "listings": sorted(set(listing_ids))}
    rows_by_listing: dict[str, list[Any]] = defaultdict(list)
    for row in _OF_LISTINGS.rows(connection, parameters):
        rows_by_listing[row.listing_id].append(row)
    return {
        listing_id: ListingNamings(tuple(map(_named_brand, rows)), _naming_in_force(rows))
        for listing_id, rows in rows_by_listing.items()
    }


def of_external_ids(
    connection: Connection, marketplace_id: str, external_ids: Collection[str]
) -> dict[str, list[NamedBrand]]:
    """The brands that people named for the listings of these ids, in the order of time; other ids are left out."""
    parameters = {"here": marketplace_id, **list_parameter(connection, sorted(set(external_ids)))}
    # For almost every listing nobody has.
    named = {
        external_id for external_id, naming_id in _NAMED_AMONG.rows(connection, parameters) if naming_id is not None
    }
    return {
        external_id: list(
            map(_named_brand, connection.execute(_OF_EXTERNAL_ID, {"here": marketplace_id, "external_id": external_id}))
        )
        for external_id in named
    }


@read_once(case_brand)
def latest_of_listings(
    connection: Connection, marketplace_id: str, listing_ids: Collection[str]
) -> dict[str, KeptNaming]:
    """The naming in force of each of these listings that has one."""
    parameters = {"here": marketplace_id, "listings": sorted(set(listing_ids))}
    rows_by_listing: dict[str, list[Any]] = defaultdict(list)
    for row in _LATEST.rows(connection, parameters):
        rows_by_listing[row.listing_id].append(row)
    return {
        listing_id: naming
        for listing_id, rows in rows_by_listing.items()
        if (naming := _naming_in_force(rows)) is not None
    }


def _named_brand(row: Row[Any]) -> NamedBrand:
    content = row.content
    return NamedBrand(
        known_at=row.known_at,
        brand_id=row.brand_id,
        mark=row.mark,
        undoes=row.undoes_id is not None,
        title=content.get("title"),
        declared=content.get("brand"),
        gtin=content.get("gtin"),
    )


def rows_in_force(rows: Iterable[Row[Any]]) -> list[Row[Any]]:
    """The naming in force of each listing, of namings in the order of time; none where all of a listing are undone."""
    standing_rows: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        if row.undoes_id is None:
            standing_rows[row.listing_id].append(row)
        elif standing_rows[row.listing_id]:
            standing_rows[row.listing_id].pop()
    return [listing_rows[-1] for listing_rows in standing_rows.values() if listing_rows]


def _naming_in_force(rows: Sequence[Row[Any]]) -> KeptNaming | None:
    for row in rows_in_force(rows):
        brand = CaseBrand(row.brand_id, row.mark, row.mark_owner)
        return KeptNaming(brand, row.resolved_id, row.known_at, rows[-1].known_at)
    return None
