"""Provisioning: marketplaces, people, brands, keys, endpoints. Every change is audited."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection

from features import money
from features.brands import Brand
from models.errors import DomainError, Invalid, require
from serving.accounts.rules.access import Grant, Role, Scope
from serving.accounts.rules.second_person import Origin, OriginKind
from serving.accounts.service import auth
from serving.accounts.service.given_names import checked_address, checked_name, checked_prefixes
from serving.accounts.store import accounts, origins
from serving.audit.rules.chain import FOUNDED
from serving.audit.service.signing import public_key
from serving.audit.store import audit
from serving.brands.service import certification
from serving.brands.store import authorised_sellers, brands
from serving.cases.service.deferring import manager_for
from serving.marketplaces.service.keys import new_key, owner_of_new_secret
from serving.marketplaces.store import marketplaces
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.outbound.addresses import check_url
from serving.platform.runtime import Runtime
from serving.webhooks.client import check_secret, check_status_url, new_secret
from serving.webhooks.service.receivers import make_due
from serving.webhooks.service.signing_secrets import seal_secret, signing_secrets
from serving.webhooks.store import endpoints
from serving.webhooks.store.endpoints import Endpoint

_LONGEST_OVERLAP_HOURS: Final = 168


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A user to add; without a password one is made. `briefed` vouches for their certification.

    `also` are further roles at the marketplace. `leads` gives a brand user the right to change what the brand has on
    file.
    """

    email: str
    name: str
    role: Role
    marketplace: str | None = None
    brand: str | None = None
    password: str | None = None
    briefed: bool = False
    leads: bool = False
    also: tuple[Role, ...] = ()


def add_marketplace(runtime: Runtime, *, name: str, base_currency: str, by: str) -> Marketplace:
    """Create a marketplace. The data directory in which the first one is created signs the audit log."""
    if base_currency not in money.currency_codes():
        raise Invalid("The base currency must be a currency code of ISO 4217 such as EUR.")
    marketplace = Marketplace(runtime.ids.new("mkt"), checked_name("marketplace", name), base_currency, None)
    signer = {"public_key": public_key(runtime.home)}
    with runtime.store.write() as connection:
        marketplaces.add_marketplace(connection, marketplace, runtime.clock.now())
        _record(
            runtime,
            connection,
            marketplace.marketplace_id,
            by,
            _AuditedAct(FOUNDED, marketplace.marketplace_id, signer),
        )
    return marketplace


def add_person(runtime: Runtime, person: NewPerson, *, by: str) -> tuple[str, str]:
    """Create an account with a role; returns the account's id and the password, which is not stored.

    The account is a root (`serving.accounts.rules.second_person`): only the owner of the data directory adds one.

    Raises Conflict, NotFound, Invalid (the e-mail is taken; there is no such marketplace or brand; a brand user needs a
    brand, other roles have none).
    """
    password, hashed = _password_and_hash(person)
    with runtime.store.write() as connection:
        return _store_person(runtime, connection, person, hashed, by=by), password


def add_people(runtime: Runtime, people: Mapping[str, NewPerson], *, by: str) -> dict[str, str]:
    """Create all of these accounts or none; returns the passwords by e-mail. The key says where each was named.

    Raises Invalid (some cannot be added; the sentence names each with the reason).
    """
    refused: list[str] = []
    checked: dict[str, tuple[str, str]] = {}
    for where, person in people.items():
        try:
            checked[where] = _password_and_hash(person)
        except DomainError as error:
            refused.append(f"{where}: {error.sentence}")
    with runtime.store.write() as connection:
        for where, (_, hashed) in checked.items():
            try:
                _store_person(runtime, connection, people[where], hashed, by=by)
            except DomainError as error:
                refused.append(f"{where}: {error.sentence}")
        if refused:
            order = list(people)
            refused.sort(key=lambda refusal: order.index(refusal.partition(": ")[0]))
            raise Invalid("Nobody was added.\n{refused}", refused="\n".join(refused))
    return {people[where].email: password for where, (password, _) in checked.items()}


def _password_and_hash(person: NewPerson) -> tuple[str, str]:
    """The password and its hash, if the details are valid."""
    if person.leads and person.role is not Role.BRAND:
        raise Invalid("Only a brand's person can lead it.")
    checked_address(person.email)
    if (person.role is Role.BRAND) != (person.brand is not None):
        raise Invalid("A brand's person names their brand, and nobody else names one.")
    name = checked_name("person", person.name)
    password = person.password or secrets.token_urlsafe(12)
    return password, auth.hash_password(password, (name, person.email))


