"""Service accounts of brands, the people whom they name, their keys, and what a key has shown."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select, update

from models.errors import require
from serving.accounts.tables import key_network, service_account, service_account_person, signature_nonce, signing_key
from serving.platform.database.row_reader import reader, row_of
from serving.platform.database.scope import Pair, inside, same
from serving.platform.database.store import add, insert_or_ignore


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """An account as stored."""

    marketplace_id: str
    account_id: str
    brand_id: str
    name: str
    made_at: datetime
    ended_at: datetime | None = None
    callback_url: str | None = None

    @property
    def pair(self) -> Pair:
        """(marketplace, brand)."""
        return self.marketplace_id, self.brand_id


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key as stored: `public_key` is its 32 bytes in base64."""

    marketplace_id: str
    key_id: str
    account_id: str
    public_key: str
    registered_by: str
    registered_at: datetime
    expires_at: datetime
    vouched_at: datetime | None = None
    used_at: datetime | None = None
    revoked_at: datetime | None = None


def add_account(connection: Connection, account: ServiceAccount) -> None:
    add(connection, service_account, [row_of(account)])


def accounts_of_brand(connection: Connection, pair: Pair) -> list[ServiceAccount]:
    """The accounts of a brand: those in force first, then the latest first."""
    query = select(service_account).where(inside(service_account, pair[0], brand_id=pair[1]))
    order = service_account.c.ended_at.is_not(None), service_account.c.made_at.desc()
    return reader(ServiceAccount).all(connection, query.order_by(*order, service_account.c.account_id))


def account_of_brand(connection: Connection, pair: Pair, account_id: str) -> ServiceAccount:
    """An account in force of a brand. Raises NotFound (the brand has none of this id)."""
    query = select(service_account).where(
        inside(service_account, pair[0], brand_id=pair[1], account_id=account_id), service_account.c.ended_at.is_(None)
    )
    stored_account = reader(ServiceAccount).single(connection, query.with_for_update())
    return require(stored_account, "There is no such service account.")


def change_account(connection: Connection, account: ServiceAccount, **values: object) -> None:
    """Set columns of an account."""
    own = inside(service_account, account.marketplace_id, account_id=account.account_id)
    connection.execute(update(service_account).where(own).values(**values))


def name_person(connection: Connection, account: ServiceAccount, user_id: str, at: datetime) -> None:
    """Give a person a place in an account, also one who has left it."""
    key = {"marketplace_id": account.marketplace_id, "account_id": account.account_id, "user_id": user_id}
    connection.execute(insert_or_ignore(connection, service_account_person).values(**key, named_at=at))
    own = inside(service_account_person, account.marketplace_id, account_id=account.account_id, user_id=user_id)
    connection.execute(update(service_account_person).where(own).values(named_at=at, left_at=None))


def leave_places(connection: Connection, user_id: str, at: datetime, *, account: ServiceAccount | None = None) -> None:
    """Let a person leave their place in an account; without one, in all."""
    own = service_account_person.c.user_id == user_id, service_account_person.c.left_at.is_(None)
    query = update(service_account_person).where(*own)
    if account is not None:
        query = query.where(inside(service_account_person, account.marketplace_id, account_id=account.account_id))
    connection.execute(query.values(left_at=at))


def people_of(connection: Connection, account: ServiceAccount) -> list[str]:
    """The people who have a place in an account, the one named first at first."""
    person = service_account_person
    query = select(person.c.user_id).where(
        inside(person, account.marketplace_id, account_id=account.account_id), person.c.left_at.is_(None)
    )
    return list(connection.execute(query.order_by(person.c.named_at, person.c.user_id)).scalars())


def accounts_naming(connection: Connection, user_id: str) -> list[ServiceAccount]:
    """The accounts in force in which a person has a place."""
    place = service_account_person
    query = (
        select(service_account)
        .join(place, same(service_account, place, "account_id"))
        .where(place.c.user_id == user_id, place.c.left_at.is_(None), service_account.c.ended_at.is_(None))
    )
    return reader(ServiceAccount).all(connection, query.order_by(service_account.c.account_id))


def add_key(connection: Connection, key: SigningKey) -> bool:
    """Store a key; False where it is registered already, for whomever."""
    statement = insert_or_ignore(connection, signing_key).values(**row_of(key)).returning(signing_key.c.key_id)
    return connection.execute(statement).first() is not None


