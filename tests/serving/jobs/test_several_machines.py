"""Services and workers as an operator starts them, each with a data directory of its own, on one PostgreSQL."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

import httpx
import pytest
from sqlalchemy import text

from serving.accounts.service import provisioning
from serving.composition import open_runtime
from serving.platform.clock import SystemClock
from serving.platform.settings import Settings
from tests.fixtures.clients import key_headers
from tests.fixtures.clocks import TestClock
from tests.fixtures.machines import Machine, a_network, some_machines, wait_for
from tests.fixtures.many_removals import acknowledged_count, schedule_all
from tests.fixtures.receivers import Receiver, a_receiver
from tests.fixtures.runtimes import PopulatedDatabase, Site, a_row
from tests.fixtures.two_processes import a_home

_BATCH: Final = 20
_UNDO_SECONDS: Final = 1


@dataclass(slots=True)
class Intake:
    """What a marketplace sent, and the answers."""

    sent: int = 0
    answers: Counter[int] = field(default_factory=Counter)


@contextmanager
def intake(site: Site, machines: Sequence[Machine], *, pause_seconds: float) -> Iterator[Intake]:
    """Batches to each service in turn, one after another, while the block runs."""
    intake_counts, ended, numbers = Intake(), threading.Event(), count()

    def send() -> None:
        while not ended.wait(pause_seconds):
            number = next(numbers)
            rows = [a_row(external_id=f"IN-{number}-{i}", price=f"{100 + i}.00") for i in range(_BATCH)]
            address = machines[number % len(machines)].address
            answer = httpx.post(f"{address}/api/v1/listings", json=rows, headers=key_headers(site), timeout=120)
            intake_counts.answers[answer.status_code] += 1
            intake_counts.sent += _BATCH

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield intake_counts
    finally:
        ended.set()
        thread.join()


@contextmanager
def opened_site(database: str, home: Path, populated: PopulatedDatabase) -> Iterator[Site]:
    """The site, as a process that serves nothing sees it."""
    settings = Settings(home=home, database_url=database, undo_window_seconds=_UNDO_SECONDS)
    runtime = open_runtime(settings, clock=SystemClock(), migrated=True)
    try:
        yield populated.on(runtime, TestClock())
    finally:
        runtime.close()


def failures(machines: Sequence[Machine]) -> list[str]:
    """The failed sweeps, and every line that speaks of a deadlock, of these machines."""
    return [
        f"{machine.log.parent.name}: {line['event']} {str(line.get('exception', ''))[-1500:]}"
        for machine in machines
        for line in machine.lines()
        if line["event"] in {"sweep.failed", "sweep.not_stored"} or "deadlock" in str(line).lower()
    ]


def deadlocks(site: Site) -> int:
    """How many deadlocks the database has ended."""
    return int(site.scalar(text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")))


@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(15, id="short", marks=[pytest.mark.soak, pytest.mark.timeout(300)]),
        pytest.param(600, id="full", marks=[pytest.mark.soak, pytest.mark.alone, pytest.mark.timeout(1_200)]),
    ],
)
def test_no_sweep_of_a_service_and_three_workers_fails_under_intake(
    tmp_path: Path, database: str, populated_postgres: PopulatedDatabase, touchstone: str, seconds: int
) -> None:
    homes = [a_home(tmp_path / name, populated_postgres) for name in ("service", "w1", "w2", "w3", "test")]
    settings = {"SWEEP_SECONDS": "0.3", "QUEUE_POLL_SECONDS": "0.3"}
    with (
        opened_site(database, homes[-1], populated_postgres) as site,
        some_machines(touchstone, **settings) as machines,
    ):
        service = machines.serve(homes[0], database)
        workers = [machines.work(home, database) for home in homes[1:4]]
        everybody = [service, *workers]
        wait_for(lambda: all(machine.is_ready() for machine in everybody))
        with intake(site, [service], pause_seconds=0.2) as intake_counts:
            time.sleep(seconds)
        assert failures(everybody) == []
        assert deadlocks(site) == 0
        assert all(machine.process.poll() is None for machine in everybody)
        assert set(intake_counts.answers) == {200}
        listing_count = site.scalar(text("SELECT count(*) FROM listing"))
    assert listing_count == intake_counts.sent > 0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A marketplace that loses the first acknowledgement of every fifth message."""
    with a_receiver(effect_before_failure=True) as lossy_receiver:
        lossy_receiver.answer_to = lambda key: 500 if hash(key) % 5 == 0 and not lossy_receiver.effects[key] else 204
        yield lossy_receiver


