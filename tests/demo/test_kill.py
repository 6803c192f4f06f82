"""SIGKILL in the middle of a demo: nothing that was acknowledged is lost, and every takedown has one effect.

Sizes: one kill of each kind here at 1,000 listings; `make soak` repeats both at 3,000.
"""

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.demo.test_demo import demo_environment, effects_of

QUICK_WINDOW = {"TOUCHSTONE_UNDO_WINDOW_SECONDS": "5"}


def wait_for(what: str, holds: Any, seconds: float = 120) -> Any:
    """Poll until something holds and return it."""
    until = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        assert time.monotonic() < until, f"{what} did not happen within {seconds} seconds"
        time.sleep(0.1)


def service_of(home: Path) -> dict[str, Any]:
    """How to reach the service of a home."""
    try:
        found: dict[str, Any] = json.loads((home / "service.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def key_of(home: Path) -> str | None:
    """The demo marketplace's API key, once it exists."""
    try:
        rows = json.loads((home / "demo-credentials.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return next(str(row["password"]) for row in rows if row["role"] == "api_key")


def ask(home: Path, path: str) -> dict[str, Any]:
    """The answer of the service to the marketplace; empty while it is away."""
    headers = {"authorization": f"Bearer {key_of(home)}"}
    try:
        answer = httpx.get(f"http://127.0.0.1:{service_of(home)['port']}{path}", headers=headers, timeout=30)
    except (httpx.TransportError, KeyError):
        return {}
    found: dict[str, Any] = answer.json()
    return found


@contextmanager
def started(command: list[str], home: Path, log: Path, **extra: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own, ended with the block."""
    with log.open("ab") as stream:
        process = subprocess.Popen(
            command,
            env={**demo_environment(home), **QUICK_WINDOW, **extra},
            stdout=stream,
            stderr=stream,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def rows_in(home: Path) -> tuple[set[str], set[str]]:
    """Listings and verdicts in the database of a home whose service is dead."""
    with sqlite3.connect(f"file:{home / 'touchstone.sqlite'}?mode=ro", uri=True) as connection:
        listings = {row[0] for row in connection.execute("SELECT external_id FROM listing")}
        verdicts = {row[0] for row in connection.execute("SELECT verdict_id FROM verdict")}
    return listings, verdicts


def acknowledged_before(home: Path, removals: int) -> dict[str, Any]:
    """Figures that the service itself gave out when at least so many removals were on their way."""

    def enough() -> dict[str, Any] | None:
        found = ask(home, "/api/v1/figures") if key_of(home) else {}
        on_their_way = found and found["removals"]["scheduled"] + found["removals"]["sent"] >= removals
        return found if on_their_way and found["removals"]["scheduled"] else None

    found: dict[str, Any] = wait_for("removals on their way", enough)
    return found


def assert_nothing_was_lost(home: Path, before: dict[str, Any], touchstone: str) -> None:
    """Every pending takedown ended with one effect, the counts did not fall, the chain holds."""

    def settled() -> dict[str, Any] | None:
        found = ask(home, "/api/v1/figures")
        return found if found and found["pending"] == 0 else None

    after: dict[str, Any] = wait_for("no pending takedown", settled, seconds=240)
    assert after["listings"] >= before["listings"]
    assert sum(after["verdicts"].values()) >= sum(before["verdicts"].values())
    effects = effects_of(home)
    removed = [effect["webhook_id"] for effect in effects if effect["action"] == "remove"]
    assert len(removed) == len(set(removed)) == after["removals"]["acknowledged"]
    assert after["removals"]["sent"] == after["removals"]["acknowledged"]
    command = [touchstone, "audit", "verify"]
    done = subprocess.run(command, env=demo_environment(home), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def kill_the_service(touchstone: str, folder: Path, *, listings: int, port: int) -> None:
    """Kill the service alone; a new `touchstone serve` takes over while the demo waits for it."""
    home = folder / "home"
    demo = [touchstone, "demo", "--no-serve", "--listings", str(listings), "--port", str(port)]
    with started(demo, home, folder / "demo.log"):
        before = acknowledged_before(home, removals=3)
        os.kill(service_of(home)["pid"], signal.SIGKILL)
        kept = rows_in(home)
        with started([touchstone, "serve"], home, folder / "serve.log") as again:
            wait_for("the new service", lambda: service_of(home).get("pid") == again.pid and ask(home, "/healthz"))
            assert service_of(home)["port"] == port
            wait_for("the demo's end", lambda: json.loads((home / "demo.json").read_text())["result"], seconds=300)
            assert_nothing_was_lost(home, before, touchstone)
        assert kept[0] <= rows_in(home)[0]
        assert kept[1] <= rows_in(home)[1]


def kill_everything(touchstone: str, folder: Path, *, listings: int, port: int) -> None:
    """Kill the whole process group; both children are started again by hand."""
    home = folder / "home"
    demo = [touchstone, "demo", "--no-serve", "--listings", str(listings), "--port", str(port)]
    with started(demo, home, folder / "demo.log") as process:
        before = acknowledged_before(home, removals=3)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    kept = rows_in(home)
    assert len(kept[0]) >= before["listings"]
    with (
        started([touchstone, "reference-marketplace"], home, folder / "receiver.log"),
        started([touchstone, "serve"], home, folder / "serve.log") as again,
    ):
        wait_for("the new service", lambda: service_of(home).get("pid") == again.pid and ask(home, "/healthz"))
        assert_nothing_was_lost(home, before, touchstone)
    assert kept[0] <= rows_in(home)[0]
    assert kept[1] <= rows_in(home)[1]


@pytest.mark.timeout(400)
def test_a_killed_service_loses_nothing_and_the_demo_goes_on(touchstone: str, tmp_path: Path) -> None:
    kill_the_service(touchstone, tmp_path, listings=1_000, port=18431)


@pytest.mark.timeout(400)
def test_a_killed_process_group_loses_nothing(touchstone: str, tmp_path: Path) -> None:
    kill_everything(touchstone, tmp_path, listings=1_000, port=18441)


@pytest.mark.soak
@pytest.mark.parametrize("number", range(3))
def test_a_killed_service_loses_nothing_at_full_size(touchstone: str, tmp_path: Path, number: int) -> None:
    kill_the_service(touchstone, tmp_path, listings=3_000, port=18451 + number)


@pytest.mark.soak
@pytest.mark.parametrize("number", range(3))
def test_a_killed_process_group_loses_nothing_at_full_size(touchstone: str, tmp_path: Path, number: int) -> None:
    kill_everything(touchstone, tmp_path, listings=3_000, port=18461 + number)
