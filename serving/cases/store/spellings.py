"""How listings whose brand a person named spell it, and which brand was named for each spelling."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from serving.cases.store import case_brands
from serving.cases.tables import case_brand, named_spelling
from serving.listings.tables import listing_version
from serving.platform.database.scope import inside, same
from serving.platform.database.store import add


@dataclass(frozen=True, slots=True)
class SpelledNaming:
    """The naming in force of a listing that has a spelling, with the seller and the category of the version named."""

    listing_id: str
    case_id: str
    brand_id: str | None
    user_id: str
    seller: str | None
    category: str | None
    known_at: datetime


def add_spellings(
    connection: Connection, marketplace_id: str, naming_id: str, listing_id: str, spellings: Collection[str]
) -> None:
    """Keep the spellings of the listing that a naming is of."""
    rows = [
        {"marketplace_id": marketplace_id, "naming_id": naming_id, "spelling": spelling, "listing_id": listing_id}
        for spelling in spellings
    ]
    add(connection, named_spelling, rows)


def of_spelling(connection: Connection, marketplace_id: str, spelling: str) -> list[SpelledNaming]:
    """The namings in force of all listings with a spelling, oldest first: undone and replaced ones do not count."""
    has_spelling = inside(named_spelling, marketplace_id, spelling=spelling)
    spelled = select(named_spelling.c.listing_id).where(has_spelling)
    query = (
        select(case_brand, listing_version.c.seller_external_id, listing_version.c.content, named_spelling.c.spelling)
        .join(listing_version, same(case_brand, listing_version, "version_id"))
        .outerjoin(named_spelling, same(case_brand, named_spelling, "naming_id") & has_spelling)
        .where(case_brand.c.marketplace_id == marketplace_id, case_brand.c.listing_id.in_(spelled))
        .order_by(case_brand.c.known_at, case_brand.c.naming_id)
    )
    namings = [
        SpelledNaming(
            listing_id=row.listing_id,
            case_id=row.case_id,
            brand_id=row.brand_id,
            user_id=row.user_id,
            seller=row.seller_external_id,
            category=row.content.get("product_type"),
            known_at=row.known_at,
        )
        for row in case_brands.rows_in_force(connection.execute(query))
        if row.spelling is not None
    ]
    return sorted(namings, key=lambda naming: (naming.known_at, naming.listing_id))
