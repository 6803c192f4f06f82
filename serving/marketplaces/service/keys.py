"""API keys of marketplaces: made, checked, listed for administrators, and revoked."""

import hmac
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from models.errors import Forbidden, Invalid
from serving.accounts.policy import SecretPolicy
from serving.accounts.rules.access import Permission, Person, Role, Scope
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

_MARK: Final = "tsk"
# The page of a new secret, by what was made.
_WEBHOOK: Final = "/operations/webhook"
_PAGES: Final = {"signing_key": "/brand/service-accounts", "key": "/keys", "endpoint": _WEBHOOK, "rotated": _WEBHOOK}
# A request waits for the note of its key.
_NOTE_SECONDS: Final = 1.0


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

    Raises Invalid (the days are too few or too many).
    """
    policy = runtime.policies[SecretPolicy]
    valid_days = policy.valid_days if days is None else days
    if not 1 <= valid_days <= policy.longest_days:
        raise Invalid("A key is valid for 1 to {most} days.", most=policy.longest_days)
    key_id, secret = runtime.ids.new("key"), secrets.token_urlsafe(32)
    expires_at = runtime.wall.now() + timedelta(days=valid_days)
    key = ApiKey(key_id, marketplace_id, hash_token(secret), scopes, expires_at, user_id=made_by)
    return key, f"{_MARK}.{key_id}.{secret}"


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
    key lacks the scope).
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
