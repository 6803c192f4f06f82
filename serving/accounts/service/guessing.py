"""Wrong passwords are counted, by account, address and for the service, and the next one must wait.

An attempt is counted before its password is checked, so that attempts at the same moment count too. A right password
gives its attempt back. Nothing depends on whether the account exists.
"""

import ipaddress
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from features.phrase import Phrase
from models.errors import DomainError
from serving.accounts.policy import Allowance, GuessingPolicy
from serving.accounts.rules.passwords import counter_after_attempt, counter_without_attempt, wait_before_attempt
from serving.accounts.service.security_events import log_denial
from serving.accounts.store import sign_in_budgets
from serving.accounts.store.sign_in_budgets import Counter
from serving.platform.runtime import Runtime
from serving.platform.sealing import keyed_digest

_PURPOSE: Final = b"touchstone sign-in counters"
# A customer of IPv6 has a network of addresses.
_IPV6_NETWORK: Final = 64
_SHOWN: Final = 16
_CODES: Final = "second_factor"
_SESSION: Final = "session"


@dataclass(frozen=True, slots=True)
class SignInSource:
    """Where a sign-in comes from: the address, if people can be told apart by it, and the cookie of known devices."""

    address: str | None = None
    devices: str = ""


UNKNOWN_SOURCE: Final = SignInSource()


class TooManyAttempts(DomainError):
    """Too many wrong passwords; `retry_after_seconds` says when the next one is allowed."""

    code = "too_many_attempts"

    retry_after_seconds: int

    def __init__(self, wait: timedelta, *, of_codes: bool = False) -> None:
        self.retry_after_seconds = max(1, math.ceil(wait.total_seconds()))
        minutes = math.ceil(self.retry_after_seconds / 60)
        super().__init__(
            Phrase(
                "Too many wrong codes were tried. Try again in {minutes:,} min. Sooner: with a passkey or a recovery "
                "code, or after the link in our mail to the account's owner.",
                minutes=minutes,
            )
            if of_codes
            else Phrase(
                "Too many wrong passwords were tried. Try again in {minutes:,} min. Sooner: in a browser in which you "
                "have signed in before, or by the link in our mail to the account's owner.",
                minutes=minutes,
            )
        )


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to sign in, and its counters."""

    counters: Mapping[Counter, Allowance]
    account: str
    address: str | None

    @property
    def ids(self) -> dict[str, str | None]:
        """What a log line says of it: the same account and address give the same hashes."""
        return {"account": self.account[:_SHOWN], "address": None if self.address is None else self.address[:_SHOWN]}


def attempt_of(runtime: Runtime, email: str, whence: SignInSource, device: str | None) -> Attempt:
    """The attempt; `device` is the known browser that it comes from."""
    policy = runtime.policies[GuessingPolicy]
    account = _counter_key(runtime, "account", email.strip().lower())
    address = None if whence.address is None else _counter_key(runtime, "address", _client_network(whence.address))
    if device is not None:
        return Attempt({("device", _counter_key(runtime, "device", account, device)): policy.device}, account, address)
    counters: dict[Counter, Allowance] = {("account", account): policy.account, ("service", "all"): policy.service}
    if address is not None:
        counters["address", address] = policy.address
        counters["account_and_address", _counter_key(runtime, "both", account, address)] = policy.account_and_address
    return Attempt(counters, account, address)


def attempt_in_session(runtime: Runtime, session: str, user_id: str, browser: str | None = None) -> Attempt:
    """The attempt to name the password or to prove a factor in a session, by the hash of its token.

    A code that signs in counts for its `browser` too, or for the account where that one is unknown, which is empty.
    """
    policy = runtime.policies[GuessingPolicy]
    counters = {(_SESSION, _counter_key(runtime, "session", session)): policy.session}
    if browser is not None:
        counters[_CODES, _counter_key(runtime, "codes", user_id, browser)] = policy.session if browser else policy.codes
    return Attempt(counters, _counter_key(runtime, "account", user_id), None)


def claim_refusal_mail(runtime: Runtime, email: str) -> bool:
    """Whether the owner of an address is told of a refusal now; True at most once in the time of the policy."""
    now, counter = runtime.wall.now(), ("mail", _counter_key(runtime, "mail", email.strip().lower()))
    hours = timedelta(hours=runtime.policies[GuessingPolicy].mail_hours)
    with runtime.store.read() as connection:
        if sign_in_budgets.spent_counters(connection, [counter]).get(counter, now) > now:
            return False  # Without a write, as somebody who is refused may ask often.
    with runtime.store.write() as connection:
        is_first = sign_in_budgets.lock_counters(connection, [counter], now)[counter] <= now
        sign_in_budgets.save(connection, {counter: now + hours} if is_first else {})
    return is_first


def check_allowed(connection: Connection, attempt: Attempt, now: datetime) -> None:
    """Refuse an attempt that must wait, without a write. Raises TooManyAttempts (a counter allows none now)."""
    _check_waits(attempt, sign_in_budgets.spent_counters(connection, list(attempt.counters)), now)


def count_attempt(connection: Connection, attempt: Attempt, now: datetime) -> bool:
    """Count an attempt; returns whether it is the last one that its session allows.

    Raises TooManyAttempts (a counter allows none now; nothing is counted).
    """
    counters = sign_in_budgets.lock_counters(connection, list(attempt.counters), now)
    _check_waits(attempt, counters, now)
    after = {
        counter: counter_after_attempt(counters.get(counter), now, allowed)
        for counter, allowed in attempt.counters.items()
    }
    sign_in_budgets.save(connection, after)
    return _SESSION in _waits_by_scope(attempt, after, now)


def uncount_attempt(connection: Connection, attempt: Attempt) -> None:
    """Count an attempt no longer: its password was right, or was not checked."""
    counters = sign_in_budgets.spent_counters(connection, list(attempt.counters), lock=True)
    sign_in_budgets.save(
        connection,
        {counter: counter_without_attempt(until, attempt.counters[counter]) for counter, until in counters.items()},
    )


def _waits_by_scope(attempt: Attempt, counters: Mapping[Counter, datetime], now: datetime) -> dict[str, timedelta]:
    return {
        scope: wait
        for (scope, key), allowed in attempt.counters.items()
        if (wait := wait_before_attempt(counters.get((scope, key)), now, allowed)) is not None
    }


def _check_waits(attempt: Attempt, counters: Mapping[Counter, datetime], now: datetime) -> None:
    waits = _waits_by_scope(attempt, counters, now)
    if waits:
        log_denial("sign_in", why="too_many_attempts", counters=sorted(waits), **attempt.ids)
        raise TooManyAttempts(max(waits.values()), of_codes=_CODES in waits)


def _client_network(address: str) -> str:
    """The address; of IPv6 the network that one customer has."""
    ip_address = ipaddress.ip_address(address)
    if ip_address.version == 4:
        return address
    if ip_address.ipv4_mapped is not None:
        return str(ip_address.ipv4_mapped)
    return str(ipaddress.ip_network((ip_address, _IPV6_NETWORK), strict=False))


def _counter_key(runtime: Runtime, *parts: str) -> str:
    """A name for a counter; only the key leads back from it."""
    return keyed_digest(runtime.contact_key, _PURPOSE, *parts).hex()
