"""Runs demos and their processes, kills them, and reads the remaining data."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

# Each move of the simulated clock starts the due work itself.
_QUICK_WINDOW = {
    "TOUCHSTONE_UNDO_WINDOW_SECONDS": "5",
    "TOUCHSTONE_SWEEP_SECONDS": "5",
    "TOUCHSTONE_QUEUE_POLL_SECONDS": "0.5",
}
_LOOKS_AGAIN_SECONDS = 0.1
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Rows:
    """Ids of listings and verdicts in a database."""

    listings: frozenset[str]
    verdicts: frozenset[str]


@dataclass(frozen=True, slots=True)
class KilledDemo:
    """A data directory after one of its processes was killed and restarted.

    `told` are the service's figures before, `kept` the rows in the database just after, `figures` and `rows` those at
    the end. `result` is the demo's own JSON where the demo survived to write it.
    """

    home: Path
    figures_before: Mapping[str, Any]
    rows_at_kill: Rows
    figures: Mapping[str, Any]
    rows: Rows
    report: Mapping[str, Any]


def demo_environment(home: Path) -> dict[str, str]:
    """The environment with a separate data directory and no outside settings."""
    outer = {name: setting for name, setting in os.environ.items() if not name.startswith("TOUCHSTONE_")}
    return {**outer, "TOUCHSTONE_HOME": str(home)}


def run_in(home: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command on a data directory to its end."""
    return subprocess.run(command, env=demo_environment(home), capture_output=True, text=True, check=False)


def play(touchstone: str, home: Path, *options: str) -> dict[str, Any]:
    """Run a demo to its end and return its figures."""
    out = home.with_suffix(".json")
    done = run_in(home, touchstone, "demo", "--no-serve", "--json", str(out), *options)
    assert done.returncode == 0, done.stderr[-2_000:]
    return read(out)


def read(path: Path) -> dict[str, Any]:
    """A JSON object in a file; empty where it is missing or incomplete."""
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document


