"""Passwords and sessions. Secrets are kept as hashes only."""

import gzip
import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Connection

from features.phrase import Phrase
from models.errors import DomainError, Invalid
from serving.accounts.policy import SecondFactorPolicy
from serving.accounts.rules.passwords import Weakness, weakness
from serving.accounts.rules.second_person import Proof
from serving.accounts.service import guessing, known_devices, security_events
from serving.accounts.service.guessing import UNKNOWN_SOURCE, SignInSource
from serving.accounts.service.hashing import HashingBusy, run_hashing
from serving.accounts.store import accounts, second_factors, setup_links
from serving.accounts.store.accounts import NO_DEVICE, Device, Session
from serving.platform.runtime import Runtime

# OWASP's floor for argon2id: 19 MiB, two passes, one lane.
_HASHER: Final = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))
_NOBODY: Final = _HASHER.hash(secrets.token_urlsafe(16))
SHORTEST_PASSWORD: Final = 10
LONGEST_PASSWORD: Final = 200


class NotSignedIn(DomainError):
    """Nobody is signed in, or the key is not valid. The error does not give the reason."""

    code = "not_signed_in"


@dataclass(frozen=True, slots=True)
class NewSession:
    """A new session: the token for its cookie, which is not stored, the token that forms carry, and the cookie by
    which this browser is known from now on; an empty one leaves that cookie.

    A `half` one opens nothing until the second factor is proved (`serving.accounts.service.second_factors`).
    """

    token: str
    csrf_token: str
    devices: str
    half: bool = False


_REFUSALS: Final = {
    Weakness.COMMON: Phrase("This password is on a list of common passwords. Choose another one."),
    Weakness.REPEATED: Phrase("This password repeats or counts through a few characters. Choose another one."),
    Weakness.OWN: Phrase(
        "This password is mostly your name, address, or the name of this service. Choose another one."
    ),
}


def check_new_password(password: str, own: Iterable[str] = ()) -> None:
    """Refuse a password that a guesser tries early. `own` are the person's name and e-mail address.

    Raises Invalid (too short, too long to hash safely, or easily guessed).
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Invalid(
            "A password must have {least} to {most} characters.", least=SHORTEST_PASSWORD, most=LONGEST_PASSWORD
        )
    weak = weakness(password, common_passwords(), own)
    if weak is not None:
        raise Invalid(_REFUSALS[weak])


def hash_password(password: str, own: Iterable[str] = ()) -> str:
    """The hash of a new password, to store.

    Raises Invalid (as for `check_new_password`) or Busy (too many passwords are being hashed).
    """
    check_new_password(password, own)
    return run_hashing(lambda: _HASHER.hash(password))


def is_password(password: str, password_hash: str) -> bool:
    """Whether a password is the one behind a hash."""
    return len(password) <= LONGEST_PASSWORD and run_hashing(lambda: _HASHER.verify(password, password_hash))


def sign_in(runtime: Runtime, email: str, password: str, whence: SignInSource = UNKNOWN_SOURCE) -> NewSession:
    """Begin a session; where the person has a second factor, it waits for the proof of it.

    Raises NotSignedIn (the e-mail or the password is wrong; an unknown e-mail takes as long as a wrong password),
    TooManyAttempts (too many passwords were wrong before; this one is not checked) or Busy (too many passwords are
    being checked).
    """
    now = runtime.wall.now()
    with runtime.store.read() as connection:
        credentials = accounts.credentials(connection, email)
        known = None if credentials is None else known_devices.device_of(runtime, credentials, whence.devices, now)
        attempt = guessing.attempt_of(runtime, email, whence, None if known is None else known.nonce)
        guessing.check_allowed(connection, attempt, now)
    with runtime.store.write() as connection:
        guessing.count_attempt(connection, attempt, now)
    typed_password, expected = (
        password if len(password) <= LONGEST_PASSWORD else "",
        credentials.password_hash if credentials else _NOBODY,
    )
    try:
        right = run_hashing(lambda: _HASHER.verify(typed_password, expected))
    except HashingBusy:
        with runtime.store.write() as connection:
            guessing.uncount_attempt(connection, attempt)
        raise
    if credentials is None or not right:
        security_events.log_denial("sign_in", why="wrong_password", **attempt.ids)
        raise NotSignedIn("The e-mail or the password is wrong.")
    with runtime.store.write() as connection:
        guessing.uncount_attempt(connection, attempt)
        half = bool(second_factors.confirmed_factors(connection, credentials.user_id))
        # Somebody with the password alone makes no browser known: the second step does.
        devices = (
            "" if half and known is None else known_devices.cookie_with_token(runtime, credentials, now, whence.devices)
        )
        return begin_session(
            runtime,
            connection,
            credentials.user_id,
            now,
            devices=devices,
            half=half,
            device=session_device(devices, known),
        )


def session_device(devices: str, known: known_devices.KnownDevice | None) -> Device:
    """The browser of a new session, by the cookie that it gets and what it was known as before."""
    mark_hash = hash_token(known_devices.mark_of(devices)) if devices else None
    return Device(mark_hash, None if known is None else known.since)


def begin_session(
    runtime: Runtime,
    connection: Connection,
    user_id: str,
    now: datetime,
    *,
    devices: str = "",
    half: bool = False,
    proof: Proof | None = None,
    device: Device = NO_DEVICE,
) -> NewSession:
    """Store a new session."""
    signed_in = NewSession(secrets.token_urlsafe(32), secrets.token_urlsafe(24), devices, half)
    minutes = timedelta(minutes=runtime.policies[SecondFactorPolicy].sign_in_minutes)
    accounts.add_session(
        connection,
        token_hash=hash_token(signed_in.token),
        user_id=user_id,
        csrf_token=signed_in.csrf_token,
        at=now,
        expires_at=now + (minutes if half else timedelta(hours=runtime.settings.session_hours)),
        half=half,
        proof=proof,
        device=device,
    )
    return signed_in


def session_of(runtime: Runtime, token: str | None) -> Session:
    """The session behind a cookie. Raises NotSignedIn (there is none, or it has ended)."""
    session = None
    if token:
        with runtime.store.read(admission=True) as connection:
            session = accounts.session(connection, hash_token(token), runtime.wall.now())
    if session is None:
        raise NotSignedIn("Please sign in.")
    return session


def sign_out(runtime: Runtime, token: str) -> None:
    with runtime.store.write() as connection:
        accounts.end_session(connection, hash_token(token))


def new_setup_token(runtime: Runtime) -> str:
    """The token of the one-time set-up link of a first start."""
    token = secrets.token_urlsafe(32)
    with runtime.store.write() as connection:
        setup_links.add_setup_token(connection, hash_token(token), runtime.wall.now())
    return token


def hash_token(token: str) -> str:
    """A token as it is stored. Plain SHA-256 is enough for secrets of 128 bits and more (ASVS 6.5.2)."""
    return hashlib.sha256(token.encode()).hexdigest()


@cache
def common_passwords() -> frozenset[str]:
    """Passwords and words in small letters, read once; where they come from is in data/manifest.json."""
    content = files("serving.accounts").joinpath("data/common_passwords.txt.gz").read_bytes()
    return frozenset(gzip.decompress(content).decode().split())
