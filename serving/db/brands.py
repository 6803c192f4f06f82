"""Registered brands, who takes part where, and whom they have authorised."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, literal, select, update

from features.brands import Brand
from models.errors import Conflict, NotFound
from serving.db.store import add, insert_or_ignore
from serving.db.tables import account, authorised_seller, brand, brand_enrolment
from serving.db.types import UtcTime


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A brand in one marketplace, with its named account manager."""

    brand_id: str
    name: str
    takes_part: bool
    account_manager_id: str
    account_manager: str
    account_manager_email: str
    daily_questions: int | None


@dataclass(frozen=True, slots=True)
class Authorisation:
    """A brand has put a seller on its list; from `added_at` on this is known."""

    brand_id: str
    added_at: datetime


def add_brand(connection: Connection, found: Brand, at: datetime) -> None:
    """A new brand.

    Raises
    ------
    Conflict
        The name is taken.
    """
    if connection.execute(select(brand.c.name).where(brand.c.name == found.name)).first():
        raise Conflict(f"There is a brand named {found.name} already.")
    row = {
        "brand_id": found.brand_id,
        "name": found.name,
        "aliases": list(found.aliases),
        "gtin_prefixes": list(found.gtin_prefixes),
        "created_at": at,
    }
    add(connection, brand, [row])


def by_name(connection: Connection, name: str) -> Brand:
    """The brand of a name.

    Raises
    ------
    NotFound
        There is none.
    """
    found = connection.execute(select(brand).where(brand.c.name == name)).one_or_none()
    if found is None:
        raise NotFound(f"There is no brand named {name}.")
    return Brand(found.brand_id, found.name, tuple(found.aliases), tuple(found.gtin_prefixes))


def enrolled_by_name(connection: Connection, marketplace_id: str, name: str) -> str:
    """The id of a brand that is enrolled in a marketplace, whether it takes part or not.

    Raises
    ------
    NotFound
        There is none.
    """
    query = (
        select(brand.c.brand_id)
        .join(brand_enrolment, brand_enrolment.c.brand_id == brand.c.brand_id)
        .where(brand_enrolment.c.marketplace_id == marketplace_id, brand.c.name == name)
    )
    found: str | None = connection.execute(query).scalar()
    if found is None:
        raise NotFound(f"No brand named {name} is enrolled here.")
    return found


def registered(connection: Connection, marketplace_id: str, as_of: datetime) -> list[Brand]:
    """The brands enrolled in a marketplace by a moment, whether they take part or not."""
    query = (
        select(brand)
        .join(brand_enrolment, brand_enrolment.c.brand_id == brand.c.brand_id)
        .where(brand_enrolment.c.marketplace_id == marketplace_id, brand_enrolment.c.enrolled_at <= as_of)
        .order_by(brand.c.brand_id)
    )
    return [
        Brand(row.brand_id, row.name, tuple(row.aliases), tuple(row.gtin_prefixes)) for row in connection.execute(query)
    ]


def enrol(
    connection: Connection,
    *,
    marketplace_id: str,
    brand_id: str,
    takes_part: bool,
    account_manager_id: str,
    daily_questions: int | None,
    at: datetime,
    full_since: datetime | None = None,
) -> None:
    """Enrol a brand, or change whether it takes part, how much it answers in a day, and who looks after it.

    A first phase that is over is over; `full_since` ends one.
    """
    here = (brand_enrolment.c.marketplace_id == marketplace_id) & (brand_enrolment.c.brand_id == brand_id)
    changed = connection.execute(
        update(brand_enrolment)
        .where(here)
        .values(
            takes_part=takes_part,
            account_manager_id=account_manager_id,
            daily_questions=daily_questions,
            full_since=func.coalesce(brand_enrolment.c.full_since, literal(full_since, UtcTime)),
        )
    )
    if changed.rowcount == 0:
        row = {
            "marketplace_id": marketplace_id,
            "brand_id": brand_id,
            "takes_part": takes_part,
            "account_manager_id": account_manager_id,
            "daily_questions": daily_questions,
            "enrolled_at": at,
            "full_since": full_since,
        }
        add(connection, brand_enrolment, [row])


def full_since(connection: Connection, marketplace_id: str, brand_id: str) -> datetime | None:
    """When a brand's first phase was over; None while it lasts."""
    query = select(brand_enrolment.c.full_since).where(
        brand_enrolment.c.marketplace_id == marketplace_id, brand_enrolment.c.brand_id == brand_id
    )
    found: datetime | None = connection.execute(query).scalar()
    return found


def end_first_phase(connection: Connection, marketplace_id: str, brand_id: str, at: datetime) -> None:
    """A brand's first phase is over."""
    connection.execute(
        update(brand_enrolment)
        .where(brand_enrolment.c.marketplace_id == marketplace_id, brand_enrolment.c.brand_id == brand_id)
        .values(full_since=at)
    )


def enrolments(connection: Connection, marketplace_id: str) -> dict[str, Enrolment]:
    """Enrolments of a marketplace by brand."""
    query = (
        select(brand_enrolment, brand.c.name, account.c.name.label("manager"), account.c.email)
        .join(brand, brand.c.brand_id == brand_enrolment.c.brand_id)
        .join(account, account.c.user_id == brand_enrolment.c.account_manager_id)
        .where(brand_enrolment.c.marketplace_id == marketplace_id)
        .order_by(brand.c.name)
    )
    return {
        row.brand_id: Enrolment(
            row.brand_id,
            row.name,
            row.takes_part,
            row.account_manager_id,
            row.manager,
            row.email,
            row.daily_questions,
        )
        for row in connection.execute(query)
    }


def authorise(
    connection: Connection, *, marketplace_id: str, brand_id: str, sellers: Sequence[str], at: datetime
) -> None:
    """Put sellers on a brand's list; those on it stay."""
    rows = [
        {"marketplace_id": marketplace_id, "brand_id": brand_id, "seller_external_id": seller, "added_at": at}
        for seller in sellers
    ]
    if rows:
        connection.execute(insert_or_ignore(connection, authorised_seller), rows)


def authorisations(
    connection: Connection, marketplace_id: str, sellers: Collection[str]
) -> dict[str, tuple[Authorisation, ...]]:
    """The brands that have authorised each of these sellers so far, and since when; nobody is ever taken off a list."""
    query = select(
        authorised_seller.c.seller_external_id, authorised_seller.c.brand_id, authorised_seller.c.added_at
    ).where(
        authorised_seller.c.marketplace_id == marketplace_id,
        authorised_seller.c.seller_external_id.in_(set(sellers)),
    )
    found: dict[str, tuple[Authorisation, ...]] = {}
    for row in connection.execute(query.order_by(authorised_seller.c.brand_id)):
        authorisation = Authorisation(row.brand_id, row.added_at)
        found[row.seller_external_id] = (*found.get(row.seller_external_id, ()), authorisation)
    return found
