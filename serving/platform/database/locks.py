"""Work that only one process at a time may do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, func, select

from serving.platform.database.engine import end_silent_transaction, is_sqlite
from serving.platform.database.session_locks import lock_number
from serving.platform.database.store import Store

_LONGEST_WORK_MS: Final = 600_000


@contextmanager
def try_lock(store: Store, name: str) -> Iterator[bool]:
    """Whether this process has the work of that name to itself while the block runs.

    On PostgreSQL an advisory lock of a transaction, which ends with the block or with the process; that of a process
    which is cut off ends after ten minutes. SQLite has one process, so the answer is always yes.
    """
    if is_sqlite(store.url):
        yield True
        return
    with store.write() as connection:
        end_silent_transaction(connection, _LONGEST_WORK_MS)
        yield connection.execute(select(func.pg_try_advisory_xact_lock(lock_number(name)))).scalar_one()


def wait_for_lock(connection: Connection, name: str) -> None:
    """Wait until no other transaction has the lock of that name, on PostgreSQL, and keep it until this one ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(lock_number(name))))
