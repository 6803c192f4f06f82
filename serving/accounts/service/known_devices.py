"""Browsers in which a person has signed in: a signed token each, which a guesser elsewhere does not have.

The token opens nothing. It gives a sign-in a counter of its own, so that wrong passwords from elsewhere do not keep the
account's owner out. A new password ends all of them.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from serving.accounts.policy import GuessingPolicy
from serving.accounts.store.accounts import Credentials
from serving.platform.runtime import Runtime
from serving.platform.sealing import is_signature, signature

_PURPOSE: Final = b"touchstone known device"
BETWEEN: Final = "~"
# Colleagues who share a computer.
_MOST_IN_A_COOKIE: Final = 4
LONGEST_COOKIE: Final = 600


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A browser by which an account is known: the nonce of its mark, and since when."""

    nonce: str
    since: datetime


def cookie_with_token(runtime: Runtime, credentials: Credentials, at: datetime, others: str = "") -> str:
    """The value of the cookie: a token of this account, before those of other accounts in the same browser.

    A new token in a known browser says since when the account is known there.
    """
    known = device_of(runtime, credentials, others, at)
    nonce, issued = secrets.token_urlsafe(12), int(at.timestamp())
    times = f"{issued}.{issued if known is None else int(known.since.timestamp())}"
    new_token = f"{nonce}.{times}.{signature(*_signature_parts(runtime, credentials, nonce, times))}"
    other_tokens = [token for token in _tokens_in(others) if _device_of_token(runtime, credentials, token, at) is None]
    return BETWEEN.join([new_token, *other_tokens][:_MOST_IN_A_COOKIE])


def device_of(runtime: Runtime, credentials: Credentials, cookie: str, at: datetime) -> KnownDevice | None:
    """The browser by which this account is known, None where it is not."""
    return next(
        (
            known
            for token in _tokens_in(cookie)
            if (known := _device_of_token(runtime, credentials, token, at)) is not None
        ),
        None,
    )


def mark_of(cookie: str) -> str:
    """The nonce of the newest token of a cookie, which `is_marked` looks for."""
    return cookie.partition(".")[0]


def is_marked(cookie: str, mark_hash: str | None) -> bool:
    """Whether a browser's cookie carries the mark that it got at a sign-in, by the mark's hash."""
    return any(hashlib.sha256(mark_of(token).encode()).hexdigest() == mark_hash for token in _tokens_in(cookie))


def _tokens_in(cookie: str) -> list[str]:
    return cookie.split(BETWEEN)[:_MOST_IN_A_COOKIE] if 0 < len(cookie) <= LONGEST_COOKIE else []


def _device_of_token(runtime: Runtime, credentials: Credentials, token: str, at: datetime) -> KnownDevice | None:
    nonce, _, rest = token.partition(".")
    times, _, signed = rest.rpartition(".")
    if not is_signature(signed, *_signature_parts(runtime, credentials, nonce, times)):
        return None
    issued, _, since = times.partition(".")
    lasts = timedelta(days=runtime.policies[GuessingPolicy].device_days)
    if at.timestamp() - int(issued) >= lasts.total_seconds():
        return None
    return KnownDevice(nonce, datetime.fromtimestamp(int(since), UTC))


def _signature_parts(
    runtime: Runtime, credentials: Credentials, nonce: str, times: str
) -> tuple[bytes, bytes, str, str, str, str]:
    """The key, the account and its password's hash."""
    return runtime.contact_key, _PURPOSE, credentials.user_id, nonce, times, credentials.password_hash
