"""API keys: made, checked, listed for administrators, and revoked. `provisioning.add_key` stores one."""

import hmac
import secrets
from typing import Final

from models.errors import Forbidden
from serving.accounts.rules.access import Permission, Person, Scope
from serving.accounts.service.auth import NotSignedIn, hash_token
from serving.audit.store import audit
from serving.marketplaces.store import marketplaces
from serving.marketplaces.store.marketplaces import ApiKey, KeyRecord
from serving.platform.runtime import Runtime

_MARK: Final = "tsk"


def keys_of(runtime: Runtime, by: Person) -> list[KeyRecord]:
    """The keys of the marketplaces that a person administers, revoked ones included, latest first."""
    with runtime.store.read() as connection:
        return marketplaces.keys(connection, by.marketplaces(Permission.ADMINISTER))


def revoke(runtime: Runtime, by: Person, key_id: str) -> KeyRecord:
    """Revoke a key; it is refused within a second.

    Raises
    ------
    NotFound
        The person's marketplaces have no such key in force.
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        ended = marketplaces.revoke_key(connection, by.marketplaces(Permission.ADMINISTER), key_id, now)
        audit.record(
            connection, now, ended.marketplace_id, f"user:{by.user_id}", "key.revoked", key_id, name=ended.name
        )
    return ended


def new_key(runtime: Runtime, marketplace_id: str, scopes: frozenset[Scope]) -> tuple[ApiKey, str]:
    """A key to store, and the text to show once."""
    key_id, secret = runtime.ids.new("key"), secrets.token_urlsafe(32)
    return ApiKey(key_id, marketplace_id, hash_token(secret), scopes), f"{_MARK}.{key_id}.{secret}"


def key_of(runtime: Runtime, header: str | None, scope: Scope | None) -> ApiKey:
    """The API key in an Authorization header, if it has the scope; None admits a key of any scope.

    Raises
    ------
    NotSignedIn
        There is no key, the key is unknown, or its secret is wrong.
    Forbidden
        The key lacks the scope.
    """
    refused = NotSignedIn("An API key is needed: Authorization: Bearer tsk.…")
    scheme, _, value = (header or "").partition(" ")
    mark, _, rest = value.strip().partition(".")
    key_id, _, secret = rest.partition(".")
    if scheme.lower() != "bearer" or mark != _MARK:
        raise refused
    with runtime.store.read() as connection:
        found = marketplaces.key(connection, key_id)
    if not hmac.compare_digest(hash_token(secret), found.secret_hash if found else hash_token("")) or found is None:
        raise refused
    if scope is not None and scope not in found.scopes:
        raise Forbidden("This key lacks the scope {scope}.", scope=scope.value)
    return found
