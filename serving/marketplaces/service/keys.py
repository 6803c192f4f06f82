"""API keys of marketplaces and of brands: made, checked, listed for administrators, and revoked."""

import hmac
import ipaddress
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from models.errors import Forbidden, Invalid, NotFound
from serving.accounts.policy import GuessingPolicy, SecretPolicy
from serving.accounts.rules.access import Permission, Person, Role, Scope, Secret
from serving.accounts.service.auth import NotSignedIn, hash_token
from serving.accounts.store import accounts, people
from serving.audit.store import audit
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_to_accounts
from serving.marketplaces.store import marketplaces
from serving.marketplaces.store.marketplaces import ApiKey, KeyInForce, KeyRecord
from serving.platform.database.faults import StorageFault
from serving.platform.database.pools import USES
from serving.platform.runtime import Runtime
from serving.platform.sealing import keyed_digest

_MARK: Final = "tsk"
# The page of a new secret, by what was made.
_WEBHOOK: Final = "/operations/webhook"
_PAGES: Final = {"brand_key": "/brand/keys", "key": "/keys", "endpoint": _WEBHOOK, "rotated": _WEBHOOK}
# A request waits for the note of its key.
_NOTE_SECONDS: Final = 1.0
_NETWORKS: Final = b"touchstone networks of keys"
_PREFIX: Final = {4: 24, 6: 48}


def keys_of(runtime: Runtime, by: Person) -> list[KeyRecord]:
    """The keys of the marketplaces that a person administers, revoked ones included, latest first."""
    with runtime.store.read() as connection:
        return marketplaces.key_records(connection, by.marketplaces(Permission.ADMINISTER))


