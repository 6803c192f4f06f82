"""Locks that a process keeps from one transaction to another, and that end with the process."""

import hashlib
import threading

from sqlalchemy import Connection, exc, func, select

from serving.platform.database.engine import is_sqlite, write_engine
from serving.platform.database.waits import ADMISSION


class SessionLocks:
    """The locks of one process: on PostgreSQL advisory locks of one session, on SQLite those of the file's only owner.

    A lost session is replaced. A lock that another process has taken in between stays with it.
    """

    def __init__(self, url: str) -> None:
        self._engine = None if is_sqlite(url) else write_engine(url, ADMISSION)
        self._connection: Connection | None = None
        self._turn = threading.Lock()
        self._taken = set[int]()

    def take(self, name: str) -> bool:
        """Take the lock of a name; False where any process has it, this one too."""
        number = lock_number(name)
        with self._turn:
            if number in self._taken or not self._is_locked(number):
                return False
            self._taken.add(number)
            return True

    def give_back(self, name: str) -> None:
        number = lock_number(name)
        with self._turn:
            self._taken.discard(number)
            if self._connection is not None:
                try:
                    self._connection.execute(select(func.pg_advisory_unlock(number)))
                except exc.DBAPIError:
                    self._drop()  # The end of the session frees it.

    def close(self) -> None:
        """Give every lock back."""
        with self._turn:
            self._drop()
            if self._engine is not None:
                self._engine.dispose()

    def _is_locked(self, number: int) -> bool:
        if self._engine is None:
            return True
        if self._connection is not None:
            try:
                return _try_lock(self._connection, number)
            except exc.DBAPIError:
                self._drop()
        self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        for taken in self._taken:
            _try_lock(self._connection, taken)
        return _try_lock(self._connection, number)

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None


def _try_lock(connection: Connection, number: int) -> bool:
    return bool(connection.execute(select(func.pg_try_advisory_lock(number))).scalar_one())


def lock_number(name: str) -> int:
    """The number by which PostgreSQL knows the lock of that name."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)
