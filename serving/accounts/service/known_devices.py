"""Browsers in which a person has signed in: a signed token each, which a guesser elsewhere does not have.

The token opens nothing. It gives a sign-in a counter of its own, so that wrong passwords from elsewhere do not keep the
account's owner out. A new password ends all of them.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final

from serving.accounts.policy import GuessingPolicy
from serving.accounts.store.accounts import Credentials
from serving.platform.runtime import Runtime

_PURPOSE: Final = b"touchstone known device"
BETWEEN: Final = "~"
# Colleagues who share a computer.
_MOST_IN_A_COOKIE: Final = 4
LONGEST_COOKIE: Final = 600


def token_of(runtime: Runtime, found: Credentials, at: datetime, others: str = "") -> str:
    """The value of the cookie: a token of this account, before those of other accounts in the same browser."""
    nonce, issued = secrets.token_urlsafe(12), int(at.timestamp())
    made = f"{nonce}.{issued}.{_signature(runtime, found, nonce, issued)}"
    kept = [one for one in _split(others) if _nonce_of(runtime, found, one, at) is None]
    return BETWEEN.join([made, *kept][:_MOST_IN_A_COOKIE])


def device_of(runtime: Runtime, found: Credentials, cookie: str, at: datetime) -> str | None:
    """The browser by which this account is known, None where it is not."""
    return next((nonce for one in _split(cookie) if (nonce := _nonce_of(runtime, found, one, at)) is not None), None)


def _split(cookie: str) -> list[str]:
    return cookie.split(BETWEEN)[:_MOST_IN_A_COOKIE] if 0 < len(cookie) <= LONGEST_COOKIE else []


def _nonce_of(runtime: Runtime, found: Credentials, token: str, at: datetime) -> str | None:
    nonce, _, rest = token.partition(".")
    issued, _, signature = rest.partition(".")
    if not (issued.isascii() and issued.isdigit() and len(issued) <= 12 and signature.isascii()):
        return None
    if not hmac.compare_digest(signature, _signature(runtime, found, nonce, int(issued))):
        return None
    lasts = timedelta(days=runtime.policies[GuessingPolicy].device_days)
    return nonce if at.timestamp() - int(issued) < lasts.total_seconds() else None


def _signature(runtime: Runtime, found: Credentials, nonce: str, issued: int) -> str:
    """Over the account and its password's hash, under a key for these tokens only."""
    key = hmac.digest(runtime.contact_key, _PURPOSE, hashlib.sha256)
    meaning = f"{found.user_id}\n{nonce}\n{issued}\n{found.password_hash}"
    made = hmac.digest(key, meaning.encode("utf-8", "replace"), hashlib.sha256)
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
