"""Webhook deliveries by one worker on PostgreSQL, beside a job queue that sends the same messages.

PgQueuer is in requirements/bench.txt; without it, our side runs alone.
"""

import asyncio
import os
import secrets
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import psycopg

from serving.accounts.service import provisioning
from serving.composition import open_runtime
from serving.platform.settings import Settings
from serving.webhooks.client import new_secret
from tests.fixtures.clocks import TestClock
from tests.fixtures.machines import some_machines, wait_for
from tests.fixtures.many_removals import acknowledged_count, schedule_all
from tests.fixtures.postgres import Postgres, shared_postgres
from tests.fixtures.receivers import mark_endpoint_proven
from tests.fixtures.runtimes import Site, populate

_LONGEST_SECONDS: Final = 600.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")

INTRODUCTION: Final = """\
{messages:,} removals due at one marketplace, sent by one worker to a receiver on loopback that counts them; medians
over {rounds} rounds in turns. Processor time is that of the worker and of PostgreSQL. The peer claims jobs with the
same messages and posts them over kept connections. Our figures include what the peer does not do: the order of the
messages about one listing, a link for each seller, the audit log, and the state of each removal. No message was lost
or sent twice.

    pip install --require-hashes -r requirements/bench.txt
    make bench ARGS="deliveries --rounds {rounds} --messages {messages:d}"

| side | messages a second | processor ms a message, worker + PostgreSQL |
| --- | ---: | ---: |
"""


@dataclass(slots=True)
class CountingReceiver:
    """A receiver that answers every message with 204, counts the ids, and knows when each message came."""

    url: str = ""
    seen: Counter[str] = field(default_factory=Counter)
    came: list[float] = field(default_factory=list)


@contextmanager
def counting_receiver() -> Iterator[CountingReceiver]:
    """A receiver in a thread of its own."""
    receiver, loop = CountingReceiver(), asyncio.new_event_loop()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError), closing(writer):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                named = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
                await reader.readexactly(int(named[b"content-length"]))
                receiver.seen[named[b"webhook-id"].strip().decode()] += 1
                receiver.came.append(time.perf_counter())
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    with closing(socket.create_server(("127.0.0.1", 0), backlog=256)) as listening:
        receiver.url = f"http://127.0.0.1:{listening.getsockname()[1]}/hooks"
        loop.run_until_complete(asyncio.start_server(answer, sock=listening))
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        yield receiver
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@dataclass(frozen=True, slots=True)
class DeliveryCosts:
    """One run: messages a second, and processor milliseconds a message of the worker and of the database."""

    per_second: float
    worker_ms: float
    database_ms: float


def _ticks(pid: int, *, ended_children: bool = False) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = int(fields[11]) + int(fields[12])
    return own + (int(fields[13]) + int(fields[14]) if ended_children else 0)


def _database_ticks(postgres: Postgres) -> int:
    with psycopg.connect(postgres.admin_url) as connection:
        (directory,) = connection.execute("SHOW data_directory").fetchone() or ("",)
    master = int((Path(directory) / "postmaster.pid").read_text().split()[0])
    ticks = _ticks(master, ended_children=True)
    for folder in Path("/proc").iterdir():
        with suppress(OSError):
            if folder.name.isdigit() and int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == master:
                ticks += _ticks(int(folder.name))
    return ticks


def _measure_run(postgres: Postgres, worker: int, receiver: CountingReceiver, run: Callable[[], None]) -> DeliveryCosts:
    database, own = _database_ticks(postgres), _ticks(worker)
    run()
    messages, came = len(receiver.seen), receiver.came
    ms = 1_000 / _TICKS / messages
    return DeliveryCosts(
        messages / (came[-1] - came[0]), (_ticks(worker) - own) * ms, (_database_ticks(postgres) - database) * ms
    )


def ours(postgres: Postgres, folder: Path, messages: int) -> DeliveryCosts:
    """One worker of the product, with everything as an operator has it."""
    url = postgres.new_database()
    home = folder / "home"
    settings = Settings(home=home, database_url=url, undo_window_seconds=0)
    runtime = open_runtime(settings, clock=(clock := TestClock()))
    site = populate(runtime, clock)
    touchstone = str(Path(sys.executable).with_name("touchstone"))
    with counting_receiver() as receiver, some_machines(touchstone) as machines:
        worker = machines.work(home, url)
        wait_for(worker.is_ready)
        provisioning.register_webhook(
            runtime, url=receiver.url, allow_loopback=True, marketplace=None, secret=new_secret(), by="bench"
        )
        mark_endpoint_proven(site)
        took = _measure_run(postgres, worker.process.pid, receiver, lambda: _wait_for_all(site, receiver, messages))
    runtime.close()
    postgres.drop(url)
    return took


def _wait_for_all(site: Site, receiver: CountingReceiver, messages: int) -> None:
    schedule_all(site, [f"MP-{number}" for number in range(messages)])
    wait_for(lambda: len(receiver.seen) == messages and acknowledged_count(site) == messages, _LONGEST_SECONDS)
    if set(receiver.seen.values()) != {1}:
        raise RuntimeError("A message was sent twice.")


def peer(postgres: Postgres, messages: int) -> DeliveryCosts:
    """PgQueuer, with its jobs in the queue before the measurement begins."""
    url = postgres.new_database()
    with counting_receiver() as receiver:
        plain = url.replace("+psycopg", "")
        command = [sys.executable, "-m", "tests.benchmarks.deliveries_peer", plain, receiver.url, str(messages)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
            peer_input, peer_output = process.stdin, process.stdout
            assert peer_input is not None
            assert peer_output is not None

            def run() -> None:
                peer_input.write("go\n")
                peer_output.readline()

            peer_output.readline()
            took = _measure_run(postgres, process.pid, receiver, run)
            peer_input.write("end\n")
        if len(receiver.seen) != messages:
            raise RuntimeError("The peer lost a message.")
    postgres.drop(url)
    return took


def section(rounds: int, messages: int) -> str:
    """The measurements as a part of the page."""
    measurements: dict[str, list[DeliveryCosts]] = {"Touchstone": []}
    with TemporaryDirectory() as place, shared_postgres(Path(place)) as postgres:
        for _ in range(rounds):
            measurements["Touchstone"].append(ours(postgres, Path(place) / secrets.token_hex(4), messages))
            if find_spec("pgqueuer"):
                measurements.setdefault("PgQueuer", []).append(peer(postgres, messages))
    return INTRODUCTION.format(messages=messages, rounds=rounds) + "\n".join(
        f"| {name} | {_median(runs, 'per_second'):,.0f} | {_median(runs, 'worker_ms'):.2f} + "
        f"{_median(runs, 'database_ms'):.2f} |"
        for name, runs in measurements.items()
    )


def _median(runs: list[DeliveryCosts], name: str) -> float:
    return statistics.median(float(getattr(took, name)) for took in runs)