def _store_person(runtime: Runtime, connection: Connection, person: NewPerson, hashed: str, *, by: str) -> str:
    now, user_id = runtime.clock.now(), runtime.ids.new("usr")
    marketplace_id = marketplaces.by_name(connection, person.marketplace).marketplace_id
    brand_id = brands.by_name(connection, person.brand).brand_id if person.brand else None
    name = checked_name("person", person.name)
    accounts.add_account(connection, user_id=user_id, email=person.email, name=name, password_hash=hashed, at=now)
    origins.add_origin(connection, runtime.ids.new("org"), user_id, Origin(OriginKind.ADDED, None, now))
    further = [Grant(role, marketplace_id) for role in person.also]
    accounts.add_grants(
        connection, user_id, [Grant(person.role, marketplace_id, brand_id, person.leads), *further], now
    )
    if person.briefed:
        certification.vouch(runtime, connection, user_id, by=by)
    payload: dict[str, Any] = {"role": person.role.value, "brand": brand_id, "leads": person.leads}
    if person.also:
        payload["also"] = [role.value for role in person.also]
    _record(runtime, connection, marketplace_id, by, _AuditedAct("person.added", user_id, payload))
    return user_id


def add_brand(runtime: Runtime, *, name: str, aliases: Sequence[str], gtin_prefixes: Sequence[str], by: str) -> Brand:
    """Register a brand; it is enrolled at no marketplace yet."""
    brand = Brand(runtime.ids.new("brd"), checked_name("brand", name), tuple(aliases), checked_prefixes(gtin_prefixes))
    with runtime.store.write() as connection:
        brands.add_brand(connection, brand, runtime.clock.now())
        _record(runtime, connection, "", by, _AuditedAct("brand.registered", brand.brand_id, {"name": brand.name}))
    runtime.forget()
    return brand


@dataclass(frozen=True, slots=True)
class NewEnrolment:
    """A brand in a marketplace, with its named account manager; `daily_questions` is None for no limit.

    Without an account manager a new brand goes to the manager with the fewest brands, and an enrolled one keeps its
    own.
    """

    brand: str
    account_manager: str | None
    takes_part: bool
    marketplace: str | None = None
    authorised_sellers: tuple[str, ...] = ()
    daily_questions: int | None = None


def enrol(runtime: Runtime, enrolment: NewEnrolment, *, by: str) -> str:
    """Enrol a brand, or change its enrolment; returns the brand's id."""
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        marketplace_id = marketplaces.by_name(connection, enrolment.marketplace).marketplace_id
        brand = brands.by_name(connection, enrolment.brand)
        manager = _manager_id(connection, marketplace_id, brand.brand_id, enrolment.account_manager)
        brands.enrol(
            connection,
            marketplace_id=marketplace_id,
            brand_id=brand.brand_id,
            takes_part=enrolment.takes_part,
            account_manager_id=manager,
            daily_questions=enrolment.daily_questions,
            at=now,
        )
        sellers = enrolment.authorised_sellers
        authorised_sellers.authorise(
            connection, marketplace_id=marketplace_id, brand_id=brand.brand_id, sellers=sellers, at=now
        )
        payload = {
            "takes_part": enrolment.takes_part,
            "account_manager": manager,
            "authorised": list(sellers),
            "daily_questions": enrolment.daily_questions,
        }
        _record(runtime, connection, marketplace_id, by, _AuditedAct("brand.enrolled", brand.brand_id, payload))
    runtime.forget()
    return brand.brand_id


def _manager_id(connection: Connection, marketplace_id: str, brand_id: str, email: str | None) -> str:
    if email is not None:
        return accounts.user_id_by_email(connection, email)
    enrolled = brands.enrolments(connection, marketplace_id).get(brand_id)
    return enrolled.account_manager_id if enrolled else manager_for(connection, marketplace_id)


