"""Database engines: SQLite with durable settings, or PostgreSQL; one for writes, one for reads."""

import re
import time
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.pool import ConnectionPoolEntry

from models.errors import DomainError
from serving.platform.database.faults import drop_values
from serving.platform.database.waits import LONG, WRITE_LOCK_MS, Waits

try:
    import pysqlite3 as sqlite_module
except ImportError:  # No wheel for this platform: the system's SQLite, without WAL if it has the race.
    import sqlite3 as sqlite_module

_READING: Final = (f"busy_timeout={LONG.busy_ms}", "query_only=ON")
# A process that is cut off within a transaction keeps its locks until the server ends its session. Its other sessions
# may wait for the same lock, and each would get it and keep it as long: a wait ends, too.
CUT_OFF_MS: Final = 10_000
_LONGEST_UNANSWERED_MS: Final = 60_000
_ASKED_AFTER_SECONDS: Final = 1.0
_WORKED: Final = "when it was given back"
# A machine that is gone is noticed by either side within a minute; Linux takes two hours by default.
_KEPT_ALIVE: Final = {"idle": 30, "interval": 10, "count": 3}

# The WAL-reset race of 3.7.0-3.51.2 needs only two connections of one process (sqlite.org/wal.html#walresetbug).
_FIXED: Final = (3, 51, 3)
_BACKPORTS: Final = {(3, 44): 6, (3, 50): 7}


class DatabaseUnsafe(DomainError):
    """The database cannot be opened so that acknowledged writes are durable."""

    code = "database_unsafe"


def has_wal_race(version: str) -> bool:
    """Whether this SQLite version can corrupt a WAL database under two connections.

    >>> has_wal_race("3.46.1"), has_wal_race("3.50.7"), has_wal_race("3.53.4")
    (True, False, False)
    """
    major, minor, patch = (int(part) for part in re.findall(r"\d+", version)[:3])
    if (major, minor, patch) >= _FIXED:
        return False
    backport = _BACKPORTS.get((major, minor))
    return backport is None or patch < backport


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite:///{path}"


def is_sqlite(url: str) -> bool:
    return url.startswith("sqlite")


def sqlite_driver() -> ModuleType:
    """The SQLite module in use; DBOS is given the same one."""
    module: ModuleType = sqlite_module
    return module


def write_engine(url: str, waits: Waits = LONG) -> Engine:
    """The engine for transactions that write; on SQLite each begins by taking the write lock.

    A read that later becomes a write would fail with 'database is locked', however long it waits.
    """
    return _sqlite_engine(url, "BEGIN IMMEDIATE") if is_sqlite(url) else _postgresql_engine(url, waits)


def read_engine(url: str, waits: Waits = LONG) -> Engine:
    """The engine for reads, which never wait for a writer."""
    return _sqlite_engine(url, "BEGIN", waits) if is_sqlite(url) else _postgresql_engine(url, waits)


def read_only_engine(url: str) -> Engine:
    """The engine for reads of a database that belongs to another process; the database itself refuses every write."""
    if not is_sqlite(url):
        engine = _postgresql_engine(url, LONG, "default_transaction_read_only=on")
        return engine.execution_options(isolation_level="REPEATABLE READ")
    name = quote(str(Path(make_url(url).database or "").absolute()))
    file = URL.create("sqlite", database=f"file:{name}", query={"mode": "ro", "uri": "true"})
    return _sqlite_engine(file, "BEGIN", settings=_READING)


def _postgresql_engine(url: str, waits: Waits, *settings: str) -> Engine:
    # A cached plan from a time of small tables would take minutes on large ones.
    longest = (f"lock_timeout={waits.lock_ms}", f"statement_timeout={waits.statement_ms}")
    arguments = connect_arguments("plan_cache_mode=force_custom_plan", *longest, *settings)
    arguments["connect_timeout"] = waits.connect_seconds
    engine = create_engine(
        url,
        pool_size=10,
        max_overflow=10,
        pool_timeout=waits.connection_seconds,
        connect_args=arguments,
        hide_parameters=True,
    )
    event.listen(engine, "handle_error", _hide_row_values)
    _check_idle_connections(engine)
    return engine


