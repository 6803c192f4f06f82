"""A receiver that loses acknowledgements and is down for days, and a service that is killed meanwhile."""

import random
import shutil
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from standardwebhooks import Webhook

from models.case import CaseLane
from models.verdict import Judgement
from serving.accounts.rules.access import Scope
from serving.accounts.service import provisioning
from serving.audit.store import audit
from serving.composition import open_runtime
from serving.listings.tables import listing
from serving.platform.database.store import add
from serving.platform.runtime import Runtime
from serving.platform.settings import ClockKind, Settings
from serving.reference_marketplace import Effects, whole_lines
from serving.takedowns.service.takedown import Cause, schedule
from serving.takedowns.store import actions
from serving.webhooks.client import new_secret
from serving.webhooks.rules.action import ActionKind, ActionState
from tests.browser.service import running_service
from tests.fixtures.clocks import NOW, TestClock
from tests.fixtures.receivers import mark_endpoint_proven
from tests.fixtures.runtimes import Site, a_case, judge, populate
from tests.fixtures.statements import a_statement

_LOST: Final = 0.2
_PATIENCE_SECONDS: Final = 600.0
_AT_ONCE: Final = 500
_LONGEST_STEP: Final = 10


@dataclass(slots=True)
class Marketplace:
    """The reference marketplace's processing of messages, behind an unreliable network and host."""

    effects: Effects
    secret: str = field(default_factory=new_secret)
    url: str = ""
    down: bool = False
    refused: int = 0
    received: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def a_marketplace(path: Path) -> Iterator[Marketplace]:
    """A marketplace that applies each message before it responds; one response in five is lost."""
    marketplace = Marketplace(Effects(path))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # the base class calls it so
            body = self.rfile.read(int(self.headers["content-length"]))
            if marketplace.down:
                with marketplace.lock:
                    marketplace.refused += 1
                self._answer(503)
                return
            message = Webhook(marketplace.secret).verify(body, {k.lower(): v for k, v in self.headers.items()})
            marketplace.effects.apply(self.headers["webhook-id"], message["data"])
            with marketplace.lock:
                marketplace.received += 1
                lost = marketplace.chance.random() < _LOST
            if lost:
                self.close_connection = True
            else:
                self._answer(204)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    marketplace.url = f"http://127.0.0.1:{server.server_port}/hooks"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield marketplace
    finally:
        server.shutdown()
        server.server_close()
        marketplace.effects.close()


@dataclass(frozen=True, slots=True)
class Stage:
    """A data directory, its service, and the marketplace that it serves.

    Polling takes more CPU time than few takedowns; for many, jobs must not wait for the next poll.
    """

    home: Path
    touchstone: str
    receiver: Marketplace
    site: Site
    clock_key: str
    poll_seconds: float = 0.1

    @contextmanager
    def opened(self) -> Iterator[Runtime]:
        """The database in this process, while no service runs."""
        runtime = open_runtime(Settings(home=self.home), migrated=True)
        try:
            yield runtime
        finally:
            runtime.close()

    @contextmanager
    def served(self) -> Iterator["Service"]:
        """The service in its own process, which is killed by SIGKILL at the end of the block."""
        service = Service(self)
        service.start()
        try:
            yield service
        finally:
            service.kill()


