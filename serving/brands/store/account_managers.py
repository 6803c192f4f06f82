"""Account managers of brands, and the transfer of brands between them."""

from collections.abc import Collection

from sqlalchemy import Connection, select, update

from serving.brands.tables import brand_enrolment

Enrolled = tuple[str, str]


def brands_of(connection: Connection, marketplaces: Collection[str], user_id: str) -> list[Enrolled]:
    """The brands that a person manages, as (marketplace, brand)."""
    query = select(brand_enrolment.c.marketplace_id, brand_enrolment.c.brand_id).where(
        brand_enrolment.c.marketplace_id.in_(marketplaces), brand_enrolment.c.account_manager_id == user_id
    )
    return [(row.marketplace_id, row.brand_id) for row in connection.execute(query)]


def move(connection: Connection, brands: Collection[Enrolled], to: str) -> None:
    """Make a person the account manager of brands."""
    for marketplace_id, brand_id in brands:
        connection.execute(
            update(brand_enrolment)
            .where(brand_enrolment.c.marketplace_id == marketplace_id, brand_enrolment.c.brand_id == brand_id)
            .values(account_manager_id=to)
        )
