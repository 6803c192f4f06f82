"""A brand's own API keys: a lead makes and revokes keys that report listings at one marketplace."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from models.errors import Conflict, NotFound
from serving.accounts.rules.access import Permission, Person
from serving.accounts.service.given_names import checked_name
from serving.accounts.store import accounts
from serving.audit.store import audit
from serving.brands.service.brand_file import require_lead
from serving.brands.store import brands
from serving.marketplaces.service.keys import mail_new_secret, new_brand_key
from serving.marketplaces.store import marketplaces
from serving.marketplaces.store.marketplaces import KeyRecord
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime

MOST_KEYS: Final = 10  # Ours: one for each of a brand's programs; more are hard to keep an overview of.


@dataclass(frozen=True, slots=True)
class BrandKey:
    """A key as the brand sees it. `maker` is empty for a disabled account; `leads` is whether they lead the brand."""

    record: KeyRecord
    maker: str
    leads: bool


def keys_of_brand(connection: Connection, pair: Pair) -> list[BrandKey]:
    """The keys of a brand at a marketplace: those in force first, then the latest first."""
    brand_keys = []
    for key in marketplaces.key_records(connection, {pair[0]}, pair[1]):
        try:
            maker = accounts.person(connection, key.user_id or "")
        except NotFound:
            maker = None
        leads = maker is not None and pair in maker.brands(Permission.LEAD_BRAND)
        brand_keys.append(BrandKey(key, "" if maker is None else maker.name, leads))
    return brand_keys


def make_key(runtime: Runtime, person: Person, pair: Pair, name: str, days: int | None = None) -> str:
    """Make a key that reports as this person; returns its text, which is shown once and not stored.

    The brand's leads are told by mail. The page has asked for a proof that it is the person.

    Raises NotFound, Forbidden (it is not their brand; they do not lead it) or Invalid, Conflict (the name is empty or
    too long, or the days are too few or too many; the brand has too many keys in force).
    """
    name, now = checked_name("key", name), runtime.clock.now()
    with runtime.store.write() as connection:
        audit.lock(connection)
        by = require_lead(connection, person, pair)
        in_force = [key for key in marketplaces.key_records(connection, {pair[0]}, pair[1]) if key.revoked_at is None]
        if len(in_force) >= MOST_KEYS:
            raise Conflict("A brand can have {most} API keys. Revoke one that is not used.", most=MOST_KEYS)
        key, shown = new_brand_key(runtime, pair, person.user_id, days)
        marketplaces.add_key(connection, key, name, now)
        scopes = sorted(scope.value for scope in key.scopes)
        payload = {"name": name, "scopes": scopes, "brand_id": pair[1], "user_id": person.user_id}
        audit.record(connection, now, pair[0], by, "key.made", key.key_id, **payload)
        leads = [
            brand_person.user_id for brand_person in accounts.people_of_brand(connection, pair) if brand_person.leads
        ]
        brand = brands.enrolments(connection, pair[0])[pair[1]].name
        about = {"what": "brand_key", "name": name, "by": person.name, "brand": brand}
        mail_new_secret(runtime, connection, leads, pair[0], about)
    return shown


def revoke_key(runtime: Runtime, person: Person, pair: Pair, key_id: str) -> None:
    """Revoke a key of one's own brand, also one that a colleague made.

    Raises NotFound, Forbidden (it is not their brand, or the brand has no such key in force; they do not lead it).
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        audit.lock(connection)
        by = require_lead(connection, person, pair)
        ended = marketplaces.revoke_key(connection, {pair[0]}, key_id, now, brand_id=pair[1])
        audit.record(connection, now, pair[0], by, "key.revoked", key_id, name=ended.name)