class Service:
    """The service as a marketplace sees it."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._running = stage, ExitStack()

    def start(self) -> None:
        """Start the service in its own process."""
        stage = self._stage
        # Many threads and frequent polls, so that the test waits only for the work itself.
        more = {"JOB_THREADS": "8", "QUEUE_POLL_SECONDS": str(stage.poll_seconds)}
        running = running_service(stage.touchstone, stage.home, starts_within=_PATIENCE_SECONDS, more=more)
        address = self._running.enter_context(running)
        client = httpx.Client(base_url=address, trust_env=False, timeout=_PATIENCE_SECONDS)
        self.client = self._running.enter_context(client)

    def kill(self) -> None:
        """Kill the service by SIGKILL."""
        self._running.close()

    def killed_and_started(self) -> None:
        """Kill the service by SIGKILL and start it again."""
        self.kill()
        self.start()

    def acknowledged(self) -> int:
        """The number of acknowledged removals and reinstatements."""
        figures = self._figures()
        return int(figures["removals"]["acknowledged"] + figures["reinstatements"]["acknowledged"])

    def move_to(self, moment: datetime) -> None:
        """Move the simulated clock."""
        headers = {"authorization": f"Bearer {self._stage.clock_key}"}
        answer = self.client.post("/api/v1/clock", json={"to": moment.isoformat()}, headers=headers)
        assert answer.status_code == 200, answer.text

    def has_work(self) -> bool:
        """Whether jobs wait or run."""
        address = f"file:{self._stage.home / 'touchstone.sqlite'}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            waiting = "SELECT 1 FROM workflow_status WHERE status IN ('ENQUEUED', 'PENDING') LIMIT 1"
            return connection.execute(waiting).fetchone() is not None

    def _figures(self) -> dict[str, Any]:
        answer = self.client.get("/api/v1/figures", headers={"authorization": f"Bearer {self._stage.site.key}"})
        figures: dict[str, Any] = answer.json()
        return figures


@pytest.fixture
def stage(tmp_path: Path, migrated_sqlite: Path, forked_touchstone: str) -> Iterator[Stage]:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(migrated_sqlite, home / "touchstone.sqlite")
    settings = Settings(home=home, clock=ClockKind.SIMULATED, clock_start=NOW)
    with a_marketplace(tmp_path / "effects.jsonl") as receiver:
        runtime = open_runtime(settings, migrated=True)
        try:
            site = populate(runtime, TestClock())
            provisioning.register_webhook(
                runtime, url=receiver.url, allow_loopback=True, marketplace=None, secret=receiver.secret, by="test"
            )
            mark_endpoint_proven(site)
            key = provisioning.add_key(runtime, name="clock", scopes=[Scope.CLOCK], marketplace=None, by="test")
        finally:
            runtime.close()
        yield Stage(home, forked_touchstone, receiver, site, key)


def schedule_all(
    stage: Stage, runtime: Runtime, kind: ActionKind, names: list[str], verdict_id: str, at: datetime
) -> None:
    """Schedule an action on each of these listings."""
    statement = a_statement(kind)
    for start in range(0, len(names), _AT_ONCE):
        with runtime.store.write() as connection:
            for name in names[start : start + _AT_ONCE]:
                cause = Cause(stage.site.marketplace_id, f"lst_{name}", verdict_id, "test")
                schedule(runtime, connection, kind, cause, statement, at)


def list_all(stage: Stage, runtime: Runtime, names: list[str]) -> None:
    """Store listings with an external id and placeholders for the rest."""
    known = {
        "version": 1,
        "content_hash": "0" * 64,
        "observed_hash": "0" * 64,
        "first_known_at": NOW,
        "occurred_at": NOW,
    }
    rows = [
        {
            "marketplace_id": stage.site.marketplace_id,
            "listing_id": f"lst_{name}",
            "external_id": name,
            "version_id": "x",
            **known,
        }
        for name in names
    ]
    with runtime.store.write() as connection:
        add(connection, listing, rows)


@pytest.mark.timeout(600)
def test_thirty_takedowns_have_thirty_effects_through_outages_and_kills(stage: Stage) -> None:
    outages(stage, 30, hours_a_step=12)


@pytest.mark.soak
@pytest.mark.alone
@pytest.mark.timeout(2400)
def test_ten_thousand_takedowns_have_ten_thousand_effects_through_outages_and_kills(stage: Stage) -> None:
    outages(replace(stage, poll_seconds=0.02), 10_000, hours_a_step=4, kill_often=True)


def outages(stage: Stage, many: int, *, hours_a_step: int, kill_often: bool = False) -> None:
    """Send a third of the removals at once, a third in an outage of a day, a third in one of three days.

    Every fifth listing of the first third is reinstated during an outage. The service is killed while the removals of
    the first outage catch up; with `kill_often` also during the first removals and halfway through each outage.
    """
    receiver, third, step = stage.receiver, many // 3, timedelta(hours=hours_a_step)
    names = [f"MP-{i:05}" for i in range(many)]
    first, second, rest = names[:third], names[third : 2 * third], names[2 * third :]
    returned = first[::5]
    with stage.opened() as runtime:
        site = replace(stage.site, runtime=runtime)
        case = a_case(site, CaseLane.ANALYST, external_id="MP-judged")
        verdict_id = judge(site, site.analyst, case, Judgement.COUNTERFEIT).verdict_id
        list_all(stage, runtime, names)
        now = runtime.clock.now()
        schedule_all(stage, runtime, ActionKind.REMOVE, first, verdict_id, now)
        schedule_all(stage, runtime, ActionKind.REMOVE, second, verdict_id, now + timedelta(hours=4))
        schedule_all(stage, runtime, ActionKind.REMOVE, rest, verdict_id, now + timedelta(hours=40))

    def an_outage(service: Service, moment: datetime, length: timedelta) -> datetime:
        receiver.down = True
        moment = _nobody_answers(service, receiver, moment, length / 2, step)
        if kill_often:
            service.killed_and_started()
        moment = _nobody_answers(service, receiver, moment, length / 2, step)
        receiver.down = False
        return moment

    moment = now + timedelta(minutes=4)
    with stage.served() as service:
        service.move_to(moment)
        moment = _advance_until(service, moment, timedelta(seconds=10), lambda: receiver.received, third // 2)
        if kill_often:
            service.killed_and_started()
        moment = _all_acknowledged(service, moment, third)
        moment = an_outage(service, max(moment, now + timedelta(hours=4, minutes=4)), timedelta(hours=24))
        before = receiver.received
        moment = _advance_until(service, moment, timedelta(minutes=15), lambda: receiver.received, before + third // 2)
    with stage.opened() as runtime:
        schedule_all(stage, runtime, ActionKind.REINSTATE, returned, verdict_id, runtime.clock.now())
    with stage.served() as service:
        moment = an_outage(service, max(moment, now + timedelta(hours=40, minutes=4)), timedelta(hours=72))
        moment = _all_acknowledged(service, moment, many + len(returned))

    both_sides_agree(stage, names, returned)


def both_sides_agree(stage: Stage, names: list[str], returned: list[str]) -> None:
    """Check that every action had its effect once, and that both sides agree on the listings shown."""
    with stage.opened() as runtime, runtime.store.read() as connection:
        ours = actions.counts_by_state(connection, stage.site.marketplace_id)
        assert audit.check_chain(connection)[1] is None
    assert ours == {
        (ActionKind.REMOVE, ActionState.ACKNOWLEDGED): len(names),
        (ActionKind.REINSTATE, ActionState.ACKNOWLEDGED): len(returned),
    }
    effects = whole_lines(stage.home.parent / "effects.jsonl")
    assert Counter(line["action"] for line in effects) == {"remove": len(names), "reinstate": len(returned)}
    assert len({(line["listing"], line["action"]) for line in effects}) == len(effects)
    expected = dict.fromkeys(names, "remove") | dict.fromkeys(returned, "reinstate")
    assert {line["listing"]: line["action"] for line in effects} == expected
    assert stage.receiver.received > len(effects)  # Some were received more than once, without a second effect.


def _all_acknowledged(service: Service, moment: datetime, number: int) -> datetime:
    """Move the clock until this number of actions is acknowledged."""
    return _advance_until(service, moment, timedelta(minutes=1), service.acknowledged, number)


def _nobody_answers(
    service: Service, receiver: Marketplace, moment: datetime, length: timedelta, step: timedelta
) -> datetime:
    """Move the clock in steps; in each the receiver refuses at least one message."""
    end = moment + length
    while moment < end:
        refused_before = receiver.refused
        moment = min(moment + step, end)
        service.move_to(moment)
        # An attempt that ends after the clock was moved pauses the receiver from then on.
        moment = _advance_until(service, moment, timedelta(minutes=15), lambda: receiver.refused, refused_before + 1)
    return moment


def _advance_until(
    service: Service, moment: datetime, step: timedelta, count: Callable[[], int], target: int
) -> datetime:
    """Move the clock step by step until a count is reached; returns the time. It stands still while there is work.

    A clock that runs ahead of the queue would make every job look overdue and enqueue another. The steps grow while
    nothing happens, because the last attempt may be due in hours.
    """
    until, before, quiet = time.monotonic() + _PATIENCE_SECONDS, -1, 0
    while (reached := count()) < target:
        assert time.monotonic() < until, "it did not happen in time"
        quiet = quiet + 1 if reached == before and not service.has_work() else 0
        if quiet:
            moment += step * min(quiet, _LONGEST_STEP)
            service.move_to(moment)
        before = reached
        time.sleep(0.2)
    return moment
