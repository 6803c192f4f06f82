"""Accounts, their permissions, and their sessions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, exists, select, update

from models.errors import Conflict, NotFound, require
from serving.accounts.rules.access import Grant, Person, Role, Secret
from serving.accounts.rules.second_person import Proof
from serving.accounts.store import display_settings
from serving.accounts.tables import account, browser_session, display_setting, role_grant, second_factor, setup_token
from serving.platform.database.erasing import delete_some
from serving.platform.database.row_reader import row_of
from serving.platform.database.scope import inside
from serving.platform.database.series import read_once
from serving.platform.database.store import add
from serving.platform.display import DEFAULT_DISPLAY, Display


@dataclass(frozen=True, slots=True)
class Credentials:
    """The stored values that a sign-in is checked against."""

    user_id: str
    password_hash: str


@dataclass(frozen=True, slots=True)
class Device:
    """The browser of a session: the hash of its mark, and since when the account is known there; None if it is new."""

    mark_hash: str | None = None
    known_since: datetime | None = None


NO_DEVICE: Final = Device()


@dataclass(frozen=True, slots=True)
class Session:
    """A session: the person with their grants as of now, the token that forms must carry, and the display settings.

    `proof` is the last one of a second factor in it. `has_factor` is whether the person has one at all.
    """

    person: Person
    csrf_token: str
    display: Display = DEFAULT_DISPLAY
    token_hash: str = ""
    has_factor: bool = False
    proof: Proof | None = None
    device: Device = NO_DEVICE


def add_account(
    connection: Connection, *, user_id: str, email: str, name: str, password_hash: str, at: datetime
) -> None:
    """A new account. `serving.accounts.store.origins` records who made it.

    Raises Conflict (the e-mail address is taken).
    """
    email = email.strip().lower()
    if is_known(connection, email):
        raise Conflict("There is an account for {email} already.", email=email)
    row = {"user_id": user_id, "email": email, "name": name, "password_hash": password_hash, "created_at": at}
    add(connection, account, [row])
    connection.execute(delete(setup_token))  # The link of a first start ends with the first account, however it came.


def is_known(connection: Connection, email: str) -> bool:
    """Whether an account has this e-mail address, including a disabled one."""
    return connection.execute(select(account.c.user_id).where(account.c.email == email)).first() is not None


def add_grants(
    connection: Connection,
    user_id: str,
    grants: Sequence[Grant],
    at: datetime,
    *,
    confirms_from: datetime | None = None,
) -> None:
    """Give roles to an account; `confirms_from` is set where a brand's user may not confirm at once."""
    about = {"user_id": user_id, "created_at": at, "confirms_from": confirms_from}
    add(connection, role_grant, [{**row_of(grant), **about} for grant in grants])


def credentials(connection: Connection, email: str) -> Credentials | None:
    """The credentials of an account that is not disabled."""
    query = select(account.c.user_id, account.c.password_hash).where(
        account.c.email == email.strip().lower(), account.c.disabled_at.is_(None)
    )
    account_row = connection.execute(query).one_or_none()
    return None if account_row is None else Credentials(account_row.user_id, account_row.password_hash)


def person(connection: Connection, user_id: str) -> Person:
    """The person with their grants. Raises NotFound (there is no such account, or it is disabled)."""
    query = select(account).where(account.c.user_id == user_id, account.c.disabled_at.is_(None))
    account_row = require(connection.execute(query).one_or_none(), "There is no such account.")
    rows = connection.execute(select(role_grant).where(role_grant.c.user_id == user_id).order_by(role_grant.c.role))
    grants = tuple(Grant(Role(row.role), row.marketplace_id, row.brand_id, row.leads) for row in rows)
    return Person(user_id, account_row.name, account_row.email, grants)


def places_of(connection: Connection, user_id: str) -> frozenset[str]:
    """The marketplaces in which an account has any role; empty for an unknown id."""
    query = select(role_grant.c.marketplace_id).where(role_grant.c.user_id == user_id)
    return frozenset(connection.execute(query).scalars())


def set_lead(connection: Connection, user_id: str, pair: tuple[str, str], *, leads: bool) -> None:
    """Grant or remove a brand user's lead rights; `pair` is (marketplace, brand).

    Raises NotFound (they do not represent this brand here).
    """
    changed = connection.execute(
        update(role_grant)
        .where(
            role_grant.c.user_id == user_id,
            role_grant.c.role == Role.BRAND.value,
            inside(role_grant, pair[0], brand_id=pair[1]),
        )
        .values(leads=leads)
    )
    if changed.rowcount != 1:
        raise NotFound("No user with this id represents the brand.")


def end_brand_grant(connection: Connection, user_id: str, pair: tuple[str, str]) -> None:
    """End a user's role for a brand at a marketplace; the account stays."""
    own = inside(role_grant, pair[0], brand_id=pair[1], user_id=user_id, role=Role.BRAND.value)
    connection.execute(delete(role_grant).where(own))


