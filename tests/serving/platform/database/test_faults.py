"""Faults of the database that pass: which errors are one, and what a request, a job and a supervisor are told."""

import errno
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, TimeoutError  # noqa: A004  # a pool's

from serving.audit.store import audit
from serving.guards import CSRF_HEADER
from serving.operations.service.presence import Presence
from serving.platform.database.engine import end_silent_transaction, sqlite_driver
from serving.platform.database.faults import DatabaseFull, DatabaseLocked, DatabaseReadOnly, StorageFault, fault_of
from serving.platform.database.locks import try_lock
from serving.platform.database.store import Store
from serving.platform.database.waits import LONG, REQUEST, WORK, Waits
from serving.web import rendering
from tests.fixtures.clients import key_headers, sign_in
from tests.fixtures.runtimes import DATABASE, Site, a_row
from tests.fixtures.small_disk import a_small_disk
from tests.fixtures.two_processes import TwoSites


class _SqliteFault(Exception):
    def __init__(self, code: int) -> None:
        self.sqlite_errorcode = code


class _PostgresqlFault(Exception):
    def __init__(self, state: str) -> None:
        self.sqlstate = state


ERRORS = [
    (OperationalError("", {}, _SqliteFault(13)), DatabaseFull, "SQLITE_FULL"),
    (OperationalError("", {}, _SqliteFault(5)), DatabaseLocked, "SQLITE_BUSY"),
    (OperationalError("", {}, _SqliteFault(5 | 2 << 8)), DatabaseLocked, "SQLITE_BUSY_SNAPSHOT, an extended code"),
    (OperationalError("", {}, _SqliteFault(8 | 6 << 8)), DatabaseReadOnly, "SQLITE_READONLY_DIRECTORY"),
    (OperationalError("", {}, _SqliteFault(10 | 3 << 8)), StorageFault, "SQLITE_IOERR_WRITE"),
    (OperationalError("", {}, _SqliteFault(1)), None, "SQLITE_ERROR is an error of ours"),
    (IntegrityError("", {}, _SqliteFault(19)), None, "SQLITE_CONSTRAINT"),
    (OperationalError("", {}, _PostgresqlFault("53100")), DatabaseFull, "disk_full"),
    (OperationalError("", {}, _PostgresqlFault("57014")), DatabaseLocked, "query_canceled by statement_timeout"),
    (DBAPIError("", {}, _PostgresqlFault("25006")), DatabaseReadOnly, "read_only_sql_transaction"),
    (OperationalError("", {}, _PostgresqlFault("57P01")), StorageFault, "admin_shutdown"),
    (OperationalError("", {}, _PostgresqlFault("40001")), None, "serialization_failure is the caller's to repeat"),
    (TimeoutError("no connection left"), StorageFault, "the pool is exhausted"),
    (OSError(errno.ENOSPC, "no space"), DatabaseFull, "a file beside the database"),
    (OSError(errno.EROFS, "read-only"), DatabaseReadOnly, "a disk that became read-only"),
    (FileNotFoundError(errno.ENOENT, "none"), None, "an error of ours"),
    (ValueError("x"), None, "an error of ours"),
]


@pytest.mark.parametrize(("error", "fault", "_why"), ERRORS)
def test_only_faults_of_the_database_itself_are_told_as_such(
    error: Exception, fault: type[StorageFault] | None, _why: str
) -> None:
    assert fault_of(error) is fault


@contextmanager
def full_database(site: Site) -> Iterator[None]:
    """The engine's own refusal: the file may not grow by a page, and none in it is free."""
    with _pragma(site, "max_page_count=1", "max_page_count=4294967294"), site.runtime.store.read() as connection:
        connection.exec_driver_sql("SELECT 1")
        yield


@contextmanager
def read_only_database(site: Site) -> Iterator[None]:
    with _pragma(site, "query_only=ON", "query_only=OFF"):
        yield


@contextmanager
def _pragma(site: Site, on: str, off: str) -> Iterator[None]:
    """A setting of each connection that writes, those that are opened meanwhile included."""
    engine = site.runtime.store.writes

    def set_it(connection: Any, *_: object) -> None:
        connection.execute(f"PRAGMA {on}").fetchall()

    event.listen(engine, "connect", set_it)
    engine.dispose()
    try:
        yield
    finally:
        event.remove(engine, "connect", set_it)
        engine.dispose()


