"""The service accounts of a brand, as its leads make and keep them: people, keys, and the end."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from sqlalchemy import Connection

from models.errors import Conflict, Forbidden, Invalid, NotFound
from serving.accounts.policy import SecretPolicy, ServiceAccountPolicy
from serving.accounts.rules.access import Permission, Person
from serving.accounts.rules.signing import PEOPLE, counts_from, is_paused
from serving.accounts.service.given_names import checked_name
from serving.accounts.store import accounts, service_accounts
from serving.accounts.store.accounts import Session
from serving.accounts.store.service_accounts import ServiceAccount, SigningKey
from serving.audit.store import audit
from serving.brands.service.brand_file import require_lead
from serving.brands.store import brands
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_to_accounts
from serving.marketplaces.service.keys import mail_new_secret
from serving.platform.database.scope import Pair
from serving.platform.outbound.addresses import check_url
from serving.platform.runtime import Runtime
from serving.takedowns.service.telling import notified_people

_LONGEST_PEM: Final = 1_000


@dataclass(frozen=True, slots=True)
class AccountOfBrand:
    """A service account as the brand sees it.

    `people` are the names of those who have a place by id, and `paused` is whether the account waits for another.
    """

    account: ServiceAccount
    people: Mapping[str, str]
    paused: bool
    keys: tuple[SigningKey, ...]


def accounts_of_brand(connection: Connection, pair: Pair) -> list[AccountOfBrand]:
    """The service accounts of a brand: those in force first, then the latest first."""
    of_brand = {brand_person.user_id: brand_person.name for brand_person in accounts.people_of_brand(connection, pair)}
    shown = []
    for account in service_accounts.accounts_of_brand(connection, pair):
        places = service_accounts.people_of(connection, account)
        named = {user_id: of_brand[user_id] for user_id in places if user_id in of_brand}
        keys = tuple(service_accounts.keys_of(connection, account))
        shown.append(AccountOfBrand(account, named, is_paused(places, of_brand), keys))
    return shown


def fingerprint(key: SigningKey) -> str:
    """The SHA-256 of a public key in hexadecimal, its first 16 digits: enough to compare by eye."""
    return hashlib.sha256(base64.b64decode(key.public_key)).hexdigest()[:16]


def make_account(
    runtime: Runtime, session: Session, pair: Pair, name: str, other_id: str, public_key_pem: str
) -> tuple[ServiceAccount, SigningKey]:
    """Make a service account with the lead and another person of the brand, and register its first key.

    The page has asked for a proof of a second factor. All leads and the account manager are told by mail.

    Raises NotFound, Forbidden (it is not their brand; they do not lead it; they have no second factor), Invalid (the
    name, the person or the key is refused) or Conflict (the brand has too many accounts; the key is registered).
    """
    name, now = checked_name("service account", name), runtime.clock.now()
    public_key = _public_key(public_key_pem)
    with runtime.store.write() as connection:
        audit.lock(connection)
        by = _require_lead_with_factor(connection, session, pair)
        in_force = [account for account in service_accounts.accounts_of_brand(connection, pair) if not account.ended_at]
        most = runtime.policies[ServiceAccountPolicy].most_accounts
        if len(in_force) >= most:
            raise Conflict("A brand can have {most} service accounts. End one that is not used.", most=most)
        if other_id == session.person.user_id:
            raise Invalid("Name another person of the brand: a service account has two.")
        _require_person(connection, pair, other_id)
        account = ServiceAccount(pair[0], runtime.ids.new("svc"), pair[1], name, now)
        service_accounts.add_account(connection, account)
        for place, user_id in enumerate((session.person.user_id, other_id)):
            service_accounts.name_person(connection, account, user_id, now + timedelta(microseconds=place))
        payload = {"name": name, "brand_id": pair[1], "people": [session.person.user_id, other_id]}
        audit.record(connection, now, pair[0], by, "service_account.made", account.account_id, **payload)
        key = _register(runtime, connection, session.person, account, public_key)
    return account, key


def register_key(runtime: Runtime, session: Session, pair: Pair, account_id: str, public_key_pem: str) -> SigningKey:
    """Register the key that follows the present one; both are valid until one is revoked or expires.

    The page has asked for a proof of a second factor.

    Raises as `make_account`.
    """
    public_key = _public_key(public_key_pem)
    with runtime.store.write() as connection:
        audit.lock(connection)
        _require_lead_with_factor(connection, session, pair)
        account = service_accounts.account_of_brand(connection, pair, account_id)
        now, most = runtime.wall.now(), runtime.policies[ServiceAccountPolicy].most_keys
        keys = service_accounts.keys_of(connection, account)
        if sum(key.revoked_at is None and now < key.expires_at for key in keys) >= most:
            raise Conflict("A service account can have {most} keys. Revoke one first.", most=most)
        return _register(runtime, connection, session.person, account, public_key)


def _register(
    runtime: Runtime, connection: Connection, by: Person, account: ServiceAccount, public_key: str
) -> SigningKey:
    now = runtime.wall.now()
    days = timedelta(days=runtime.policies[SecretPolicy].valid_days)
    key_id = runtime.ids.new("sgk")
    key = SigningKey(account.marketplace_id, key_id, account.account_id, public_key, by.user_id, now, now + days)
    if not service_accounts.add_key(connection, key):
        raise Conflict("This key is registered already. Make a new pair for each service account.")
    about = {"account_id": account.account_id, "fingerprint": fingerprint(key)}
    audit.record(
        connection, runtime.clock.now(), account.marketplace_id, by.actor, "signing_key.registered", key_id, **about
    )
    brand = brands.enrolments(connection, account.marketplace_id)[account.brand_id].name
    about_key = {"what": "signing_key", "name": account.name, "by": by.name, "brand": brand}
    mail_new_secret(runtime, connection, notified_people(connection, account.pair), account.marketplace_id, about_key)
    return key


def name_person(
    runtime: Runtime, person: Person, pair: Pair, account_id: str, user_id: str, *, instead_of: str | None = None
) -> None:
    """Name a person of the brand in a service account, in a place that is empty or `instead_of` somebody.

    Raises NotFound, Forbidden (it is not their brand, or has no such account; they do not lead it), Invalid (the person
    is not of the brand) or Conflict (no place is empty; the person has one).
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        audit.lock(connection)
        by = require_lead(connection, person, pair)
        account = service_accounts.account_of_brand(connection, pair, account_id)
        _require_person(connection, pair, user_id)
        of_brand = {brand_person.user_id for brand_person in accounts.people_of_brand(connection, pair)}
        for place in service_accounts.people_of(connection, account):
            if place == instead_of or place not in of_brand:
                service_accounts.leave_places(connection, place, now, account=account)
        places = service_accounts.people_of(connection, account)
        if user_id in places or len(places) >= PEOPLE:
            raise Conflict("A service account names two different people. Say in whose place the new one comes.")
        service_accounts.name_person(connection, account, user_id, now)
        about = {"user_id": user_id, "instead_of": instead_of}
        audit.record(connection, now, pair[0], by, "service_account.person_named", account_id, **about)


