"""Passwords are checked a few at a time: who waits holds no thread, and who sends slowly holds nobody up."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from serving.accounts.service import auth, hashing
from serving.api import sign_in_door
from tests.fixtures.answering import answering_service
from tests.fixtures.runtimes import PASSWORD, Site

pytestmark = pytest.mark.attack

_PATIENCE_SECONDS = 30.0
DOORS = ["/api/v1/session", "/sign-in", "/join/x", "/reset/x", "/setup/x"]


class _WatchedHasher(PasswordHash):
    """A hasher that counts how many sign-ins are inside, and waits for the test."""

    def __init__(self) -> None:
        super().__init__((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
        self.goes_on = threading.Event()

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:  # noqa: A002  # the base class names it so
        assert self.goes_on.wait(_PATIENCE_SECONDS)
        return super().verify(password, hash)


def test_of_a_flood_few_hold_a_thread_and_all_are_answered(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    hasher, many = _WatchedHasher(), 24
    monkeypatch.setattr(auth, "_HASHER", hasher)

    def sign_in(address: str) -> int:
        body = {"email": site.analyst.email, "password": PASSWORD}
        return httpx.post(f"{address}/api/v1/session", json=body, timeout=_PATIENCE_SECONDS).status_code

    with answering_service(site.runtime) as address, ThreadPoolExecutor(many) as pool:
        running = [pool.submit(sign_in, address) for _ in range(many)]
        try:
            assert httpx.get(f"{address}/sign-in", timeout=_PATIENCE_SECONDS / 2).status_code == 200
            workers = [thread for thread in threading.enumerate() if thread.name.startswith("hashing")]
            assert len(workers) <= hashing.AT_ONCE
        finally:
            hasher.goes_on.set()
        assert {future.result() for future in running} == {200}, "nobody was turned away who has five tries"


def test_a_turn_that_does_not_come_is_a_503(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = _WatchedHasher()
    monkeypatch.setattr(auth, "_HASHER", hasher)
    monkeypatch.setattr(sign_in_door, "PATIENCE_SECONDS", 0.3)
    body = {"email": site.analyst.email, "password": PASSWORD}
    with answering_service(site.runtime) as address, ThreadPoolExecutor(3) as pool:
        running = [
            pool.submit(httpx.post, f"{address}/api/v1/session", json=body, timeout=_PATIENCE_SECONDS)
            for _ in range(hashing.AT_ONCE + 1)
        ]
        try:
            while not any(future.done() for future in running):
                threading.Event().wait(0.01)
        finally:
            hasher.goes_on.set()
        assert sorted(future.result().status_code for future in running) == [200] * hashing.AT_ONCE + [503]
        (late,) = (future.result() for future in running if future.result().status_code == 503)
        assert (late.json()["error"]["code"], late.headers["retry-after"]) == ("busy", "2")


@pytest.mark.parametrize("path", DOORS)
def test_a_client_that_sends_its_password_slowly_holds_nobody_up(site: Site, path: str) -> None:
    with answering_service(site.runtime) as address:
        host, port = address.removeprefix("http://").split(":")
        slow = [socket.create_connection((host, int(port))) for _ in range(2 * hashing.AT_ONCE)]
        try:
            for connection in slow:
                connection.sendall(f"POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 99\r\n\r\nx".encode())
            body = {"email": site.analyst.email, "password": PASSWORD}
            answer = httpx.post(f"{address}/api/v1/session", json=body, timeout=sign_in_door.PATIENCE_SECONDS / 2)
            assert answer.status_code == 200
        finally:
            for connection in slow:
                connection.close()


def test_a_refusal_is_answered_after_a_moment_and_a_right_password_at_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pause is longer than the client waits, and others sign in meanwhile."""
    monkeypatch.setattr(sign_in_door, "PAUSE_SECONDS", _PATIENCE_SECONDS)
    many = 2 * hashing.AT_ONCE

    def guess(address: str) -> None:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{address}/api/v1/session", json={"email": "a@b.example", "password": "x"}, timeout=2.0)

    with answering_service(site.runtime, ends_at_once=True) as address:
        with ThreadPoolExecutor(many) as pool:
            list(pool.map(guess, [address] * many))
        body = {"email": site.analyst.email, "password": PASSWORD}
        assert httpx.post(f"{address}/api/v1/session", json=body, timeout=_PATIENCE_SECONDS / 2).status_code == 200
