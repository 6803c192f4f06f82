"""Signed requests of service accounts: HTTP Message Signatures (RFC 9421), Ed25519, checked before the body is read.

The signature covers the method, the path, the query and the digest of the body (RFC 9530), and names its key, when it
was made, and a nonce.
"""

import base64
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, InvalidSignature, VerifyResult
from http_message_signatures.algorithms import ED25519
from sqlalchemy import Connection

from models.errors import Forbidden, NotFound
from serving.accounts.policy import GuessingPolicy, SecretPolicy, ServiceAccountPolicy
from serving.accounts.rules.access import Permission, Person, Secret
from serving.accounts.rules.signing import SigningTool, counts_from, is_paused
from serving.accounts.service.auth import NotSignedIn
from serving.accounts.store import accounts, service_accounts
from serving.accounts.store.service_accounts import ServiceAccount, SigningKey
from serving.platform.runtime import Runtime
from serving.platform.sealing import keyed_digest

_LONGEST_NONCE: Final = 64
_LONGEST_WHY: Final = 200
_NETWORKS: Final = b"touchstone networks of keys"
_PREFIX: Final = {4: 24, 6: 48}


class _Fields(Protocol):
    def items(self) -> Iterable[tuple[str, str]]: ...


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """The head of a request, with its whole address as the caller sent it."""

    method: str
    url: str
    headers: _Fields


@dataclass(frozen=True, slots=True)
class Admission:
    """A signed request that was admitted by its head.

    `person` is one of the two people of the account, who answers for it, with the grant for its brand alone. The body
    is still to be compared with what was signed.
    """

    tool: SigningTool
    person: Person
    signed: VerifyResult = field(repr=False)
    request: SignedRequest = field(repr=False)

    @property
    def actor(self) -> str:
        """The account as logs name it."""
        return f"service:{self.tool.account_id}"

    def check_body(self, body: bytes) -> None:
        """Compare a body with the signed digest. Raises NotSignedIn (it is another, or its digest was not signed)."""
        try:
            _verifier(_NoKeys()).verify_body(self.request, [self.signed], body)
        except InvalidSignature as refused:
            raise _invalid(refused) from None


def admit(runtime: Runtime, request: SignedRequest, address: str | None) -> Admission:
    """Admit a signed request by its head, and use up its nonce; `address` is where it comes from.

    Raises NotSignedIn (the signature is wrong, too old or was used before; its key is unknown, revoked or expired) or
    Forbidden (the key is less than a day old; the account is paused).
    """
    now, policy = runtime.wall.now(), runtime.policies[ServiceAccountPolicy]
    with runtime.store.read(admission=True) as connection:
        keys = _StoredKeys(connection)
        signed = _verified(keys, request, policy)
        assert keys.key is not None, "the signature was verified by it"
        key, account = keys.key
        person = _answering_person(connection, key, account, now, policy)
    network = network_hash(runtime, address)
    with runtime.store.write() as connection:
        made_at = datetime.fromtimestamp(int(signed.parameters["created"]), UTC)
        until = made_at + timedelta(seconds=policy.signature_seconds) + HTTPMessageVerifier.max_clock_skew
        if not service_accounts.take_nonce(connection, key.key_id, str(signed.nonce), now, until):
            raise NotSignedIn("This nonce was used before. Sign each request with a new one.")
        hours = timedelta(hours=runtime.policies[SecretPolicy].use_noted_hours)
        if key.used_at is None or now - key.used_at >= hours:
            service_accounts.record_use(connection, key, now)
        since = runtime.clock.now() - timedelta(days=runtime.policies[GuessingPolicy].key_network_days)
        known = None
        if network is not None:
            known = service_accounts.is_known_network(connection, key.key_id, network, since)
    secret = Secret(f"key:{key.key_id}", None if known is False else key.vouched_at)
    tool = SigningTool(account.account_id, account.name, key.key_id, key.vouched_at is not None, network, known)
    return Admission(tool, replace(person, secret=secret), signed, request)


def network_hash(runtime: Runtime, address: str | None) -> str | None:
    """The keyed hash of an address's network, /24 or /48; None where callers cannot be told apart by address."""
    if address is None:
        return None
    parsed = ipaddress.ip_address(address)
    block = str(ipaddress.ip_network((parsed, _PREFIX[parsed.version]), strict=False))
    return keyed_digest(runtime.contact_key, _NETWORKS, block).hex()


class _NoKeys(HTTPSignatureKeyResolver):
    """No key: a body is compared with a digest whose signature was verified before."""


class _StoredKeys(HTTPSignatureKeyResolver):
    """The keys that are registered and not revoked; `key` is the last that was asked for, with its account."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.key: tuple[SigningKey, ServiceAccount] | None = None

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey | None:
        stored = None if "\0" in key_id else service_accounts.key_with_account(self._connection, key_id)
        if stored is None or stored[0].revoked_at is not None or stored[1].ended_at is not None:
            return None
        self.key = stored
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(stored[0].public_key))


def _verifier(keys: HTTPSignatureKeyResolver) -> HTTPMessageVerifier:
    return HTTPMessageVerifier(signature_algorithm=ED25519, key_resolver=keys)


def _verified(keys: _StoredKeys, request: SignedRequest, policy: ServiceAccountPolicy) -> VerifyResult:
    covered = ["@method", "@path", *(["@query"] if "?" in request.url else [])]
    age = timedelta(seconds=policy.signature_seconds)
    try:
        (signed,) = _verifier(keys).verify(request, max_age=age, require_components=covered)
    except InvalidSignature as refused:
        raise _invalid(refused) from None
    if not isinstance(signed.nonce, str) or not 0 < len(signed.nonce) <= _LONGEST_NONCE:
        raise NotSignedIn("A signature needs a nonce of one to {most} characters.", most=_LONGEST_NONCE)
    return signed


def _invalid(refused: InvalidSignature) -> NotSignedIn:
    why = str(refused)[:_LONGEST_WHY] or "it was not made by the key that it names, or not of this request"
    return NotSignedIn("The signature of this request is not valid: {why}.", why=why.rstrip("."))


def _answering_person(
    connection: Connection, key: SigningKey, account: ServiceAccount, now: datetime, policy: ServiceAccountPolicy
) -> Person:
    """The person who answers for what the account sends: of those it names, the first who is of the brand."""
    if now >= key.expires_at:
        raise NotSignedIn("This signing key has expired. Register a new one.")
    if now < (begins := counts_from(key.registered_at, policy)):
        raise Forbidden("This signing key can be used from {at}.", at=begins.isoformat(timespec="minutes"))
    places = service_accounts.people_of(connection, account)
    of_brand = {brand_person.user_id for brand_person in accounts.people_of_brand(connection, account.pair)}
    if is_paused(places, of_brand):
        raise Forbidden("This service account is paused until a lead of the brand names a second person.")
    try:
        person = accounts.person(connection, next(user_id for user_id in places if user_id in of_brand))
    except NotFound:
        raise Forbidden("This service account is paused until a lead of the brand names a second person.") from None
    # It reports, and changes nothing of the brand's file.
    grants = [grant for grant in person.grants if (grant.marketplace_id, grant.brand_id) == account.pair]
    carrying = tuple(replace(grant, leads=False) for grant in grants if grant.carries(Permission.ANSWER_QUESTIONS))
    return replace(person, grants=carrying)
