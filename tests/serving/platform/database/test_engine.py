import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, event

from serving.platform.database import engine as engines
from serving.platform.database.engine import (
    DatabaseUnsafe,
    assert_durable,
    has_wal_race,
    read_engine,
    sqlite_url,
    write_engine,
)
from serving.platform.database.store import Store
from tests.fixtures.postgres import Postgres

# https://sqlite.org/wal.html, "The WAL-Reset Bug": 3.7.0 to 3.51.2, fixed in 3.51.3, 3.44.6 and 3.50.7.
VERSIONS = [
    ("3.7.0", True),  # The first with a WAL.
    ("3.44.5", True),
    ("3.44.6", False),  # Fixed in an old line.
    ("3.45.0", True),  # A later line without the fix.
    ("3.46.1", True),  # Debian 13's.
    ("3.50.6", True),
    ("3.50.7", False),
    ("3.51.2", True),
    ("3.51.3", False),
    ("3.52.0", False),
    ("4.0.0", False),
]


@pytest.mark.parametrize(("version", "racy"), VERSIONS)
def test_a_version_that_can_damage_a_wal_is_known(version: str, racy: bool) -> None:
    assert has_wal_race(version) is racy


def pragma(connection: Connection, name: str) -> object:
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


@pytest.mark.parametrize("make", [read_engine, write_engine])
def test_every_connection_to_sqlite_keeps_what_it_acknowledges(tmp_path: Path, make: Callable[[str], Engine]) -> None:
    engine = make(sqlite_url(tmp_path / "a.sqlite"))
    try:
        with engine.connect() as connection:
            connection.detach()  # So that the next one is another connection.
            connection.rollback()
            with engine.connect() as other:
                pragmas = {name: pragma(other, name) for name in ("synchronous", "foreign_keys", "busy_timeout")}
            assert pragmas == {"synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
        assert_durable(engine)
    finally:
        engine.dispose()


@pytest.mark.parametrize(("version", "journal"), [("3.46.1", "delete"), ("3.51.3", "wal")])
def test_a_version_with_the_race_gets_no_wal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, journal: str
) -> None:
    monkeypatch.setattr(engines.sqlite_driver(), "sqlite_version", version)
    engine = write_engine(sqlite_url(tmp_path / "a.sqlite"))
    try:
        with engine.connect() as connection:
            assert pragma(connection, "journal_mode") == journal
        assert_durable(engine)
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ("synchronous=NORMAL", "the last commits are lost with the power"),
        ("foreign_keys=OFF", "a reference may lead into another marketplace"),
        ("journal_mode=MEMORY", "a killed process leaves half a transaction"),
        ("journal_mode=OFF", "nothing can be rolled back"),
    ],
)
def test_a_database_that_could_lose_what_it_acknowledges_is_refused(tmp_path: Path, setting: str, why: str) -> None:
    engine = write_engine(sqlite_url(tmp_path / "a.sqlite"))
    try:

        @event.listens_for(engine, "connect")
        def weaken(connection: sqlite3.Connection, _record: object) -> None:
            connection.execute(f"PRAGMA {setting}").fetchall()

        with pytest.raises(DatabaseUnsafe, match="may lose writes"):
            assert_durable(engine)
    finally:
        engine.dispose()


def test_a_wal_is_refused_under_a_version_with_the_race(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = write_engine(sqlite_url(tmp_path / "a.sqlite"))
    try:
        with engine.connect() as connection:
            assert pragma(connection, "journal_mode") == "wal"
        monkeypatch.setattr(engines.sqlite_driver(), "sqlite_version", "3.46.1")
        with pytest.raises(DatabaseUnsafe, match=r"3\.46\.1"):
            assert_durable(engine)
    finally:
        engine.dispose()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    new_store = Store(sqlite_url(tmp_path / "a.sqlite"))
    with new_store.write() as connection:
        connection.exec_driver_sql("CREATE TABLE counter (n INTEGER NOT NULL)")
        connection.exec_driver_sql("INSERT INTO counter VALUES (0)")
    yield new_store
    new_store.close()


def test_a_transaction_that_writes_holds_the_lock_from_its_beginning(store: Store) -> None:
    """Read, then write, in twenty simultaneous transactions: without the lock, one of them fails or overwrites."""
    ready = threading.Barrier(4)

    def count() -> None:
        ready.wait()
        for _ in range(5):
            with store.write() as connection:
                n = connection.exec_driver_sql("SELECT n FROM counter").scalar_one()
                connection.exec_driver_sql("UPDATE counter SET n = ?", (n + 1,))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT n FROM counter").scalar_one() == 20


def test_a_read_does_not_wait_for_a_writer_and_sees_one_state(store: Store) -> None:
    with store.write() as writing, store.read() as reading:
        writing.exec_driver_sql("UPDATE counter SET n = 7")
        assert reading.exec_driver_sql("SELECT n FROM counter").scalar_one() == 0
        writing.commit()
        assert reading.exec_driver_sql("SELECT n FROM counter").scalar_one() == 0
    with store.read() as reading:
        assert reading.exec_driver_sql("SELECT n FROM counter").scalar_one() == 7


def test_a_block_that_raises_writes_nothing(store: Store) -> None:
    def half() -> None:
        with store.write() as connection:
            connection.exec_driver_sql("UPDATE counter SET n = 7")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        half()
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT n FROM counter").scalar_one() == 0


def test_nothing_is_written_by_a_read(store: Store) -> None:
    with store.read() as connection:
        connection.exec_driver_sql("UPDATE counter SET n = 7")
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT n FROM counter").scalar_one() == 0


def test_postgresql_needs_none_of_it() -> None:
    assert_durable(create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none"))


@pytest.mark.soak
@pytest.mark.parametrize("pause_seconds", [0.0, 60.0])
def test_a_pooled_connection_is_asked_after_a_pause_and_replaced_where_it_is_gone(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch, pause_seconds: float
) -> None:
    monkeypatch.setattr(engines, "_ASKED_AFTER_SECONDS", 1.0 - pause_seconds)
    url = postgres.new_database()
    engine = write_engine(url)
    pinged: list[object] = []
    ping = engine.dialect.do_ping

    def asking(connection: Any) -> bool:
        pinged.append(connection)
        return ping(connection)

    monkeypatch.setattr(engine.dialect, "do_ping", asking)
    try:
        for _ in range(3):
            with engine.connect() as connection:
                pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        assert len(pinged) == (2 if pause_seconds else 0)
        if not pause_seconds:
            return
        other = write_engine(url)
        with other.connect() as connection:
            connection.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 5000)")
        other.dispose()
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one() != pid
    finally:
        engine.dispose()
