"""Transactions: one for each request or job, opened here and committed once."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Engine, Insert, Table, exc, insert
from sqlalchemy.dialects import postgresql, sqlite

from serving.platform.database.engine import (
    assert_durable,
    is_sqlite,
    limit_read_waits,
    limit_write_waits,
    read_engine,
    write_engine,
)
from serving.platform.database.fast.door import insert_rows
from serving.platform.database.faults import DatabaseLocked, StorageFault, fault_of
from serving.platform.database.series import insert_at_end
from serving.platform.database.session_locks import SessionLocks
from serving.platform.database.waits import ADMISSION, LONG, REQUEST, WORK

# With SQLite's own wait, a request is answered within half a minute however many wait before it.
_LONGEST_WAIT_SECONDS: Final = 20.0


_IN_EACH_WRITE: ContextVar[Callable[[Connection], None] | None] = ContextVar("in_each_write", default=None)


@contextmanager
def in_each_write(note: Callable[[Connection], None]) -> Iterator[None]:
    """Run `note` at the end of every transaction that this request writes while the block runs."""
    before = _IN_EACH_WRITE.set(note)
    try:
        yield
    finally:
        _IN_EACH_WRITE.reset(before)


class Store:
    """The database of one installation. `fault` is why a transaction failed to write, None once one wrote."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.writes: Engine = write_engine(url, REQUEST)
        # On PostgreSQL one pool serves both; on SQLite reads must not take the write lock.
        self.reads: Engine = read_engine(url, REQUEST) if is_sqlite(url) else self.writes
        # SQLite has one writer. A thread that finds it taken polls, so some of eight threads would wait until the busy
        # timeout. One process owns the file, so its threads queue here instead and proceed in turn.
        self._turn = threading.Lock() if is_sqlite(url) else None
        self.fault: StorageFault | None = None
        # Connections that nobody else takes: who is admitted is known while all other connections wait.
        self.admissions: Engine = read_engine(url, ADMISSION)
        self._locks = SessionLocks(url)

    def check(self) -> None:
        """Refuse a database that could lose an acknowledged write."""
        assert_durable(self.writes)

    @contextmanager
    def write(self, *, wait_seconds: float = _LONGEST_WAIT_SECONDS) -> Iterator[Connection]:
        """A transaction that commits when the block ends and rolls back when it raises.

        `wait_seconds` is the longest wait for the threads that write before this one.

        Raises StorageFault (the database is full, locked, read-only or out of reach; nothing is stored).
        """
        try:
            with self._in_turn(wait_seconds), _as_storage_faults(), self.writes.begin() as connection:
                limit_write_waits(connection, WORK.get())
                before = self._written(connection)
                yield connection
                if (note := _IN_EACH_WRITE.get()) is not None:
                    note(connection)
                wrote = before is not None and before != self._written(connection)
        except StorageFault as fault:
            self.fault = fault
            raise
        if wrote:
            self.fault = None

    def delete_if_any(
        self,
        is_any: Callable[[Connection, datetime], bool],
        delete: Callable[[Connection, datetime], int],
        before: datetime,
    ) -> int:
        """Delete what is older than a moment; returns how much. Without any, no write transaction begins."""
        with self.read() as connection:
            if not is_any(connection, before):
                return 0
        with self.write() as connection:
            return delete(connection, before)

    def _written(self, connection: Connection) -> int | None:
        """A number that changes when the transaction writes; None, without asking the database, where nothing failed.

        A transaction that changes no row commits on a full disk too.
        """
        if self.fault is None:
            return None
        counter = "total_changes()" if is_sqlite(self.url) else "coalesce(pg_current_xact_id_if_assigned()::text, '0')"
        return int(connection.exec_driver_sql(f"SELECT {counter}").scalar_one())

    @contextmanager
    def _in_turn(self, wait_seconds: float) -> Iterator[None]:
        if self._turn is None:
            yield
            return
        if not self._turn.acquire(timeout=wait_seconds):
            raise DatabaseLocked
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def read(self, *, admission: bool = False) -> Iterator[Connection]:
        """One consistent view without writes; one for `admission` waits for no other work, and briefly for locks.

        Raises StorageFault (the database is out of reach).
        """
        engine = self.admissions if admission else self.reads
        with _as_storage_faults(), engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                # As SQLite's. A commit ends it, because the driver forgets prepared statements at a rollback.
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)  # noqa: PLW2901
                if not admission and WORK.get() is LONG:
                    limit_read_waits(connection)
                yield connection
                connection.commit()
                return
            yield connection
            connection.rollback()

    def probe(self) -> None:
        """Read from the database. Raises StorageFault (the database is out of reach)."""
        with self.read(admission=True) as connection:
            connection.exec_driver_sql("SELECT 1")

    def take(self, name: str) -> bool:
        """Take a lock that this process keeps until it gives it back or ends; False where any process has it.

        Raises StorageFault (the database is out of reach).
        """
        with _as_storage_faults():
            return self._locks.take(name)

    def give_back(self, name: str) -> None:
        self._locks.give_back(name)

    def close(self) -> None:
        """Close every connection."""
        self._locks.close()
        self.admissions.dispose()
        self.reads.dispose()
        self.writes.dispose()


@contextmanager
def _as_storage_faults() -> Iterator[None]:
    try:
        yield
    except (exc.SQLAlchemyError, OSError) as error:
        if (fault := fault_of(error)) is None:
            raise
        raise fault from error


def add(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; an empty sequence is allowed."""
    insert_rows(connection, _insert_into(table), rows)


def add_at_end(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that no decision reads: in a series of them, at its end."""
    insert_at_end(connection, _insert_into(table), rows)


def add_or_ignore(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows and leave existing ones as they are; an empty sequence is allowed."""
    insert_rows(connection, insert_or_ignore(connection, table), rows)


@cache
def _insert_into(table: Table) -> Insert:
    return insert(table)


def insert_or_ignore(connection: Connection, table: Table) -> Insert:
    """An insert that leaves existing rows as they are."""
    return _ignoring_insert(table, connection.dialect.name)


@cache
def _ignoring_insert(table: Table, dialect: str) -> Insert:
    statement: Insert = (postgresql if dialect == "postgresql" else sqlite).insert(table).on_conflict_do_nothing()
    return statement