@contextmanager
def locked_database(site: Site) -> Iterator[None]:
    """Another connection holds the write lock, and nobody waits for it."""
    with closing(sqlite_driver().connect(site.runtime.home.root / DATABASE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with _pragma(site, "busy_timeout=0", "busy_timeout=30000"):
            yield
        other.execute("ROLLBACK")


FAULTS = [
    (full_database, "storage_full"),
    (locked_database, "storage_locked"),
    (read_only_database, "storage_read_only"),
]


@pytest.mark.parametrize(("fault", "code"), FAULTS, ids=[code for _, code in FAULTS])
def test_a_request_that_cannot_be_stored_is_told_so_and_the_next_is_stored_once_it_can_be(
    client: TestClient, site: Site, fault: Any, code: str
) -> None:
    accepted, headers = [], key_headers(site)
    for round_ in range(2):
        accepted.append(client.post("/api/v1/listings", headers=headers, json=a_row(external_id=f"before-{round_}")))
        with fault(site):
            long = a_row(external_id=f"during-{round_}", description="x" * 20_000)
            refused = client.post("/api/v1/listings", headers=headers, json=long)
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, code)
            assert refused.headers["retry-after"] == "5"
            ready = client.get("/readyz")
            assert ready.status_code == 503
            assert [reason["code"] for reason in ready.json()["reasons"]] == [code]
            assert ready.headers["retry-after"] == "10"
            assert client.get("/healthz").status_code == 200
            assert client.get("/api/v1/figures", headers=headers).status_code == 200, "reading goes on"
        accepted.append(client.post("/api/v1/listings", headers=headers, json=a_row(external_id=f"during-{round_}")))
        assert client.get("/readyz").status_code == 200
    assert [response.status_code for response in accepted] == [201] * 4
    for external_id in ("before-0", "during-0", "before-1", "during-1"):
        response = client.get(f"/api/v1/listings/{external_id}", headers=headers)
        assert (response.status_code, response.json()["version"]) == (200, 1)


@pytest.mark.parametrize(("fault", "code"), FAULTS[1:], ids=[code for _, code in FAULTS[1:]])
def test_a_page_tells_a_person_that_the_input_was_not_recorded(
    client: TestClient, site: Site, fault: Any, code: str
) -> None:
    form = {"csrf_token": sign_in(client, site.analyst)[CSRF_HEADER]}
    with fault(site):
        answer = client.post("/help/onboarding/analyst/seen", data=form, headers={"accept": "text/html"})
    assert answer.status_code == 503, code
    assert answer.headers["retry-after"] == "5"
    assert "Nothing was stored" in answer.text


def test_the_page_of_an_error_needs_no_database(
    client: TestClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked_table(*_: object) -> None:
        raise DatabaseLocked

    sign_in(client, site.analyst)
    monkeypatch.setattr(rendering, "alarms_of", locked_table)
    answer = client.get("/nowhere", headers={"accept": "text/html"})
    assert (answer.status_code, "Page not found" in answer.text) == (404, True)


def test_a_process_is_ready_again_by_its_own_heartbeat(client: TestClient, site: Site) -> None:
    presence = Presence(site.runtime)
    assert presence.swept({}, 0.1)
    with full_database(site), pytest.raises(StorageFault), site.runtime.store.write() as connection:
        connection.exec_driver_sql("CREATE TABLE larger AS SELECT zeroblob(100000)")
    assert client.get("/readyz").status_code == 503
    assert presence.swept({}, 0.1), "within the half minute in which a heartbeat is not repeated"
    assert client.get("/readyz").status_code == 200
    assert not presence.swept({}, 0.1)


@pytest.mark.both_engines
def test_only_a_transaction_that_writes_shows_that_a_fault_has_passed(any_site: Site) -> None:
    """A sweep that finds nothing to do commits on a full disk too."""
    store, parameters = any_site.runtime.store, {"here": any_site.marketplace_id}
    store.fault = DatabaseFull()
    with store.write() as connection:
        connection.execute(text("UPDATE marketplace SET name = 'x' WHERE marketplace_id = 'none'"))
    assert store.fault is not None
    with store.write() as connection:
        connection.execute(text("UPDATE marketplace SET name = 'x' WHERE marketplace_id = :here"), parameters)
    assert store.fault is None


def test_a_thread_that_waits_too_long_for_its_turn_is_told_so(site: Site) -> None:
    store = Store(site.runtime.store.url)
    with store.write(), pytest.raises(DatabaseLocked), store.write(wait_seconds=0.01):
        pytest.fail("two writers at once")
    with store.write(wait_seconds=0.01) as connection:
        connection.exec_driver_sql("SELECT 1")
    store.close()


def test_a_small_disk_that_is_full_loses_nothing_that_was_accepted(tmp_path: Path) -> None:
    """A real file system of a few megabytes; skipped without the privilege to mount one."""
    with a_small_disk(tmp_path / "small") as disk:
        store = Store(f"sqlite:///{disk.folder / 'small.sqlite'}")
        with store.write() as connection:
            connection.exec_driver_sql("CREATE TABLE kept (n INTEGER PRIMARY KEY, text BLOB)")
        accepted = 0
        while accepted < 10_000:
            try:
                _keep(store, accepted)
            except DatabaseFull:
                break
            accepted += 1
        assert isinstance(store.fault, DatabaseFull)
        assert _row_count(store) == accepted
        disk.grow("16m")
        _keep(store, accepted)
        assert store.fault is None
        assert _row_count(store) == accepted + 1
        store.close()


def _keep(store: Store, number: int) -> None:
    with store.write() as connection:
        connection.exec_driver_sql("INSERT INTO kept VALUES (?, zeroblob(20000))", (number,))


def _row_count(store: Store) -> int:
    with store.read() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
        return int(connection.exec_driver_sql("SELECT count(*) FROM kept").scalar_one())


# A process that is cut off within a transaction does not keep its locks for ever.


def timeout(store: Store) -> tuple[str, str]:
    """How long a write and a read of this store may send nothing."""
    shown = text("SHOW idle_in_transaction_session_timeout")
    with store.write() as connection:
        of_writes = str(connection.execute(shown).scalar_one())
    with store.read() as connection:
        return of_writes, str(connection.execute(shown).scalar_one())


def test_a_write_that_sends_nothing_for_long_is_ended_and_its_locks_are_free(two_sites: TwoSites) -> None:
    first, second = (site.runtime.store for site in two_sites)

    def cut_off() -> None:
        with first.write() as connection:
            end_silent_transaction(connection, 200)
            audit.lock(connection)
            with second.write() as other:
                audit.lock(other)  # It waits until the first one's session is ended.
            audit.lock(connection)

    with pytest.raises(StorageFault):
        cut_off()
    with first.write() as connection:
        audit.lock(connection)


def test_a_sweep_whose_session_the_database_ends_goes_to_another_process(two_sites: TwoSites) -> None:
    first, second = (site.runtime.store for site in two_sites)
    end = text(  # Only sessions of this test's database: others of the server belong to tests that run beside it.
        "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database "
        "WHERE locktype = 'advisory' AND granted AND datname = current_database()"
    )

    def taken_over() -> None:
        with try_lock(first, "sweep:references"):
            with second.write() as connection:
                connection.execute(end)
            while True:  # The timeout of the test ends the wait.
                with try_lock(second, "sweep:references") as theirs:
                    if theirs:
                        return

    with pytest.raises(StorageFault):
        taken_over()


def test_writes_end_after_ten_seconds_without_a_word_and_reads_never(two_sites: TwoSites) -> None:
    assert timeout(two_sites[0].runtime.store) == ("10s", "0")


def waits(store: Store, kind: Waits) -> list[tuple[str, str]]:
    """The longest wait for a lock and for a statement: of a write, of a read, and of a read for an admission."""
    shown = text("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
    before = WORK.set(kind)
    try:
        with store.write() as writing, store.read() as reading, store.read(admission=True) as admitting:
            return [tuple(connection.execute(shown).one()) for connection in (writing, reading, admitting)]
    finally:
        WORK.reset(before)


def test_waits_end_by_the_kind_of_work(two_sites: TwoSites) -> None:
    store = two_sites[0].runtime.store
    assert waits(store, REQUEST) == [("20s", "30s"), ("5s", "30s"), ("2s", "5s")]
    assert waits(store, LONG) == [("20s", "1h"), ("20s", "1h"), ("2s", "5s")]


def test_a_session_that_waits_for_a_lock_does_not_wait_for_ever(two_sites: TwoSites) -> None:
    """Or the sessions of a process that is cut off would get the lock one after another, each for ten seconds."""
    first, second = (site.runtime.store for site in two_sites)

    def wait() -> None:
        with second.write() as connection:
            assert connection.execute(text("SHOW lock_timeout")).scalar_one() == "20s"
            connection.execute(text("SET LOCAL lock_timeout = 200"))
            audit.lock(connection)

    with first.write() as connection:
        audit.lock(connection)
        with pytest.raises(DatabaseLocked):
            wait()
