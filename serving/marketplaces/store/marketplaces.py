"""Marketplaces and their API keys."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, String, select, update

from models.errors import Conflict, NotFound, require
from serving.accounts.rules.access import Scope
from serving.marketplaces.tables import api_key, marketplace
from serving.platform.database.fast.door import PlainQuery
from serving.platform.database.lists import list_parameter, value_table
from serving.platform.database.row_reader import RowReader, reader, row_of
from serving.platform.database.scope import inside
from serving.platform.database.series import read_once
from serving.platform.database.store import add
from serving.platform.database.types import moment_of


@dataclass(frozen=True, slots=True)
class Marketplace:
    """A marketplace; amounts are compared in its base currency."""

    marketplace_id: str
    name: str
    base_currency: str
    seller_events_since: datetime | None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is checked: only the hash of the secret. `user_id` made it."""

    key_id: str
    marketplace_id: str
    secret_hash: str
    scopes: frozenset[Scope]
    expires_at: datetime
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key as it is listed, without its secret; `user_id` is its maker, None for the owner of the data directory."""

    key_id: str
    marketplace_id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    revoked_at: datetime | None
    user_id: str | None
    expires_at: datetime
    used_at: datetime | None


_KEYS: Final = RowReader(KeyRecord, scopes=lambda scopes: tuple(map(Scope, scopes)))


def add_marketplace(connection: Connection, new_marketplace: Marketplace, at: datetime) -> None:
    """Insert a marketplace. Raises Conflict (the name is taken)."""
    if connection.execute(select(marketplace.c.name).where(marketplace.c.name == new_marketplace.name)).first():
        raise Conflict("There is a marketplace named {name} already.", name=new_marketplace.name)
    add(connection, marketplace, [{**row_of(new_marketplace), "created_at": at}])


def get(connection: Connection, marketplace_id: str) -> Marketplace:
    """One marketplace. Raises No marketplace has this id. (there is none with this id)."""
    query = select(marketplace).where(marketplace.c.marketplace_id == marketplace_id)
    return require(reader(Marketplace).single(connection, query), "There is no such marketplace.")


def all_marketplaces(connection: Connection) -> list[Marketplace]:
    """All marketplaces in the order in which they were created."""
    return reader(Marketplace).all(connection, select(marketplace).order_by(marketplace.c.marketplace_id))


def marketplaces_where(holds: Callable[[ColumnElement[str]], ColumnElement[bool]]) -> Select[tuple[str]]:
    return select(marketplace.c.marketplace_id).where(holds(marketplace.c.marketplace_id))


def by_name(connection: Connection, name: str | None) -> Marketplace:
    """The marketplace with a name; without a name, the only one.

    Raises NotFound (no marketplace has the name, or there are several and no name is given).
    """
    matches = [place for place in all_marketplaces(connection) if name is None or place.name == name]
    if len(matches) != 1:
        known = ", ".join(place.name for place in all_marketplaces(connection)) or "none"
        raise NotFound("Name one marketplace; known are: {known}.", known=known)
    return matches[0]


def record_events_complete(connection: Connection, marketplace_id: str, since: datetime) -> None:
    """Record the moment from which the marketplace sends every seller event; an earlier assertion stays."""
    connection.execute(
        update(marketplace)
        .where(
            marketplace.c.marketplace_id == marketplace_id,
            marketplace.c.seller_events_since.is_(None) | (marketplace.c.seller_events_since > since),
        )
        .values(seller_events_since=since)
    )


@read_once(marketplace)
def countries_sold_in(connection: Connection, marketplace_id: str) -> frozenset[str] | None:
    """The countries in which a marketplace sells; None where it has not stated them."""
    query = select(marketplace.c.sold_in).where(marketplace.c.marketplace_id == marketplace_id)
    countries = connection.execute(query).scalar()
    return None if countries is None else frozenset(countries)


def audits_a_day(connection: Connection, marketplace_id: str) -> int | None:
    """The most audits that a marketplace draws in 24 hours; None where it has not set its own number."""
    query = select(marketplace.c.audits_a_day).where(marketplace.c.marketplace_id == marketplace_id)
    number: int | None = connection.execute(query).scalar()
    return number


def record_audits_a_day(connection: Connection, marketplace_id: str, number: int) -> None:
    """Store how many audits a marketplace draws in 24 hours at most."""
    connection.execute(
        update(marketplace).where(marketplace.c.marketplace_id == marketplace_id).values(audits_a_day=number)
    )


def makes_seller_links(connection: Connection, marketplace_id: str) -> bool:
    """Whether a marketplace gets the seller's link with every removal."""
    query = select(marketplace.c.no_seller_links_since).where(inside(marketplace, marketplace_id))
    return connection.execute(query).scalar_one() is None


