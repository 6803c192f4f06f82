"""Registered brands and their enrolment at marketplaces."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from features.brands import Brand
from models.errors import Conflict, NotFound
from serving.accounts.tables import account
from serving.brands.store import aliases
from serving.brands.tables import brand, brand_enrolment
from serving.marketplaces.store import marketplaces
from serving.platform.database.scope import inside
from serving.platform.database.series import read_once
from serving.platform.database.store import add


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
    contract_day: int | None = None
    proposed_day: int | None = None
    manager_note: str | None = None


def add_brand(connection: Connection, new_brand: Brand, at: datetime) -> None:
    """A new brand. Raises Conflict (the name is taken)."""
    if connection.execute(select(brand.c.name).where(brand.c.name == new_brand.name)).first():
        raise Conflict("There is a brand named {name} already.", name=new_brand.name)
    row = {
        "brand_id": new_brand.brand_id,
        "name": new_brand.name,
        "aliases": list(new_brand.aliases),
        "gtin_prefixes": list(new_brand.gtin_prefixes),
        "created_at": at,
    }
    add(connection, brand, [row])


def by_name(connection: Connection, name: str) -> Brand:
    """The brand of a name. Raises NotFound (there is none)."""
    row = connection.execute(select(brand).where(brand.c.name == name)).one_or_none()
    if row is None:
        raise NotFound("There is no brand named {name}.", name=name)
    return Brand(row.brand_id, row.name, tuple(row.aliases), tuple(row.gtin_prefixes))


def pair_by_names(connection: Connection, name: str, marketplace: str | None) -> tuple[str, str]:
    """The pair (marketplace, brand) of these names; without a marketplace's name, of the only one.

    Raises NotFound (there is no such marketplace, or the brand is not enrolled in it; there are several and none is
    named).
    """
    marketplace_id = marketplaces.by_name(connection, marketplace).marketplace_id
    return marketplace_id, enrolled_id_by_name(connection, marketplace_id, name)


def enrolled_id_by_name(connection: Connection, marketplace_id: str, name: str) -> str:
    """The id of a brand that is enrolled in a marketplace, whether it takes part or not.

    Raises NotFound (there is none).
    """
    query = (
        select(brand.c.brand_id)
        .join(brand_enrolment, brand_enrolment.c.brand_id == brand.c.brand_id)
        .where(brand_enrolment.c.marketplace_id == marketplace_id, brand.c.name == name)
    )
    brand_id: str | None = connection.execute(query).scalar()
    if brand_id is None:
        raise NotFound("No brand named {name} is enrolled here.", name=name)
    return brand_id


def enrolled_brands(connection: Connection, marketplace_id: str, as_of: datetime) -> list[Brand]:
    """The brands enrolled in a marketplace by a moment, whether they take part or not.

    Their aliases include those that an account manager accepted here by then, and had not removed.
    """
    query = (
        select(brand)
        .join(brand_enrolment, brand_enrolment.c.brand_id == brand.c.brand_id)
        .where(brand_enrolment.c.marketplace_id == marketplace_id, brand_enrolment.c.enrolled_at <= as_of)
        .order_by(brand.c.brand_id)
    )
    accepted = aliases.accepted_aliases(connection, marketplace_id, as_of)
    return [
        Brand(
            row.brand_id,
            row.name,
            tuple(dict.fromkeys((*row.aliases, *accepted.get(row.brand_id, ())))),
            tuple(row.gtin_prefixes),
        )
        for row in connection.execute(query)
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
) -> None:
    """Enrol a brand, or change whether it takes part, its daily question limit and its account manager."""
    of_enrolment = inside(brand_enrolment, marketplace_id, brand_id=brand_id)
    changed = connection.execute(
        update(brand_enrolment)
        .where(of_enrolment)
        .values(takes_part=takes_part, account_manager_id=account_manager_id, daily_questions=daily_questions)
    )
    if changed.rowcount == 0:
        row = {
            "marketplace_id": marketplace_id,
            "brand_id": brand_id,
            "takes_part": takes_part,
            "account_manager_id": account_manager_id,
            "daily_questions": daily_questions,
            "enrolled_at": at,
        }
        add(connection, brand_enrolment, [row])


@read_once(brand_enrolment)
def contract_day(connection: Connection, marketplace_id: str, brand_id: str) -> int | None:
    """The removals a day of a brand's contract; None where it has no figure of its own."""
    query = select(brand_enrolment.c.contract_day).where(inside(brand_enrolment, marketplace_id, brand_id=brand_id))
    figure: int | None = connection.execute(query).scalar()
    return figure


def set_contract_day(connection: Connection, marketplace_id: str, brand_id: str, figure: int | None) -> None:
    """Set the figure of a brand's contract; a proposed one ends."""
    _change(connection, marketplace_id, brand_id, contract_day=figure, proposed_day=None)


def propose_contract_day(connection: Connection, marketplace_id: str, brand_id: str, figure: int) -> None:
    """Keep a figure that waits for a second person."""
    _change(connection, marketplace_id, brand_id, proposed_day=figure)


def set_note(connection: Connection, marketplace_id: str, brand_id: str, note: str | None) -> None:
    """Keep the account manager's note about a brand in place of the earlier one."""
    _change(connection, marketplace_id, brand_id, manager_note=note)


def _change(connection: Connection, marketplace_id: str, brand_id: str, **columns: object) -> None:
    of_brand = inside(brand_enrolment, marketplace_id, brand_id=brand_id)
    connection.execute(update(brand_enrolment).where(of_brand).values(**columns))


@read_once(brand_enrolment, brand, account)
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
            row.contract_day,
            row.proposed_day,
            row.manager_note,
        )
        for row in connection.execute(query)
    }
