"""While somebody holds a lock on tables, what does not read them answers, and what waits for them waits apart.

A lock is a state: each answer is compared with who still waits for the lock, never with a clock.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from sqlalchemy import event

from serving.api.requests import together
from serving.platform.database import pools
from serving.platform.database import store as stores
from serving.platform.database.engine import job_database_url, sqlite_driver
from serving.platform.database.waits import Waits
from tests.fixtures.clients import a_client, key_headers, sign_in
from tests.fixtures.postgres import Postgres
from tests.fixtures.runtimes import DATABASE, PopulatedDatabase, Site, a_row, copy_on_postgres, copy_on_sqlite
from tests.serving.test_rooms import OWNERS, room_of

TABLES: Final = sorted((room_of(dotted), table.name) for dotted, table in OWNERS)
# By what they hold up: every score and listing, every page, scores of listings, or little of this.
ADMITTING: Final = ("marketplaces", "accounts", "listings")
GROUPS: Final = {group: [table for room, table in TABLES if room == group] for group in ADMITTING} | {
    "others": [table for room, table in TABLES if room not in ADMITTING]
}
# No wait ends by itself while a test lasts.
_PATIENT: Final = Waits(connect_seconds=60, connection_seconds=60, lock_ms=60_000, statement_ms=60_000, busy_ms=60_000)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ADMISSION", "REQUEST"):
        monkeypatch.setattr(stores, name, _PATIENT)
    for pool in (pools.KEYS, pools.SESSIONS):
        monkeypatch.setattr(pool, "patience_seconds", 60.0)
    monkeypatch.setattr(together, "PATIENCE_SECONDS", 60.0)


@contextmanager
def on_postgres(tmp_path: Path, populated: PopulatedDatabase, server: Postgres) -> Iterator[tuple[Site, Any]]:
    """A site, and a connection that locks its tables."""
    with (
        copy_on_postgres(tmp_path, populated, server) as site,
        psycopg.connect(job_database_url(site.runtime.store.url), autocommit=True) as other,
    ):
        yield site, other


def lock_waiters(other: Any) -> int:
    """How many sessions wait for a lock on a table of this database now."""
    query = "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database WHERE NOT granted AND datname"
    return int(other.execute(f"{query} = current_database()").fetchone()[0])


def requests_of(site: Site) -> list[Callable[[], Any]]:
    """A score, a listing, a page and the page of an error."""
    client, key = a_client(site.runtime), key_headers(site)
    sign_in(client, site.analyst)
    return [
        lambda: client.post("/api/v1/score", headers=key, json=a_row(external_id="scored")),
        lambda: client.post("/api/v1/listings", headers=key, json=a_row(external_id="sent")),
        lambda: client.get("/queue"),
        lambda: client.get("/nowhere", headers={"accept": "text/html"}),
    ]


@contextmanager
def under_way(calls: Sequence[Callable[[], Any]]) -> Iterator[list[Future[Any]]]:
    """Requests that begin before the block, and are answered after it as if nothing had been locked."""
    with ThreadPoolExecutor(len(calls)) as threads:
        requests = [threads.submit(call) for call in calls]
        yield requests
    assert {request.result().status_code for request in requests} <= {200, 201, 404}


def others_answer(site: Site) -> list[int]:
    """The answers to a supervisor, to a browser that loads a file, and to somebody who wants to sign in."""
    client = a_client(site.runtime)
    return [client.get(path).status_code for path in ("/livez", "/static/keys.js", "/sign-in")]


def lock_under_requests(site: Site, calls: Sequence[Callable[[], Any]], other: Any, tables: list[str]) -> int:
    """Lock tables under requests, and ask for what needs none; returns how many requests waited all the while."""
    other.execute("BEGIN")
    other.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
    with under_way(calls) as requests:
        try:
            while lock_waiters(other) < sum(not request.done() for request in requests):
                wait(requests, timeout=0.01)
            stopped = [request for request in requests if not request.done()]
            assert others_answer(site) == [200, 200, 200]
            assert not any(request.done() for request in stopped), "an answer came only after a wait for the lock"
        finally:
            other.execute("ROLLBACK")
    return len(stopped)


@pytest.mark.usefixtures("patient")
def test_a_lock_on_tables_of_a_room_stops_nothing_that_does_not_read_them(
    tmp_path: Path, populated_postgres: PopulatedDatabase, postgres: Postgres
) -> None:
    with on_postgres(tmp_path, populated_postgres, postgres) as (site, other):
        calls = requests_of(site)
        stopped = {name: lock_under_requests(site, calls, other, tables) for name, tables in GROUPS.items()}
    assert stopped == {"marketplaces": 4, "accounts": 2, "listings": 4, "others": 4}


@pytest.mark.soak
@pytest.mark.usefixtures("patient")
def test_a_lock_on_any_one_table_stops_nothing_that_does_not_read_it(
    tmp_path: Path, populated_postgres: PopulatedDatabase, postgres: Postgres
) -> None:
    with on_postgres(tmp_path, populated_postgres, postgres) as (site, other):
        calls = requests_of(site)
        stopped = {table: lock_under_requests(site, calls, other, [table]) for _, table in TABLES}
    assert stopped["api_key"] == 2
    assert stopped["score"] >= 1


@pytest.mark.usefixtures("patient")
def test_a_locked_sqlite_file_stops_no_answer_that_needs_none(
    tmp_path: Path, populated_sqlite: PopulatedDatabase
) -> None:
    """By `locking_mode=EXCLUSIVE`, because in WAL mode no writer blocks a reader."""
    with copy_on_sqlite(tmp_path, populated_sqlite) as site:
        store, begun = site.runtime.store, threading.Semaphore(0)
        event.listen(store.admissions, "connect", lambda *_: begun.release(), insert=True)
        for call in requests_of(site):
            for engine in (store.admissions, store.reads, store.writes):
                engine.dispose()
            with closing(sqlite_driver().connect(site.runtime.home.root / DATABASE, isolation_level=None)) as other:
                for statement in ("PRAGMA locking_mode=EXCLUSIVE", "BEGIN EXCLUSIVE"):
                    other.execute(statement).fetchall()
                while begun.acquire(blocking=False):
                    pass
                with under_way([call]) as [request]:
                    begun.acquire()
                    assert others_answer(site) == [200, 200, 200]
                    assert not request.done()
                    other.close()
