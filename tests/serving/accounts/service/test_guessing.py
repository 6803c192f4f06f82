"""Guessing passwords: bounded for an account, an address and the service, logged, and never a lock-out of the owner."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import select
from structlog.testing import capture_logs

from models.errors import DomainError, Invalid
from serving.accounts.policy import DEFAULT_GUESSING, Allowance
from serving.accounts.service import auth, hashing
from serving.accounts.service.auth import NotSignedIn
from serving.accounts.service.guessing import UNKNOWN_SOURCE, SignInSource, TooManyAttempts, claim_refusal_mail
from serving.accounts.service.hashing import HashingBusy, run_hashing
from serving.accounts.service.passwords import change_password, reset_by_link
from serving.accounts.service.reset_links import make_link_as_owner
from serving.accounts.store import sign_in_budgets
from serving.accounts.tables import sign_in_budget
from serving.composition import open_runtime
from serving.platform.database.store import Store
from tests.fixtures.answering import answering_service
from tests.fixtures.runtimes import PASSWORD, Site

pytestmark = pytest.mark.attack

ANOTHER = "a better password of mine"
WRONG = "not the right one"
UNKNOWN = "nobody@touchstone.example"


@pytest.fixture
def timed_site(site: Site) -> Site:
    return with_wall_clock(site)


def with_wall_clock(site: Site) -> Site:
    """The site with a wall clock that the test moves."""
    return replace(site, runtime=replace(site.runtime, wall=site.clock))


def guess(site: Site, email: str, whence: SignInSource = UNKNOWN_SOURCE, password: str = WRONG) -> type[DomainError]:
    with pytest.raises((NotSignedIn, TooManyAttempts)) as refused:
        auth.sign_in(site.runtime, email, password, whence)
    return refused.type


def from_address(number: int, devices: str = "") -> SignInSource:
    return SignInSource(f"203.0.113.{number}", devices)


def test_four_hundred_guesses_from_one_address_are_five(any_site: Site) -> None:
    timed_site = with_wall_clock(any_site)
    refusals = Counter(guess(timed_site, timed_site.analyst.email, from_address(1)) for _ in range(400))
    assert refusals == {NotSignedIn: 5, TooManyAttempts: 395}


def test_guesses_from_a_thousand_addresses_are_at_most_twenty_an_hour(timed_site: Site) -> None:
    checked = 0
    for number in range(1_000):
        checked += (
            guess(timed_site, timed_site.analyst.email, SignInSource(f"198.51.{number // 250}.{number % 250}"))
            is NotSignedIn
        )
        timed_site.clock.forward(seconds=3)
    assert 10 <= checked <= 20


def test_while_too_many_were_wrong_the_right_one_is_not_checked_either(timed_site: Site) -> None:
    for _ in range(5):
        guess(timed_site, timed_site.analyst.email, from_address(1))
    assert guess(timed_site, timed_site.analyst.email, from_address(1), PASSWORD) is TooManyAttempts


def test_the_owner_at_another_address_signs_in_while_one_address_guesses(timed_site: Site) -> None:
    for _ in range(400):
        guess(timed_site, timed_site.analyst.email, from_address(1))
        timed_site.clock.forward(seconds=10)
    assert auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD, from_address(2))


def test_the_owner_in_a_known_browser_signs_in_whoever_guesses(any_site: Site) -> None:
    timed_site = with_wall_clock(any_site)
    new_session = auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD, from_address(1))
    for number in range(60):
        guess(timed_site, timed_site.analyst.email, from_address(number))
    assert guess(timed_site, timed_site.analyst.email, from_address(200), PASSWORD) is TooManyAttempts
    assert auth.session_of(timed_site.runtime, new_session.token).person == timed_site.analyst, (
        "a session is no sign-in"
    )
    assert auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD, from_address(201, new_session.devices))
    assert auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD, SignInSource(None, new_session.devices))


def test_the_owner_with_a_reset_link_signs_in_whoever_guesses(timed_site: Site) -> None:
    for number in range(60):
        guess(timed_site, timed_site.analyst.email, from_address(number))
    path = make_link_as_owner(timed_site.runtime, timed_site.analyst.email, by="local")
    devices = reset_by_link(timed_site.runtime, path.removeprefix("/reset/"), new_password=ANOTHER, again=ANOTHER)
    assert auth.sign_in(timed_site.runtime, timed_site.analyst.email, ANOTHER, from_address(200, devices))


def test_after_the_wait_that_was_named_the_owner_signs_in_anywhere(timed_site: Site) -> None:
    for number in range(60):
        guess(timed_site, timed_site.analyst.email, from_address(number))
    with pytest.raises(TooManyAttempts) as refused:
        auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD, from_address(200))
    assert refused.value.retry_after_seconds <= 360
    timed_site.clock.forward(seconds=refused.value.retry_after_seconds)
    assert auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD, from_address(200))


def test_a_known_browser_that_is_stolen_has_a_limit_of_its_own(timed_site: Site) -> None:
    devices = auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD).devices
    refusals = Counter(
        guess(timed_site, timed_site.analyst.email, from_address(number, devices)) for number in range(100)
    )
    assert refusals[NotSignedIn] == DEFAULT_GUESSING.device.burst


def test_right_passwords_use_up_nothing(timed_site: Site) -> None:
    for _ in range(100):
        auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD, from_address(1))
    assert guess(timed_site, timed_site.analyst.email, from_address(1)) is NotSignedIn


def test_an_address_that_tries_every_account_is_refused_for_all_and_others_are_not(timed_site: Site) -> None:
    refusals = Counter(
        guess(timed_site, f"somebody-{number}@elsewhere.example", from_address(1)) for number in range(100)
    )
    assert refusals[NotSignedIn] == DEFAULT_GUESSING.address.burst
    assert guess(timed_site, timed_site.analyst.email, from_address(1), PASSWORD) is TooManyAttempts
    assert auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD, from_address(2))


def test_a_network_of_ipv6_counts_as_one_address(timed_site: Site) -> None:
    refusals = Counter(
        guess(timed_site, timed_site.analyst.email, SignInSource(f"2001:db8:1:2::{number:x}")) for number in range(9)
    )
    assert refusals[NotSignedIn] == 5
    assert guess(timed_site, timed_site.analyst.email, SignInSource("2001:db8:1:3::1")) is NotSignedIn


def test_an_ipv4_address_is_the_same_as_its_mapped_form(timed_site: Site) -> None:
    for _ in range(5):
        guess(timed_site, timed_site.analyst.email, SignInSource("203.0.113.1"))
    assert guess(timed_site, timed_site.analyst.email, SignInSource("::ffff:203.0.113.1")) is TooManyAttempts


def test_one_password_on_every_account_from_everywhere_meets_the_services_own_limit(timed_site: Site) -> None:
    policies = timed_site.runtime.policies.changed(replace(DEFAULT_GUESSING, service=Allowance(burst=7, an_hour=7)))
    few = replace(timed_site, runtime=replace(timed_site.runtime, policies=policies))
    devices = auth.sign_in(few.runtime, few.analyst.email, PASSWORD).devices
    refusals = Counter(guess(few, f"somebody-{number}@elsewhere.example", from_address(number)) for number in range(50))
    assert refusals[NotSignedIn] == 7
    assert auth.sign_in(few.runtime, few.analyst.email, PASSWORD, from_address(1, devices))


def test_an_unknown_account_is_refused_at_the_same_moments_as_a_known_one(timed_site: Site) -> None:
    def answers(email: str) -> Iterator[tuple[type[DomainError], str]]:
        for number in range(40):
            with pytest.raises((NotSignedIn, TooManyAttempts)) as refused:
                auth.sign_in(timed_site.runtime, email, "not the right one", from_address(number % 7))
            yield refused.type, str(refused.value)

    assert list(answers(timed_site.analyst.email)) == list(answers(UNKNOWN))


def test_an_account_is_counted_however_its_address_is_typed(timed_site: Site) -> None:
    email = timed_site.analyst.email
    for typed in (email, email.upper(), f" {email} ", email.title(), f"\t{email}"):
        guess(timed_site, typed, from_address(1))
    assert guess(timed_site, email, from_address(1)) is TooManyAttempts


def test_guesses_at_the_same_moment_count_too(any_site: Site) -> None:
    timed_site = with_wall_clock(any_site)
    with ThreadPoolExecutor(6) as guessers:
        refusals = Counter(
            guessers.map(lambda _: guess(timed_site, timed_site.analyst.email, from_address(1)), range(36))
        )
    assert refusals[NotSignedIn] <= 5


def test_another_process_and_the_next_start_know_what_was_tried(any_site: Site) -> None:
    timed_site = with_wall_clock(any_site)
    for _ in range(5):
        guess(timed_site, timed_site.analyst.email, from_address(1))
    runtime = open_runtime(timed_site.runtime.settings, clock=timed_site.clock, migrated=True)
    try:
        other = replace(timed_site, runtime=replace(runtime, wall=timed_site.clock))
        assert guess(other, timed_site.analyst.email, from_address(1)) is TooManyAttempts
    finally:
        runtime.close()


KNOWN_NO_LONGER = ["another account", "a new password", "half a year later", "altered", "cut", "too long"]


@pytest.mark.parametrize("why", KNOWN_NO_LONGER)
def test_a_browser_is_known_for_its_account_until_a_new_password_or_half_a_year(timed_site: Site, why: str) -> None:
    email = timed_site.analyst.email
    devices = auth.sign_in(timed_site.runtime, email, PASSWORD).devices
    nonce, issued, since, signature = devices.split(".")
    match why:
        case "another account":
            email = timed_site.second_analyst.email
        case "a new password":
            change_password(timed_site.runtime, timed_site.analyst, "", before=PASSWORD, new_password=ANOTHER)
        case "half a year later":
            timed_site.clock.forward(days=DEFAULT_GUESSING.device_days)
        case "altered":
            devices = f"{nonce}.{int(issued) + 1}.{since}.{signature}"
        case "cut":
            devices = devices[:-1]
        case "too long":
            devices = "~".join([devices] * 40)
    for number in range(20):
        guess(timed_site, email, from_address(number))
    assert guess(timed_site, email, from_address(99, devices)) is TooManyAttempts


def test_colleagues_who_share_a_computer_are_all_known_there(timed_site: Site) -> None:
    people, devices = (timed_site.analyst, timed_site.second_analyst, timed_site.data_scientist), ""
    for person in (*people, *people):
        devices = auth.sign_in(timed_site.runtime, person.email, PASSWORD, SignInSource(None, devices)).devices
    assert devices.count("~") == 2
    for person in people:
        for number in range(20):
            guess(timed_site, person.email, from_address(number))
        assert auth.sign_in(timed_site.runtime, person.email, PASSWORD, SignInSource(None, devices))


def test_somebody_at_an_open_session_guesses_the_current_password_five_times_and_then_has_none(
    timed_site: Site,
) -> None:
    stolen, other = (auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD).token for _ in range(2))
    refusals: Counter[type[DomainError]] = Counter()
    for _ in range(40):
        with pytest.raises((Invalid, NotSignedIn, TooManyAttempts)) as refused:
            change_password(
                timed_site.runtime, timed_site.analyst, stolen, before="not the right one", new_password=ANOTHER
            )
        refusals[refused.type] += 1
    assert refusals == {Invalid: 4, NotSignedIn: 1, TooManyAttempts: 35}
    with pytest.raises(NotSignedIn):
        auth.session_of(timed_site.runtime, stolen)
    assert change_password(timed_site.runtime, timed_site.analyst, other, before=PASSWORD, new_password=ANOTHER) == 0


def test_each_denial_is_one_line_that_names_nobody(timed_site: Site) -> None:
    with capture_logs() as lines:
        for _ in range(8):
            guess(timed_site, timed_site.analyst.email, from_address(1), "secret that was typed")
    denials: list[Any] = [line for line in lines if line["event"] == "security.denied"]
    assert [line["why"] for line in denials] == ["wrong_password"] * 5 + ["too_many_attempts"] * 3
    assert len({(line["account"], line["address"]) for line in denials}) == 1
    assert denials[-1]["counters"] == ["account_and_address"]
    for private in (timed_site.analyst.email, timed_site.analyst.name, "203.0.113.1", "secret that was typed"):
        assert private not in str(lines)


def test_counters_name_nobody_and_are_deleted_once_they_are_empty(timed_site: Site) -> None:
    guess(timed_site, timed_site.analyst.email, from_address(1))
    rows = timed_site.rows(select(sign_in_budget))
    assert {row.scope for row in rows} == {"account", "address", "account_and_address", "service"}
    assert timed_site.analyst.email not in str(rows)
    assert "203.0.113" not in str(rows)
    later = timed_site.clock.now() + timedelta(hours=1)
    with timed_site.runtime.store.write() as connection:
        assert sign_in_budgets.forget(connection, timed_site.clock.now(), 10) == 0
        assert sign_in_budgets.forget(connection, later, 10) == 4


def test_somebody_who_is_refused_again_writes_nothing(timed_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert claim_refusal_mail(timed_site.runtime, UNKNOWN)
    monkeypatch.setattr(Store, "write", lambda *_: 1 / 0)
    assert not claim_refusal_mail(timed_site.runtime, UNKNOWN)


# A flood of sign-ins holds neither the threads of pages nor the health address, and is told when to come back.

_PATIENCE_SECONDS = 30.0
_FLOOD = 64


class _SlowHasher(PasswordHash):
    """A hasher that finishes when the test says so."""

    def __init__(self) -> None:
        super().__init__((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
        self.goes_on = threading.Event()
        self.begun = threading.Semaphore(0)

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:  # noqa: A002  # the base class names it so
        self.begun.release()
        assert self.goes_on.wait(_PATIENCE_SECONDS)
        return super().verify(password, hash)


@contextmanager
def a_flood(address: str, hasher: _SlowHasher) -> Iterator[list[int]]:
    """64 connections that sign in at once, while no hash ends; yields the statuses, complete when the block ends."""
    statuses: list[int] = []

    def sign_in_once(number: int) -> None:
        signing_in = {"email": f"somebody-{number}@elsewhere.example", "password": "not right"}
        answer = httpx.post(f"{address}/api/v1/session", json=signing_in, timeout=_PATIENCE_SECONDS)
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) > 0
            assert answer.json()["error"]["code"] == "busy"
        statuses.append(answer.status_code)

    with ThreadPoolExecutor(_FLOOD) as attackers:
        running = [attackers.submit(sign_in_once, number) for number in range(_FLOOD)]
        try:
            for _ in range(hashing.AT_ONCE):
                assert hasher.begun.acquire(timeout=_PATIENCE_SECONDS)
            yield statuses
        finally:
            hasher.goes_on.set()
        for each in running:
            each.result()


def test_while_64_connections_sign_in_health_and_pages_answer(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = _SlowHasher()
    monkeypatch.setattr(auth, "_HASHER", hasher)
    with (
        answering_service(site.runtime) as address,
        httpx.Client(base_url=address, timeout=_PATIENCE_SECONDS / 2, trust_env=False) as other,
        a_flood(address, hasher) as statuses,
    ):
        assert other.get("/healthz").json() == {"status": "ok"}
        assert other.get("/sign-in").status_code == 200
    assert set(statuses) <= {401, 429, 503}
    assert len(statuses) == _FLOOD


def test_health_waits_for_no_request_that_holds_every_connection(site: Site) -> None:
    with answering_service(site.runtime) as address:
        taken = [site.runtime.store.reads.connect() for _ in range(20)]
        try:
            assert httpx.get(f"{address}/healthz", timeout=_PATIENCE_SECONDS / 4).status_code == 200
        finally:
            for connection in taken:
                connection.close()


def test_a_hash_that_fails_gives_its_place_back() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    for _ in range(hashing.AT_ONCE + hashing.MOST_WAITING + 1):
        with pytest.raises(ZeroDivisionError):
            run_hashing(fail)
    assert run_hashing(lambda: 1) == 1


def test_more_than_may_wait_are_turned_away_at_once() -> None:
    goes_on = threading.Event()
    many = hashing.AT_ONCE + hashing.MOST_WAITING
    begun = threading.Semaphore(0)

    def sign_in_once() -> bool:
        begun.release()
        return run_hashing(lambda: goes_on.wait(_PATIENCE_SECONDS))

    with ThreadPoolExecutor(many) as waiting:
        running = [waiting.submit(sign_in_once) for _ in range(many)]
        try:
            for _ in range(many):
                assert begun.acquire(timeout=_PATIENCE_SECONDS)
            while hashing._ADMITTED._value > 0:  # the moment when the last is admitted
                pass
            with pytest.raises(HashingBusy, match="Try again in a few seconds"):
                run_hashing(lambda: 1)
        finally:
            goes_on.set()
        assert all(each.result() for each in running)