@dataclass(frozen=True, slots=True)
class BrandPerson:
    """A user who represents a brand at a marketplace, since when, and whether they have lead rights.

    `confirms_from` is when they begin to confirm, None where there is no wait.
    """

    user_id: str
    name: str
    email: str
    leads: bool
    since: datetime
    confirms_from: datetime | None


@read_once(account, role_grant)
def people_of_brand(connection: Connection, pair: tuple[str, str]) -> list[BrandPerson]:
    """The users of a brand whose account is not disabled, by name; `pair` is (marketplace, brand)."""
    query = (
        select(
            account.c.user_id,
            account.c.name,
            account.c.email,
            role_grant.c.leads,
            role_grant.c.created_at,
            role_grant.c.confirms_from,
        )
        .join(role_grant, role_grant.c.user_id == account.c.user_id)
        .where(
            role_grant.c.role == Role.BRAND.value,
            inside(role_grant, pair[0], brand_id=pair[1]),
            account.c.disabled_at.is_(None),
        )
        .order_by(account.c.name, account.c.user_id)
    )
    return [BrandPerson(*row) for row in connection.execute(query)]


def user_id_by_email(connection: Connection, email: str) -> str:
    """The id of an account. Raises NotFound (there is none with this address)."""
    user_id = connection.execute(select(account.c.user_id).where(account.c.email == email.strip().lower())).scalar()
    if user_id is None:
        raise NotFound("There is no account for {email}.", email=email)
    return str(user_id)


def names(connection: Connection, user_ids: Sequence[str]) -> dict[str, str]:
    """Names by id."""
    query = select(account.c.user_id, account.c.name).where(account.c.user_id.in_(set(user_ids)))
    return {row.user_id: row.name for row in connection.execute(query)}


def add_session(
    connection: Connection,
    *,
    token_hash: str,
    user_id: str,
    csrf_token: str,
    at: datetime,
    expires_at: datetime,
    half: bool = False,
    proof: Proof | None = None,
    device: Device = NO_DEVICE,
) -> None:
    """A new session; this also deletes expired sessions of all users. A `half` one waits for the second factor."""
    connection.execute(delete(browser_session).where(browser_session.c.expires_at < at))
    if not half:
        connection.execute(update(account).where(account.c.user_id == user_id).values(signed_in_at=at))
    row = {
        "token_hash": token_hash,
        "user_id": user_id,
        "csrf_token": csrf_token,
        "created_at": at,
        "expires_at": expires_at,
        "half": half,
        "factor_id": None if proof is None else proof.factor_id,
        "proved_at": None if proof is None else proof.at,
        "device_hash": device.mark_hash,
        "device_known_since": device.known_since,
    }
    add(connection, browser_session, [row])


def session(connection: Connection, token_hash: str, at: datetime, *, half: bool = False) -> Session | None:
    """The session of a token, if it has not ended; with `half` only one that waits for the second factor."""
    chosen = [column for column in display_setting.c if column.name != "user_id"]
    own = second_factor.c.user_id == browser_session.c.user_id, second_factor.c.enrolled_at.is_not(None)
    query = (
        select(
            browser_session.c.user_id,
            browser_session.c.csrf_token,
            browser_session.c.factor_id,
            browser_session.c.proved_at,
            browser_session.c.device_hash,
            browser_session.c.device_known_since,
            exists().where(*own).label("has_factor"),
            *chosen,
        )
        .outerjoin(display_setting, display_setting.c.user_id == browser_session.c.user_id)
        .where(
            browser_session.c.token_hash == token_hash,
            browser_session.c.expires_at > at,
            browser_session.c.half.is_(half),
        )
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    try:
        return Session(
            replace(person(connection, row.user_id), secret=Secret(f"session:{token_hash}", row.device_known_since)),
            row.csrf_token,
            display_settings.of_row(row),
            token_hash,
            row.has_factor,
            None if row.proved_at is None else Proof(row.factor_id, row.proved_at),
            Device(row.device_hash, row.device_known_since),
        )
    except NotFound:
        return None


def keep_proof(connection: Connection, token_hash: str, proof: Proof) -> None:
    """Store the last proof of a second factor in a session."""
    own = update(browser_session).where(browser_session.c.token_hash == token_hash)
    connection.execute(own.values(factor_id=proof.factor_id, proved_at=proof.at))


def end_session(connection: Connection, token_hash: str) -> None:
    connection.execute(delete(browser_session).where(browser_session.c.token_hash == token_hash))


def forget_sessions(connection: Connection, before: datetime, most: int) -> int:
    """Delete sessions that ended before a moment; at most `most`. Returns how many."""
    table = browser_session.c
    return delete_some(connection, browser_session, table.token_hash, (table.expires_at <= before,), most)


def has_any_account(connection: Connection) -> bool:
    return connection.execute(select(account.c.user_id).limit(1)).first() is not None