def keys_of(connection: Connection, account: ServiceAccount) -> list[SigningKey]:
    """The keys of an account: those not revoked first, then the latest first."""
    query = select(signing_key).where(inside(signing_key, account.marketplace_id, account_id=account.account_id))
    order = signing_key.c.revoked_at.is_not(None), signing_key.c.registered_at.desc(), signing_key.c.key_id
    return reader(SigningKey).all(connection, query.order_by(*order))


def key_with_account(connection: Connection, key_id: str) -> tuple[SigningKey, ServiceAccount] | None:
    """A key by its id with its account; None without one."""
    stored_key = reader(SigningKey).single(connection, select(signing_key).where(signing_key.c.key_id == key_id))
    if stored_key is None:
        return None
    own = inside(service_account, stored_key.marketplace_id, account_id=stored_key.account_id)
    stored_account = reader(ServiceAccount).single(connection, select(service_account).where(own))
    assert stored_account is not None, "the database keeps the account of a key"
    return stored_key, stored_account


def account_with_callback(connection: Connection, key_id: str | None) -> ServiceAccount | None:
    """The account of a key, if it is in force and has an address for messages."""
    _, account = (None if key_id is None else key_with_account(connection, key_id)) or (None, None)
    return account if account is not None and account.ended_at is None and account.callback_url is not None else None


def revoke_keys(
    connection: Connection, account: ServiceAccount, at: datetime, *, key_id: str | None = None
) -> list[str]:
    """Revoke a key of an account, or all; returns the ids of those that were in force."""
    own = inside(signing_key, account.marketplace_id, account_id=account.account_id)
    query = update(signing_key).where(own, signing_key.c.revoked_at.is_(None)).values(revoked_at=at)
    if key_id is not None:
        query = query.where(signing_key.c.key_id == key_id)
    return list(connection.execute(query.returning(signing_key.c.key_id)).scalars())


def record_use(connection: Connection, key: SigningKey, at: datetime) -> None:
    connection.execute(update(signing_key).where(signing_key.c.key_id == key.key_id).values(used_at=at))


def vouch(connection: Connection, key_id: str, at: datetime) -> None:
    """Record that a person released a report by a key; the first time stays."""
    values = {"vouched_at": func.coalesce(signing_key.c.vouched_at, at)}
    connection.execute(update(signing_key).where(signing_key.c.key_id == key_id).values(values))


def take_nonce(connection: Connection, key_id: str, nonce: str, now: datetime, until: datetime) -> bool:
    """Use up a nonce of a key; False where it was used before. Those that no signature can carry any more are deleted.

    `now` and `until` are real times.
    """
    own = signature_nonce.c.key_id == key_id
    connection.execute(delete(signature_nonce).where(own, signature_nonce.c.expires_at < now))
    statement = insert_or_ignore(connection, signature_nonce).values(key_id=key_id, nonce=nonce, expires_at=until)
    return connection.execute(statement.returning(signature_nonce.c.nonce)).first() is not None


def is_known_network(connection: Connection, key_id: str, network: str, since: datetime) -> bool:
    """Whether a key has reported from a network since a moment."""
    query = select(key_network.c.key_id).where(
        key_network.c.key_id == key_id, key_network.c.network == network, key_network.c.last_seen_at >= since
    )
    return connection.execute(query).first() is not None


def keep_network(connection: Connection, key_id: str, network: str, at: datetime, period: timedelta) -> None:
    """Store that a key reports from a network; networks that it left longer ago than `period` are forgotten."""
    own = key_network.c.key_id == key_id
    connection.execute(delete(key_network).where(own, key_network.c.last_seen_at < at - period))
    row = {"key_id": key_id, "network": network, "last_seen_at": at}
    connection.execute(insert_or_ignore(connection, key_network).values(row))
    connection.execute(update(key_network).where(own, key_network.c.network == network).values(last_seen_at=at))


def names_of(connection: Connection, account_ids: Collection[str]) -> dict[str, str]:
    """The names of accounts by id."""
    query = select(service_account.c.account_id, service_account.c.name)
    return {
        row.account_id: row.name
        for row in connection.execute(query.where(service_account.c.account_id.in_(sorted(account_ids))))
    }