def add_key(
    runtime: Runtime, *, name: str, scopes: Sequence[Scope], marketplace: str | None, by: str, days: int | None = None
) -> str:
    """Make an API key and return its text, which is shown once and not stored.

    Raises Invalid (the clock scope in production; the scope of brands' keys; an invalid name or number of days).
    """
    name = checked_name("key", name)
    if Scope.CLOCK in scopes and runtime.settings.production:
        raise Invalid("Production mode has no keys that move the clock.")
    with runtime.store.write() as connection:
        marketplace_id = marketplaces.by_name(connection, marketplace).marketplace_id
        owner = owner_of_new_secret(runtime, connection, marketplace_id, by, "key", name)
        key, shown = new_key(runtime, marketplace_id, frozenset(scopes), owner, days)
        marketplaces.add_key(connection, key, name, runtime.clock.now())
        payload = {"name": name, "scopes": sorted(scope.value for scope in scopes)}
        _record(runtime, connection, marketplace_id, by, _AuditedAct("key.made", key.key_id, payload))
    return shown


def register_webhook(
    runtime: Runtime,
    *,
    url: str,
    allow_loopback: bool,
    marketplace: str | None,
    secret: str | None,
    by: str,
    status_url: str | None = None,
) -> str:
    """Register a marketplace's webhook endpoint; returns the signing secret. Waiting messages are sent to it at once.

    At `status_url`, with the id in place of {listing}, the marketplace reports whether it shows a listing.

    Raises Invalid (an address is not https, or is loopback in production; the status address lacks {listing}; or the
    secret has the wrong form).
    """
    if allow_loopback and runtime.settings.production:
        raise Invalid("Production mode sends no webhooks to the machine itself.")
    check_url(url, allow_loopback=allow_loopback)
    if status_url is not None:
        check_status_url(status_url, allow_loopback=allow_loopback)
    chosen = secret or new_secret()
    check_secret(chosen)
    with runtime.store.write() as connection:
        marketplace_id = marketplaces.by_name(connection, marketplace).marketplace_id
        now, stored = runtime.clock.now(), seal_secret(runtime, chosen)
        owner, endpoint_id = (
            owner_of_new_secret(runtime, connection, marketplace_id, by, "endpoint", url),
            runtime.ids.new("end"),
        )
        endpoint = Endpoint(
            marketplace_id, endpoint_id, url, stored, allow_loopback, now, now, owner, status_url=status_url
        )
        endpoints.add_endpoint(connection, endpoint)
        make_due(connection, marketplace_id, now)
        payload = {"url": url, "status_url": status_url}
        _record(runtime, connection, marketplace_id, by, _AuditedAct("webhook.registered", endpoint_id, payload))
    return chosen


def rotate_secret(runtime: Runtime, *, overlap_hours: int, marketplace: str | None, secret: str | None, by: str) -> str:
    """Rotate the signing secret; returns the new one. The previous secret also signs for the overlap hours.

    With no overlap the previous secret ends at once, for a secret that has leaked. At most two sign: a rotation inside
    an overlap ends the oldest.

    Raises NotFound, Invalid (no endpoint is registered; the overlap is not 0 to 168 hours; the secret is malformed or
    the current one).
    """
    if not 0 <= overlap_hours <= _LONGEST_OVERLAP_HOURS:
        raise Invalid("The previous secret signs for 0 to {most} hours.", most=_LONGEST_OVERLAP_HOURS)
    chosen = secret or new_secret()
    check_secret(chosen)
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        marketplace_id = marketplaces.by_name(connection, marketplace).marketplace_id
        endpoint = require(
            endpoints.endpoint_in_force(connection, marketplace_id), "No webhook endpoint is registered."
        )
        if chosen == signing_secrets(runtime, endpoint, now)[0]:
            raise Invalid("This is the current secret.")
        until = now + timedelta(hours=overlap_hours)
        owner = owner_of_new_secret(runtime, connection, marketplace_id, by, "rotated", endpoint.url)
        endpoints.change_secret(connection, endpoint, seal_secret(runtime, chosen), now, until, owner)
        payload = {"previous_until": until.isoformat()}
        _record(
            runtime,
            connection,
            marketplace_id,
            by,
            _AuditedAct("webhook.secret_rotated", endpoint.endpoint_id, payload),
        )
    return chosen


@dataclass(frozen=True, slots=True)
class _AuditedAct:
    act: str
    subject: str
    payload: Mapping[str, Any]


def _record(runtime: Runtime, connection: Connection, marketplace_id: str, by: str, event: _AuditedAct) -> None:
    audit.record(connection, runtime.clock.now(), marketplace_id, by, event.act, event.subject, **event.payload)
