"""While a stranger attacks, a page is answered as fast as otherwise: within twice the time of a quiet service."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest

from serving.guards import COOKIE
from tests.browser.service import fill, running_service
from tests.fixtures.receivers import a_receiver
from tests.fixtures.runtimes import PASSWORD, Site
from tests.serving.attacks.attackers import ATTACKS

pytestmark = [pytest.mark.attack, pytest.mark.soak, pytest.mark.alone, pytest.mark.timeout(900)]

_REQUESTS: Final = 120
_ROUNDS: Final = 4
# Below this a difference is the scheduler's: a thread waits so long for its turn between two busy processes.
_LEAST_SECONDS: Final = 0.025
# What a service that is not stalled may answer; a connection that was closed while its body came has no answer.
_REFUSALS: Final = {
    "a_large_session": {"413", "WriteError", "ReadError", "RemoteProtocolError"},
    "a_large_notice": {"413", "WriteError", "ReadError", "RemoteProtocolError"},
    "many_lines": {"422"},
    "sign_ins": {"401", "429", "503"},
}
_FEED_BYTES: Final = 54_000_000
_MEGABYTE: Final = 1_000_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("attacked") / "home"


@pytest.fixture(scope="module")
def site(home: Path) -> Iterator[Site]:
    home.mkdir()
    with a_receiver() as receiver:
        yield fill(home, receiver.url, receiver.secret)


@pytest.fixture(scope="module")
def page(home: Path, site: Site, touchstone: str) -> Iterator[Callable[[], float]]:
    """A page of somebody who is signed in; each call says in how many seconds it was answered."""
    with (
        # As behind a proxy: the counter by address would end the attack before the hashing does.
        running_service(touchstone, home, more={"PUBLIC_URL": "http://touchstone.example"}) as address,
        httpx.Client(base_url=address, timeout=120, trust_env=False) as client,
    ):
        begun = client.post("/api/v1/session", json={"email": site.analyst.email, "password": PASSWORD})
        client.headers["cookie"] = f"{COOKIE}={begun.cookies[COOKIE]}"

        def measured() -> float:
            began = time.perf_counter()
            assert client.get("/queue").status_code == 200
            return time.perf_counter() - began

        measured.address = address  # type: ignore[attr-defined]  # of this service
        yield measured


def p95(page: Callable[[], float]) -> float:
    """The time within which 95 of 100 requests were answered."""
    return sorted(page() for _ in range(_REQUESTS))[int(0.95 * _REQUESTS)]


@contextmanager
def under_attack(command: list[str], environment: dict[str, str] | None = None) -> Iterator[dict[str, int]]:
    """An attack for the length of the block; yields the answers that it got, filled when it ends."""
    answers: dict[str, int] = {}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as attacker:
        try:
            yield answers
        finally:
            out, _ = attacker.communicate(timeout=180)
            if out.startswith("{"):
                answers.update(json.loads(out))


def assert_as_fast(page: Callable[[], float], attack: Callable[[], object]) -> None:
    """Whether in one of a few rounds the page was as fast as quiet. What else runs on the machine only slows it."""
    seen = []
    for _ in range(_ROUNDS):
        before = p95(page)
        during = attack()
        assert isinstance(during, float)
        quiet = max(before, p95(page), _LEAST_SECONDS)
        seen.append((round(during, 4), round(quiet, 4)))
        if during <= 2 * quiet:
            return
    pytest.fail(f"p95 in seconds, attacked and quiet: {seen}")


@pytest.mark.parametrize("name", ATTACKS)
def test_a_page_is_as_fast_while_a_stranger_attacks(page: Callable[[], float], site: Site, name: str) -> None:
    address: str = page.address  # type: ignore[attr-defined]
    module = "tests.serving.attacks.attackers"

    def attack() -> float:
        with under_attack([sys.executable, "-m", module, name, address, site.key]) as answers:
            time.sleep(2.0)  # It is under way.
            page_seconds = p95(page)
        assert answers
        assert set(answers) <= _REFUSALS[name], answers
        return page_seconds

    assert_as_fast(page, attack)


def test_a_page_is_as_fast_while_a_feed_without_items_is_read(
    page: Callable[[], float], home: Path, tmp_path: Path, touchstone: str
) -> None:
    feed = tmp_path / "feed.xml"
    part = b"<product><id>1</id><title>Leather tote</title></product>"
    feed.write_bytes(b"<rss><channel>" + part * (_FEED_BYTES // len(part)) + b"</channel></rss>")
    small = tmp_path / "small.xml"
    small.write_bytes(b"<rss><channel></channel></rss>")
    environment = {**os.environ, "TOUCHSTONE_HOME": str(home)}

    def reading(path: Path) -> list[str]:
        return [touchstone, "import", str(path), "--format", "merchant-feed"]

    def attack() -> float:
        with under_attack(reading(feed), environment):
            time.sleep(1.0)
            return p95(page)

    subprocess.run(reading(small), env=environment, capture_output=True, timeout=120, check=False)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    assert_as_fast(page, attack)
    grown = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 - before
    assert grown < 60 * _MEGABYTE, "the largest child since, against one that reads an empty feed"