@pytest.mark.parametrize(
    ("takedowns", "cut_seconds"),
    [
        pytest.param(200, 5, id="short", marks=[pytest.mark.soak, pytest.mark.timeout(400)]),
        pytest.param(10_000, 150, id="full", marks=[pytest.mark.soak, pytest.mark.alone, pytest.mark.timeout(2_400)]),
    ],
)
def test_each_takedown_has_one_effect_though_machines_are_cut_off_and_return(
    tmp_path: Path,
    database: str,
    populated_postgres: PopulatedDatabase,
    touchstone: str,
    *,
    receiver: Receiver,
    takedowns: int,
    cut_seconds: int,
) -> None:
    """Two services and two workers. A worker's network is cut, then a service is stopped; both return.

    The cut is longer than the time after which another process sends a message again.
    """
    homes = [a_home(tmp_path / name, populated_postgres) for name in ("a1", "a2", "w1", "w2", "test")]
    settings = {
        "UNDO_WINDOW_SECONDS": str(_UNDO_SECONDS),
        "SWEEP_SECONDS": "0.5",
        "QUEUE_POLL_SECONDS": "0.2",
        "JOB_THREADS": "8",
    }
    with (
        opened_site(database, homes[-1], populated_postgres) as site,
        a_network(database) as network,
        some_machines(touchstone, **settings) as machines,
    ):
        provisioning.register_webhook(
            site.runtime, url=receiver.url, allow_loopback=True, marketplace=None, secret=receiver.secret, by="test"
        )
        names = [f"MP-{i:05}" for i in range(takedowns)]
        schedule_all(site, names)
        services = [machines.serve(home, database) for home in homes[:2]]
        workers = [machines.work(homes[2], network.url), machines.work(homes[3], database)]
        everybody = [*services, *workers]
        wait_for(lambda: all(machine.is_ready() for machine in everybody))
        wait_for(lambda: len(receiver.effects) >= takedowns // 10, 600)
        network.cut()
        time.sleep(cut_seconds)
        network.mend()
        services[1].stop()
        time.sleep(cut_seconds)
        services[1].go_on()
        wait_for(lambda: acknowledged_count(site) == takedowns, 1_500)
        wait_for(lambda: all(machine.is_ready() for machine in everybody))
        whole = [services[0], workers[1]]
        assert [failure for failure in failures(whole) if "sweep.failed" in failure or "deadlock" in failure] == []
        assert deadlocks(site) == 0
        assert all(machine.process.poll() is None for machine in everybody)
    assert len(receiver.effects) == takedowns
    subjects = Counter(
        delivery["data"]["listing_external_id"] for delivery in {d["id"]: d for d in receiver.deliveries}.values()
    )
    assert subjects == dict.fromkeys(names, 1)


@pytest.mark.parametrize(
    "removals",
    [
        pytest.param(200, id="short", marks=[pytest.mark.soak, pytest.mark.timeout(400)]),
        pytest.param(10_000, id="full", marks=[pytest.mark.soak, pytest.mark.alone, pytest.mark.timeout(1_200)]),
    ],
)
def test_a_killed_worker_loses_no_message_and_doubles_only_those_on_their_way(
    tmp_path: Path, database: str, populated_postgres: PopulatedDatabase, touchstone: str, removals: int
) -> None:
    homes = [a_home(tmp_path / name, populated_postgres) for name in ("w1", "w2", "test")]
    at_once = 16
    with (
        opened_site(database, homes[-1], populated_postgres) as site,
        some_machines(touchstone, DELIVERIES_AT_ONCE=str(at_once)) as machines,
        a_receiver() as receiver,
    ):
        provisioning.register_webhook(
            site.runtime, url=receiver.url, allow_loopback=True, marketplace=None, secret=receiver.secret, by="test"
        )
        workers = [machines.work(home, database) for home in homes[:2]]
        wait_for(lambda: all(worker.is_ready() for worker in workers))
        schedule_all(site, [f"MP-{i:05}" for i in range(removals)])
        wait_for(lambda: len(receiver.effects) >= removals // 4, 600)
        workers[0].process.kill()
        wait_for(lambda: acknowledged_count(site) == removals, 600)
    sent = Counter(delivery["id"] for delivery in receiver.deliveries)
    assert len(sent) == removals
    assert sum(sent.values()) - removals <= at_once