def _check_idle_connections(engine: Engine) -> None:
    """Ask a pooled connection whether it still works, unless it did a second ago: one that does not is replaced.

    Asking takes as long as a small query, and each transaction would do it. A server that restarts within the second
    fails one transaction, as it fails those that it interrupts.
    """

    @event.listens_for(engine, "checkin")
    def note(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info[_WORKED] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ask(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        worked = record.info.get(_WORKED)
        if worked is None or time.monotonic() - worked < _ASKED_AFTER_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            # The next connection of the pool is new, and so are all that are as old as this one.
            raise exc.InvalidatePoolError from error


def connect_arguments(*settings: str) -> dict[str, Any]:
    """Arguments of a connection to PostgreSQL: these settings, and an end within a minute of the other side's."""
    settings += tuple(f"tcp_keepalives_{name}={number}" for name, number in _KEPT_ALIVE.items())
    return {
        "options": " ".join(f"-c {setting}" for setting in settings),
        "connect_timeout": LONG.connect_seconds,
        "tcp_user_timeout": _LONGEST_UNANSWERED_MS,
        **{f"keepalives_{name}": number for name, number in _KEPT_ALIVE.items()},
    }


def end_silent_transaction(connection: Connection, milliseconds: int = CUT_OFF_MS) -> None:
    """Have PostgreSQL end this transaction if its process sends nothing for so long; its locks are then free."""
    _set_local(connection, idle_in_transaction_session_timeout=milliseconds)


def limit_read_waits(connection: Connection) -> None:
    """Let this transaction of PostgreSQL wait as long as work does that nobody waits for."""
    _set_local(connection, lock_timeout=LONG.lock_ms, statement_timeout=LONG.statement_ms)


def limit_write_waits(connection: Connection, waits: Waits) -> None:
    """Bound the waits of a transaction that writes on PostgreSQL, and its silence, as `end_silent_transaction` does."""
    _set_local(
        connection,
        idle_in_transaction_session_timeout=CUT_OFF_MS,
        lock_timeout=WRITE_LOCK_MS,
        statement_timeout=waits.statement_ms,
    )


def _set_local(connection: Connection, **milliseconds: int) -> None:
    if connection.dialect.name == "postgresql":
        settings = ", ".join(f"set_config('{name}', '{limit}', true)" for name, limit in milliseconds.items())
        connection.exec_driver_sql(f"SELECT {settings}")


def _hide_row_values(context: ExceptionContext) -> None:
    error, wrapped = context.original_exception, context.sqlalchemy_exception
    text = drop_values(error)
    if text is not None and wrapped is not None:
        wrapped.args = (f"({type(error).__module__}.{type(error).__name__}) {text}",)


def _sqlite_engine(
    url: str | URL, begin: str, waits: Waits = LONG, *, settings: tuple[str, ...] | None = None
) -> Engine:
    """`settings` are pragmas in place of the durable ones."""
    engine = create_engine(
        url,
        module=sqlite_driver(),
        pool_size=10,
        pool_timeout=waits.connection_seconds,
        connect_args={"check_same_thread": False, "timeout": waits.busy_ms / 1000},
        hide_parameters=True,
    )
    journal = "DELETE" if has_wal_race(sqlite_driver().sqlite_version) else "WAL"

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy emits BEGIN itself, below.
        for pragma in settings or (
            f"journal_mode={journal}",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={waits.busy_ms}",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()

    @event.listens_for(engine, "begin")
    def start(connection: Any) -> None:
        if begin == "BEGIN":
            # It takes no lock and cannot fail, so it needs none of SQLAlchemy's work for a statement.
            connection.connection.driver_connection.execute(begin)
        else:
            connection.exec_driver_sql(begin)

    return engine


def assert_durable(engine: Engine) -> None:
    """Refuse a database that could lose an acknowledged write.

    Raises DatabaseUnsafe (SQLite does not have the required settings).
    """
    if engine.dialect.name != "sqlite":
        return
    with engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    racy = has_wal_race(sqlite_driver().sqlite_version)
    safe = {"delete"} if racy else {"delete", "wal"}  # SQLite's fallback where WAL is not available is slower.
    if pragmas["journal_mode"] not in safe or pragmas["synchronous"] != 2 or pragmas["foreign_keys"] != 1:
        raise DatabaseUnsafe(
            "SQLite {version} is set to {found}, which may lose writes.",
            version=sqlite_driver().sqlite_version,
            found=str(pragmas),
        )


def database_bytes(connection: Connection) -> int:
    """The size of the database in bytes, without its log."""
    if connection.dialect.name == "postgresql":
        return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())
    pages, size = (connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("page_count", "page_size"))
    return int(pages) * int(size)


def job_database_url(url: str) -> str:
    """The same database as DBOS names it: with a plain postgresql:// scheme."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