def revoke_key(runtime: Runtime, person: Person, pair: Pair, account_id: str, key_id: str) -> None:
    """Revoke a key of one's own brand; it is refused from then on.

    Raises NotFound, Forbidden (it is not their brand, or has no such key in force; they do not lead it).
    """
    with runtime.store.write() as connection:
        audit.lock(connection)
        by = require_lead(connection, person, pair)
        account = service_accounts.account_of_brand(connection, pair, account_id)
        if not end_keys(runtime, connection, account, by, "revoked", key_id=key_id):
            raise NotFound("There is no such key, or it has ended.")


def set_callback(runtime: Runtime, session: Session, pair: Pair, account_id: str, url: str) -> None:
    """Set where messages about an account's reports are sent; an empty address ends them.

    The page has asked for a proof of a second factor. Raises as `make_account`.
    """
    with runtime.store.write() as connection:
        audit.lock(connection)
        by = _require_lead_with_factor(connection, session, pair)
        account = service_accounts.account_of_brand(connection, pair, account_id)
        if url:
            check_url(url, allow_loopback=runtime.policies[ServiceAccountPolicy].callbacks_on_loopback)
        service_accounts.change_account(connection, account, callback_url=url or None)
        audit.record(connection, runtime.clock.now(), pair[0], by, "service_account.callback_set", account_id, url=url)


