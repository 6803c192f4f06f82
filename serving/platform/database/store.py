"""Transactions: one for each request or job, opened here and committed once."""

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, Engine, Insert, Table, insert
from sqlalchemy.dialects import postgresql, sqlite

from serving.platform.database.engine import assert_durable, is_sqlite, read_engine, write_engine


class Store:
    """The database of one installation."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.writes: Engine = write_engine(url)
        # On PostgreSQL one pool serves both; on SQLite reads must not take the write lock.
        self.reads: Engine = read_engine(url) if is_sqlite(url) else self.writes
        # SQLite has one writer. A thread that finds it taken polls, so some of eight threads would wait until the busy
        # timeout. One process owns the file, so its threads queue here instead and proceed in turn.
        self._turn = threading.Lock() if is_sqlite(url) else nullcontext()
        # Connections and a thread that nobody else takes, so that a probe waits for no request.
        self._probes: Engine = read_engine(url)
        self._prober = ThreadPoolExecutor(1, thread_name_prefix="probe")

    def check(self) -> None:
        """Refuse a database that could lose an acknowledged write."""
        assert_durable(self.writes)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits when the block ends and rolls back when it raises."""
        with self._turn, self.writes.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view without writes."""
        with self.reads.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection = connection.execution_options(isolation_level="REPEATABLE READ")  # noqa: PLW2901  # as SQLite's
            yield connection
            connection.rollback()

    async def probe(self) -> None:
        """Read from the database, apart from the threads and connections of requests.

        Raises
        ------
        SQLAlchemyError
            The database cannot be read.
        """
        await asyncio.get_running_loop().run_in_executor(self._prober, self._read_one)

    def _read_one(self) -> None:
        with self._probes.connect() as connection:
            connection.exec_driver_sql("SELECT 1")

    def close(self) -> None:
        """Close every connection."""
        self._prober.shutdown()
        self._probes.dispose()
        self.reads.dispose()
        self.writes.dispose()


def add(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; an empty sequence is allowed."""
    if rows:
        connection.execute(insert(table), list(rows))


def insert_or_ignore(connection: Connection, table: Table) -> Insert:
    """An insert that leaves existing rows as they are."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    found: Insert = dialect.insert(table).on_conflict_do_nothing()
    return found