def show_again_and_end(touchstone: str, home: Path, *options: str) -> dict[str, Any]:
    """Show a finished demo until its service answers, end it, and return its figures."""
    out = home.with_name("again.json")
    command = [touchstone, "demo", *options, "--json", str(out)]
    with subprocess.Popen(command, env=demo_environment(home), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert any("Touchstone answers at" in line for line in process.stdout)
        process.terminate()
        process.stdout.read()
        assert process.wait(60) == 0
    return read(out)


def effects_of(home: Path) -> list[dict[str, Any]]:
    """The effects in the receiver's own file."""
    path = home / "reference-marketplace-effects.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def kill_the_service(touchstone: str, folder: Path, *options: str, again: str | None = None) -> KilledDemo:
    """Kill the service alone; a new `touchstone serve` takes over while the demo waits for it.

    `again` is another command for the new service.
    """
    home, out = folder / "home", folder / "figures.json"
    demo = [touchstone, "demo", "--no-serve", *options, "--json", str(out)]
    with _started_process(demo, home, folder / "demo.log") as process:
        earlier_figures = _figures_midway(process, home, removals=3)
        service = _service_of(home)
        os.kill(service["pid"], signal.SIGKILL)
        wait_for("the end of the service", lambda: _has_ended(service["pid"]))
        earlier_rows = _rows_in(home)
        with _started_process([again or touchstone, "serve"], home, folder / "serve.log"):
            wait_for("the new service", lambda: _answers(home, after=service["pid"]))
            assert _service_of(home)["port"] == service["port"]
            assert process.wait(900) == 0, (folder / "demo.log").read_text(encoding="utf-8")[-2_000:]
            figures = _settled_figures(home)
        return KilledDemo(home, earlier_figures, earlier_rows, figures, _rows_in(home), read(out))


def kill_everything(touchstone: str, folder: Path, listings: int) -> KilledDemo:
    """Kill the whole process group; both children are started again by hand."""
    home = folder / "home"
    demo = [touchstone, "demo", "--no-serve", "--listings", str(listings)]
    with _started_process(demo, home, folder / "demo.log") as process:
        earlier_figures = _figures_midway(process, home, removals=3)
        killed = _service_of(home)["pid"]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    wait_for("the end of the service", lambda: _has_ended(killed))
    earlier_rows = _rows_in(home)
    with (
        _started_process([touchstone, "reference-marketplace"], home, folder / "receiver.log"),
        _started_process([touchstone, "serve"], home, folder / "serve.log"),
    ):
        wait_for("the new service", lambda: _answers(home, after=killed))
        figures = _settled_figures(home)
    return KilledDemo(home, earlier_figures, earlier_rows, figures, _rows_in(home), {})


def wait_for(what: str, holds: Callable[[], Found], seconds: float = 600) -> Found:
    """Poll until a condition is true and return its value."""
    until = time.monotonic() + seconds
    while True:
        outcome = holds()
        if outcome:
            return outcome
        assert time.monotonic() < until, f"{what} did not happen within {seconds} seconds"
        time.sleep(_LOOKS_AGAIN_SECONDS)


@contextmanager
def service_that_falters(home: Path) -> Iterator[None]:
    """The service of a data directory stands still for some tenths of a second, again and again."""
    over, chance = threading.Event(), random.Random(3)

    def falter() -> None:
        while not over.wait(chance.random() / 2):
            pid = _service_of(home).get("pid")
            if pid is None or _has_ended(pid):
                continue
            os.kill(pid, signal.SIGSTOP)
            time.sleep(chance.random() / 2)
            os.kill(pid, signal.SIGCONT)

    thread = threading.Thread(target=falter)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _has_ended(pid: int) -> bool:
    """Whether a killed process has closed its files: all of its threads are gone. Its parent need not have noticed."""
    try:
        states = [task.joinpath("stat").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
    except (FileNotFoundError, ProcessLookupError):
        return not Path(f"/proc/{pid}").exists()
    return all(state.rpartition(")")[2].split()[0] in "ZX" for state in states)


def _service_of(home: Path) -> dict[str, Any]:
    return read(home / "service.json")


def _ask(home: Path, path: str) -> dict[str, Any]:
    """The service's answer to the marketplace; empty while it is unavailable, or before there is a key."""
    try:
        rows = json.loads((home / "demo-credentials.json").read_text(encoding="utf-8"))
        key = next(str(row["password"]) for row in rows if row["role"] == "api_key")
        address = f"http://127.0.0.1:{_service_of(home)['port']}{path}"
        answer = httpx.get(address, headers={"authorization": f"Bearer {key}"}, timeout=30)
    except (OSError, ValueError, KeyError, httpx.TransportError):
        return {}
    body: dict[str, Any] = answer.json()
    return body


def _answers(home: Path, after: int) -> bool:
    return _service_of(home).get("pid") not in {None, after} and bool(_ask(home, "/healthz"))


def _figures_midway(demo: subprocess.Popen[bytes], home: Path, removals: int) -> dict[str, Any]:
    """The service's own figures once at least `removals` removals are in progress."""

    def enough() -> dict[str, Any]:
        assert demo.poll() is None, "the demo ended"
        figures = _ask(home, "/api/v1/figures")
        has_removals = figures and figures["removals"]["scheduled"] + figures["removals"]["sent"] >= removals
        return figures if has_removals and figures["removals"]["scheduled"] else {}

    return wait_for("removals on their way", enough)


def _settled_figures(home: Path) -> dict[str, Any]:
    def nothing_pending() -> dict[str, Any]:
        figures = _ask(home, "/api/v1/figures")
        return figures if figures and figures["pending"] == 0 else {}

    return wait_for("no pending takedown", nothing_pending)


def _rows_in(home: Path) -> Rows:
    """The rows in the database of a data directory whose service is dead or idle."""
    with sqlite3.connect(f"file:{home / 'touchstone.sqlite'}?mode=ro", uri=True) as connection:
        listings = frozenset(row[0] for row in connection.execute("SELECT external_id FROM listing"))
        verdicts = frozenset(row[0] for row in connection.execute("SELECT verdict_id FROM verdict"))
    return Rows(listings, verdicts)


@contextmanager
def _started_process(command: list[str], home: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a separate group, ended with the block."""
    with log.open("ab") as stream:
        process = subprocess.Popen(
            command,
            env={**demo_environment(home), **_QUICK_WINDOW},
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