def revoke(runtime: Runtime, by: Person, key_id: str) -> KeyRecord:
    """Revoke a key; it is refused from then on.

    Raises NotFound (the person's marketplaces have no such key in force).
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        audit.lock(connection)
        ended = marketplaces.revoke_key(connection, by.marketplaces(Permission.ADMINISTER), key_id, now)
        audit.record(connection, now, ended.marketplace_id, by.actor, "key.revoked", key_id, name=ended.name)
    return ended


def new_key(
    runtime: Runtime, marketplace_id: str, scopes: frozenset[Scope], made_by: str | None, days: int | None = None
) -> tuple[ApiKey, str]:
    """A marketplace's key to store, and the text to show once; without `days` it is valid for the usual time.

    Raises Invalid (the scope is that of brands' keys; or the days are too few or too many).
    """
    if Scope.REPORT in scopes:
        raise Invalid("A lead of the brand makes keys that report listings, on the page API keys.")
    policy = runtime.policies[SecretPolicy]
    valid_days = policy.valid_days if days is None else days
    if not 1 <= valid_days <= policy.longest_days:
        raise Invalid("A key is valid for 1 to {most} days.", most=policy.longest_days)
    key_id, secret = runtime.ids.new("key"), secrets.token_urlsafe(32)
    expires_at = runtime.wall.now() + timedelta(days=valid_days)
    key = ApiKey(key_id, marketplace_id, hash_token(secret), scopes, expires_at, user_id=made_by)
    return key, f"{_MARK}.{key_id}.{secret}"


def new_brand_key(runtime: Runtime, pair: tuple[str, str], user_id: str, days: int | None = None) -> tuple[ApiKey, str]:
    """A key that reports for a brand at one marketplace as its maker, and the text to show once."""
    key, shown = new_key(runtime, pair[0], frozenset(), user_id, days)
    return replace(key, scopes=frozenset({Scope.REPORT}), brand_id=pair[1]), shown


def mail_new_secret(
    runtime: Runtime, connection: Connection, user_ids: Iterable[str], marketplace_id: str, about: Mapping[str, str]
) -> None:
    """Mail these people of a new secret; `about` has `what` and `name` of it, the name `by`, and perhaps a `brand`."""
    place = marketplaces.get(connection, marketplace_id).name
    parameters = {"marketplace": place, "brand": "", "path": _PAGES[about["what"]], **about}
    queue_to_accounts(runtime, connection, MailKind.NEW_SECRET, user_ids, parameters)


def owner_of_new_secret(
    runtime: Runtime, connection: Connection, marketplace_id: str, by: str, what: str, name: str
) -> str | None:
    """The person who owns a new secret of a marketplace, by its actor; the administrators are told of it by mail.

    What a key makes belongs to the person who made the key. The owner of the data directory tells nobody.
    """
    kind, _, actor_id = by.partition(":")
    if not actor_id:
        return None
    owner = actor_id if kind == "user" else marketplaces.maker_of(connection, actor_id)
    about = {"what": what, "name": name, "by": accounts.names(connection, [owner or ""]).get(actor_id, by)}
    mail_new_secret(
        runtime, connection, people.with_role(connection, marketplace_id, Role.ADMIN), marketplace_id, about
    )
    return owner


@dataclass(frozen=True, slots=True)
class PresentedKey:
    """A key as an Authorization header gives it, before it is checked."""

    key_id: str
    secret: str


def presented_key(header: str | None) -> PresentedKey | None:
    """The key in an Authorization header; None where it holds none."""
    scheme, _, credentials = (header or "").partition(" ")
    mark, _, rest = credentials.strip().partition(".")
    key_id, _, secret = rest.partition(".")
    return PresentedKey(key_id, secret) if scheme.lower() == "bearer" and mark == _MARK and "\0" not in key_id else None


def admit_key(
    keys_by_id: Mapping[str, KeyInForce], bearer_key: PresentedKey | None, scope: Scope | None, now: datetime
) -> KeyInForce:
    """The given key among those in force, if it has the scope; None admits a key of any scope. `now` is the real time.

    Raises NotSignedIn (there is no key, the key is unknown, its secret is wrong, or it has expired) or Forbidden (the
    key lacks the scope; it is a brand's, which only reports).
    """
    key_in_force = keys_by_id.get(bearer_key.key_id) if bearer_key is not None else None
    secret = bearer_key.secret if bearer_key is not None else ""
    if (
        not hmac.compare_digest(hash_token(secret), key_in_force.key.secret_hash if key_in_force else hash_token(""))
        or key_in_force is None
    ):
        raise NotSignedIn("An API key is needed: Authorization: Bearer tsk.…")
    if now >= key_in_force.key.expires_at:
        raise NotSignedIn("This API key has expired. Create a new one.")
    if key_in_force.key.brand_id is not None and scope is not Scope.REPORT:
        raise Forbidden("This key can only report listings.")
    if scope is not None and scope not in key_in_force.key.scopes:
        raise Forbidden("This key lacks the scope {scope}.", scope=scope.value)
    return key_in_force


def key_of_header(runtime: Runtime, header: str | None, scope: Scope | None) -> KeyInForce:
    """The API key in an Authorization header with its marketplace, as the database has them now.

    Raises NotSignedIn, Forbidden (as `admitted` has it).
    """
    bearer_key, keys_by_id = presented_key(header), dict[str, KeyInForce]()
    if bearer_key is not None:
        with runtime.store.read(admission=True) as connection:
            keys_by_id = marketplaces.keys_in_force(connection, [bearer_key.key_id])
    return admit_key(keys_by_id, bearer_key, scope, runtime.wall.now())


def is_use_due(runtime: Runtime, key_in_force: KeyInForce) -> bool:
    """Whether `note_use` stores the use of a key: once in a while, so that a request seldom writes."""
    hours = timedelta(hours=runtime.policies[SecretPolicy].use_noted_hours)
    return key_in_force.used_at is None or runtime.wall.now() - key_in_force.used_at >= hours


def note_use(runtime: Runtime, key_in_force: KeyInForce) -> None:
    """Store the use of a key. A database that does not write refuses no request for this."""
    with suppress(StorageFault), runtime.store.write(wait_seconds=_NOTE_SECONDS) as connection:
        marketplaces.note_use(connection, key_in_force.key.key_id, runtime.wall.now())


async def note_use_if_due(runtime: Runtime, key_in_force: KeyInForce) -> None:
    """Store the use of a key, if that is due, off the event loop; its request waits a second for it at most."""
    if is_use_due(runtime, key_in_force):
        with suppress(StorageFault):
            await USES.run(note_use, runtime, key_in_force)


def network_hash(runtime: Runtime, address: str | None) -> str | None:
    """The keyed hash of an address's network, /24 or /48; None where callers cannot be told apart by address."""
    if address is None:
        return None
    parsed = ipaddress.ip_address(address)
    block = str(ipaddress.ip_network((parsed, _PREFIX[parsed.version]), strict=False))
    return keyed_digest(runtime.contact_key, _NETWORKS, block).hex()


def reporter_of(runtime: Runtime, header: str | None, address: str | None = None) -> tuple[Person, str]:
    """The person for whom a brand's key acts, with the grant for that brand alone, and the key's id.

    The right, certification, mandates and caps of a report are those of the person. `address` is where the call comes
    from. The key ends with their account, and is refused while they do not lead the brand.

    Raises NotSignedIn (there is no such key, or the person's account is disabled) or Forbidden (the key does not
    report, or the person does not lead the brand now).
    """
    in_force = key_of_header(runtime, header, Scope.REPORT)
    key = in_force.key
    assert key.user_id is not None, "the table keeps the person beside the brand"
    try:
        with runtime.store.read(admission=True) as connection:
            person = accounts.person(connection, key.user_id)
            network, since = network_hash(runtime, address), None
            if network is not None:
                days = timedelta(days=runtime.policies[GuessingPolicy].key_network_days)
                before = runtime.clock.now() - days
                since = marketplaces.network_known_since(connection, key.key_id, network, before)
    except NotFound:
        raise NotSignedIn("The account for which this key acts is disabled.") from None
    pair = (key.marketplace_id, key.brand_id)
    grants = [grant for grant in person.grants if (grant.marketplace_id, grant.brand_id) == pair]
    if not any(grant.carries(Permission.LEAD_BRAND) for grant in grants):
        raise Forbidden("The person who made this key does not lead the brand now.")
    if is_use_due(runtime, in_force):
        note_use(runtime, in_force)
    # It reports, and changes nothing of the brand's file.
    limited = tuple(replace(grant, leads=False) for grant in grants)
    return replace(person, grants=limited, secret=Secret(f"key:{key.key_id}", since, network)), key.key_id
