"""A flood of sign-ins holds neither the threads of pages nor the health address, and is told when to come back."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from serving.accounts.service import auth, hashing
from serving.accounts.service.hashing import Busy, hashed
from tests.fixtures.answering import answering
from tests.fixtures.runtimes import Site

pytestmark = pytest.mark.attack

_PATIENCE_SECONDS = 30.0
_FLOOD = 64


class _Slow(PasswordHash):
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
def a_flood(address: str, hasher: _Slow) -> Iterator[list[int]]:
    """64 connections that sign in at once, while no hash ends; yields the statuses, complete when the block ends."""
    found: list[int] = []

    def one(number: int) -> None:
        signing_in = {"email": f"somebody-{number}@elsewhere.example", "password": "not right"}
        answer = httpx.post(f"{address}/api/v1/session", json=signing_in, timeout=_PATIENCE_SECONDS)
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) > 0
            assert answer.json()["error"]["code"] == "busy"
        found.append(answer.status_code)

    with ThreadPoolExecutor(_FLOOD) as attackers:
        running = [attackers.submit(one, number) for number in range(_FLOOD)]
        try:
            for _ in range(hashing.AT_ONCE):
                assert hasher.begun.acquire(timeout=_PATIENCE_SECONDS)
            yield found
        finally:
            hasher.goes_on.set()
        for each in running:
            each.result()


def test_while_64_connections_sign_in_health_and_pages_answer(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = _Slow()
    monkeypatch.setattr(auth, "_HASHER", hasher)
    with (
        answering(site.runtime) as address,
        httpx.Client(base_url=address, timeout=_PATIENCE_SECONDS / 2, trust_env=False) as other,
        a_flood(address, hasher) as found,
    ):
        assert other.get("/healthz").json() == {"status": "ok"}
        assert other.get("/sign-in").status_code == 200
    assert set(found) <= {401, 429, 503}
    assert len(found) == _FLOOD


def test_health_waits_for_no_request_that_holds_every_connection(site: Site) -> None:
    with answering(site.runtime) as address:
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
            hashed(fail)
    assert hashed(lambda: 1) == 1


def test_more_than_may_wait_are_turned_away_at_once() -> None:
    goes_on = threading.Event()
    many = hashing.AT_ONCE + hashing.MOST_WAITING
    begun = threading.Semaphore(0)

    def one() -> bool:
        begun.release()
        return hashed(lambda: goes_on.wait(_PATIENCE_SECONDS))

    with ThreadPoolExecutor(many) as waiting:
        running = [waiting.submit(one) for _ in range(many)]
        try:
            for _ in range(many):
                assert begun.acquire(timeout=_PATIENCE_SECONDS)
            while hashing._ADMITTED._value > 0:  # the moment when the last is admitted
                pass
            with pytest.raises(Busy, match="Try again in a few seconds"):
                hashed(lambda: 1)
        finally:
            goes_on.set()
        assert all(each.result() for each in running)
