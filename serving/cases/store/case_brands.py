"""The brands that people named for cases: appended, never changed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, bindparam, select

from serving.accounts.tables import account
from serving.brands.tables import brand
from serving.cases.rules.case_brand import CaseBrand, KeptNaming
from serving.cases.tables import case_brand
from serving.platform.database.scope import HERE, inside
from serving.platform.database.store import add


@dataclass(frozen=True, slots=True)
class StoredNaming:
    """A naming as stored, with the names of its author and of both brands; None for an unresolved brand."""

    brand: CaseBrand
    name: str
    before: CaseBrand
    name_before: str | None
    returned_before: bool
    reason: str | None
    user_name: str
    known_at: datetime


def add_naming(connection: Connection, row: Mapping[str, Any]) -> None:
    """Append one naming."""
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
    return [_stored(row) for row in connection.execute(query).mappings()]


def _stored(row: RowMapping) -> StoredNaming:
    return StoredNaming(
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
_OF_LISTINGS: Final = (
    select(case_brand)
    .where(inside(case_brand, HERE), case_brand.c.listing_id.in_(bindparam("listings", expanding=True)))
    .order_by(case_brand.c.known_at, case_brand.c.naming_id)
)


def latest_of_listings(
    connection: Connection, marketplace_id: str, listing_ids: Collection[str]
) -> dict[str, KeptNaming]:
    """The latest naming of each of these listings that has any."""
    wanted = {"here": marketplace_id, "listings": sorted(set(listing_ids))}
    return {
        row.listing_id: KeptNaming(CaseBrand(row.brand_id, row.mark, row.mark_owner), row.resolved_id)
        for row in connection.execute(_OF_LISTINGS, wanted)
    }