def end_account(runtime: Runtime, person: Person, pair: Pair, account_id: str) -> None:
    """End a service account of one's own brand with its keys. Raises as `revoke_key`."""
    with runtime.store.write() as connection:
        audit.lock(connection)
        by = require_lead(connection, person, pair)
        account = service_accounts.account_of_brand(connection, pair, account_id)
        now = runtime.clock.now()
        end_keys(runtime, connection, account, by, "ended")
        service_accounts.change_account(connection, account, ended_at=now)
        audit.record(connection, now, pair[0], by, "service_account.ended", account_id, name=account.name)


def end_keys(
    runtime: Runtime, connection: Connection, account: ServiceAccount, by: str, why: str, *, key_id: str | None = None
) -> Sequence[str]:
    """Revoke the keys of an account, or one of them; returns the ids of those that were in force."""
    ended = service_accounts.revoke_keys(connection, account, runtime.wall.now(), key_id=key_id)
    for ended_id in ended:
        about = {"account_id": account.account_id, "reason": why}
        audit.record(
            connection, runtime.clock.now(), account.marketplace_id, by, "signing_key.revoked", ended_id, **about
        )
    return ended


def leave_accounts(runtime: Runtime, connection: Connection, user_id: str, why: str, by: str) -> None:
    """Let a person leave the service accounts that name them, which pauses these; the leads are told by mail."""
    now = runtime.clock.now()
    named = service_accounts.accounts_naming(connection, user_id)
    service_accounts.leave_places(connection, user_id, now)
    for account in named:
        about = {"user_id": user_id, "reason": why}
        audit.record(connection, now, account.marketplace_id, by, "service_account.paused", account.account_id, **about)
        parameters = {
            "name": account.name,
            "who": accounts.names(connection, [user_id]).get(user_id, ""),
            "brand": brands.enrolments(connection, account.marketplace_id)[account.brand_id].name,
        }
        others = [other_id for other_id in notified_people(connection, account.pair) if other_id != user_id]
        queue_to_accounts(runtime, connection, MailKind.SERVICE_ACCOUNT_PAUSED, others, parameters)


def signs_from(runtime: Runtime, key: SigningKey) -> datetime:
    """From when a key signs requests."""
    return counts_from(key.registered_at, runtime.policies[ServiceAccountPolicy])


def _require_lead_with_factor(connection: Connection, session: Session, pair: Pair) -> str:
    by = require_lead(connection, session.person, pair)
    if not session.has_factor:
        raise Forbidden("A signing key is registered with a second factor. Set one up in your settings first.")
    return by


def _require_person(connection: Connection, pair: Pair, user_id: str) -> None:
    if pair not in _brands_of(connection, user_id):
        raise Invalid("Name a person of the brand.")


def _brands_of(connection: Connection, user_id: str) -> frozenset[Pair]:
    try:
        return accounts.person(connection, user_id).brands(Permission.ANSWER_QUESTIONS)
    except NotFound:
        return frozenset()


def _public_key(pem: str) -> str:
    """The 32 bytes of a public key in PEM, in base64."""
    if "PRIVATE KEY" in pem:
        raise Invalid("This is the private key. Keep it where your program runs, and send the public one.")
    try:
        key = load_pem_public_key(pem.strip()[:_LONGEST_PEM].encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise Invalid("A public key is an Ed25519 key in PEM: -----BEGIN PUBLIC KEY-----.")
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
