"""Accounts as administrators see them: roles, and whether the person can sign in."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select, update

from models.errors import NotFound
from serving.accounts.rules.access import Grant, Role
from serving.accounts.tables import account, browser_session, role_grant
from serving.platform.database.scope import inside
from serving.platform.database.series import read_once


@dataclass(frozen=True, slots=True)
class Colleague:
    """A user with a role in a marketplace; `signed_in_at` is None where they never signed in."""

    user_id: str
    name: str
    email: str
    grants: tuple[Grant, ...]
    created_at: datetime
    signed_in_at: datetime | None
    disabled_at: datetime | None


def with_role(connection: Connection, marketplace_id: str, role: Role) -> list[str]:
    """The accounts that hold a role at a marketplace and can sign in."""
    query = (
        select(account.c.user_id)
        .join(role_grant, role_grant.c.user_id == account.c.user_id)
        .where(inside(role_grant, marketplace_id, role=role.value), account.c.disabled_at.is_(None))
        .order_by(account.c.user_id)
    )
    return list(connection.execute(query).scalars())


@read_once(account)
def with_access(connection: Connection, user_ids: Sequence[str]) -> list[str]:
    """Those of these accounts that can sign in."""
    query = select(account.c.user_id).where(account.c.user_id.in_(set(user_ids)), account.c.disabled_at.is_(None))
    return list(connection.execute(query.order_by(account.c.user_id)).scalars())


def colleagues(
    connection: Connection, marketplaces: Collection[str], *, words: str, role: Role | None, most: int
) -> tuple[list[Colleague], int]:
    """The people with a role in these marketplaces, at most so many, and their total number. Those who can sign in come
    first, then by name.

    `words` are searched in names and e-mail addresses.
    """
    holder_ids = select(role_grant.c.user_id).where(role_grant.c.marketplace_id.in_(marketplaces))
    if role is not None:
        holder_ids = holder_ids.where(role_grant.c.role == role.value)
    conditions: list[ColumnElement[bool]] = [account.c.user_id.in_(holder_ids)]
    if words:
        conditions.append(
            or_(account.c.name.icontains(words, autoescape=True), account.c.email.icontains(words, autoescape=True))
        )
    number = connection.execute(select(func.count()).select_from(account).where(*conditions)).scalar_one()
    order = (account.c.disabled_at.is_not(None), account.c.name, account.c.user_id)
    rows = connection.execute(select(account).where(*conditions).order_by(*order).limit(most)).all()
    grants = _grants(connection, [row.user_id for row in rows])
    shown_people = [
        Colleague(
            row.user_id,
            row.name,
            row.email,
            tuple(grants.get(row.user_id, ())),
            row.created_at,
            row.signed_in_at,
            row.disabled_at,
        )
        for row in rows
    ]
    return shown_people, int(number)


def colleague(connection: Connection, marketplaces: Collection[str], user_id: str) -> Colleague:
    """One of these people, including one who can no longer sign in.

    Raises NotFound (nobody of this id has a role in these marketplaces).
    """
    row = connection.execute(select(account).where(account.c.user_id == user_id)).one_or_none()
    grants = tuple(_grants(connection, [user_id]).get(user_id, ()))
    if row is None or not any(grant.marketplace_id in marketplaces for grant in grants):
        raise NotFound("There is no such person here.")
    return Colleague(row.user_id, row.name, row.email, grants, row.created_at, row.signed_in_at, row.disabled_at)


def _grants(connection: Connection, user_ids: Sequence[str]) -> dict[str, list[Grant]]:
    query = select(role_grant).where(role_grant.c.user_id.in_(user_ids))
    grants: dict[str, list[Grant]] = {}
    for row in connection.execute(query.order_by(role_grant.c.role, role_grant.c.brand_id)):
        grants.setdefault(row.user_id, []).append(Grant(Role(row.role), row.marketplace_id, row.brand_id, row.leads))
    return grants


def holders(connection: Connection, marketplaces: Collection[str], role: Role) -> dict[str, dict[str, str]]:
    """The people who hold a role and can sign in: names by id, by marketplace."""
    query = (
        select(role_grant.c.marketplace_id, account.c.user_id, account.c.name)
        .join(account, account.c.user_id == role_grant.c.user_id)
        .where(
            role_grant.c.marketplace_id.in_(marketplaces),
            role_grant.c.role == role.value,
            account.c.disabled_at.is_(None),
        )
        .order_by(account.c.name)
    )
    names_by_marketplace: dict[str, dict[str, str]] = {}
    for row in connection.execute(query):
        names_by_marketplace.setdefault(row.marketplace_id, {})[row.user_id] = row.name
    return names_by_marketplace


@read_once(role_grant)
def confirms_from(connection: Connection, user_id: str, pair: tuple[str, str]) -> datetime | None:
    """When a brand's user begins to confirm; None where there is no wait. `pair` is (marketplace, brand)."""
    query = select(role_grant.c.confirms_from).where(
        role_grant.c.user_id == user_id,
        role_grant.c.role == Role.BRAND.value,
        inside(role_grant, pair[0], brand_id=pair[1]),
    )
    return connection.execute(query).scalar()


def analyst_since(connection: Connection, user_id: str, marketplace_id: str) -> datetime | None:
    """When an account became an analyst of a marketplace; None where it is none."""
    own = (role_grant.c.user_id == user_id, inside(role_grant, marketplace_id, role=Role.ANALYST.value))
    return connection.execute(select(role_grant.c.created_at).where(*own)).scalar()


def remove_grants(connection: Connection, user_id: str, grants: Sequence[Grant]) -> None:
    """Remove roles from an account."""
    for grant in grants:
        connection.execute(
            delete(role_grant).where(
                role_grant.c.user_id == user_id,
                role_grant.c.role == grant.role.value,
                role_grant.c.marketplace_id == grant.marketplace_id,
                role_grant.c.brand_id.is_(None) if grant.brand_id is None else role_grant.c.brand_id == grant.brand_id,
            )
        )


def disable(connection: Connection, user_id: str, at: datetime) -> bool:
    """Disable sign-in for an account; False where it was disabled already."""
    changed = update(account).where(account.c.user_id == user_id, account.c.disabled_at.is_(None))
    return connection.execute(changed.values(disabled_at=at)).rowcount == 1


def enable(connection: Connection, user_id: str) -> bool:
    """Enable sign-in for an account; False where it was enabled."""
    changed = update(account).where(account.c.user_id == user_id, account.c.disabled_at.is_not(None))
    return connection.execute(changed.values(disabled_at=None)).rowcount == 1


def end_sessions(connection: Connection, user_id: str, *, but: str = "") -> int:
    """End the sessions of an account, except the one whose token has this hash; returns how many."""
    gone = delete(browser_session).where(browser_session.c.user_id == user_id, browser_session.c.token_hash != but)
    return len(connection.execute(gone.returning(browser_session.c.token_hash)).all())


def set_password(connection: Connection, user_id: str, password_hash: str) -> None:
    connection.execute(update(account).where(account.c.user_id == user_id).values(password_hash=password_hash))


def password_hash_of(connection: Connection, user_id: str) -> str:
    """The hash of a password."""
    return str(connection.execute(select(account.c.password_hash).where(account.c.user_id == user_id)).scalar_one())