def record_seller_links(connection: Connection, marketplace_id: str, off_since: datetime | None) -> None:
    this = update(marketplace).where(inside(marketplace, marketplace_id))
    connection.execute(this.values(no_seller_links_since=off_since))


def record_countries(connection: Connection, marketplace_id: str, territories: Sequence[str]) -> None:
    """Record the countries in which a marketplace sells from now on."""
    connection.execute(update(marketplace).where(inside(marketplace, marketplace_id)).values(sold_in=list(territories)))


def add_key(connection: Connection, key: ApiKey, name: str, at: datetime) -> None:
    row = {
        "key_id": key.key_id,
        "marketplace_id": key.marketplace_id,
        "name": name,
        "secret_hash": key.secret_hash,
        "scopes": sorted(scope.value for scope in key.scopes),
        "user_id": key.user_id,
        "created_at": at,
        "expires_at": key.expires_at,
    }
    add(connection, api_key, [row])


@dataclass(frozen=True, slots=True)
class KeyInForce:
    """A key that is not revoked, with its marketplace, and when its use was last noted."""

    key: ApiKey
    marketplace: Marketplace
    used_at: datetime | None


def keys_in_force(connection: Connection, key_ids: Collection[str]) -> dict[str, KeyInForce]:
    """The keys of these ids that are not revoked, with their marketplaces, by id. Every request reads its key."""
    if not key_ids:
        return {}
    moment = moment_of(connection)
    keys_by_id: dict[str, KeyInForce] = {}
    for row in _IN_FORCE.rows(connection, list_parameter(connection, sorted(set(key_ids)))):
        key_id, marketplace_id, secret_hash, scopes, user_id, expires, used, name, currency, since = row
        if key_id is not None:
            may = frozenset(map(Scope, json.loads(scopes)))
            keys_by_id[key_id] = KeyInForce(
                ApiKey(key_id, marketplace_id, secret_hash, may, moment(expires), user_id),
                Marketplace(marketplace_id, name, currency, None if since is None else moment(since)),
                None if used is None else moment(used),
            )
    return keys_by_id


def _keys_in_force_query(dialect: str) -> Select[Any]:
    id_list = value_table(dialect, String())
    of_key, of_marketplace = api_key.c, marketplace.c
    return select(
        of_key.key_id,
        of_key.marketplace_id,
        of_key.secret_hash,
        of_key.scopes,
        of_key.user_id,
        of_key.expires_at,
        of_key.used_at,
        of_marketplace.name,
        of_marketplace.base_currency,
        of_marketplace.seller_events_since,
    ).select_from(
        id_list.outerjoin(api_key, (of_key.key_id == id_list.c.value) & of_key.revoked_at.is_(None)).outerjoin(
            marketplace, of_marketplace.marketplace_id == of_key.marketplace_id
        )
    )


_IN_FORCE: Final = PlainQuery(_keys_in_force_query)


def key_records(connection: Connection, marketplaces: Collection[str]) -> list[KeyRecord]:
    """The keys of marketplaces: those in force first, then the latest first."""
    query = select(api_key).where(api_key.c.marketplace_id.in_(marketplaces))
    order = (api_key.c.revoked_at.is_not(None), api_key.c.created_at.desc(), api_key.c.key_id)
    return _KEYS.all(connection, query.order_by(*order))


def revoke_key(connection: Connection, marketplaces: Collection[str], key_id: str, at: datetime) -> KeyRecord:
    """Revoke a key. Raises NotFound (these marketplaces have no such key in force)."""
    ended = (
        update(api_key)
        .where(api_key.c.key_id == key_id, api_key.c.marketplace_id.in_(marketplaces), api_key.c.revoked_at.is_(None))
        .values(revoked_at=at)
        .returning(api_key)
    )
    return require(_KEYS.single(connection, ended), "There is no such key, or it has ended.")


def keys_made_by(connection: Connection, user_id: str) -> list[KeyRecord]:
    """The keys that a person has made and that are not revoked, the latest first."""
    query = select(api_key).where(api_key.c.user_id == user_id, api_key.c.revoked_at.is_(None))
    return _KEYS.all(connection, query.order_by(api_key.c.created_at.desc(), api_key.c.key_id))


def maker_of(connection: Connection, key_id: str) -> str | None:
    """The person who made a key; None for the owner of the data directory."""
    return connection.execute(select(api_key.c.user_id).where(api_key.c.key_id == key_id)).scalar()


def note_use(connection: Connection, key_id: str, at: datetime) -> None:
    """Store when a key was last used."""
    connection.execute(update(api_key).where(api_key.c.key_id == key_id).values(used_at=at))
