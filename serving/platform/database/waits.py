"""The longest waits for a database, by kind of work."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Waits:
    """How long a kind of work waits: to connect, for a connection of the pool, for a lock, for one statement.

    `busy_ms` is SQLite's wait for its one lock.
    """

    connect_seconds: int
    connection_seconds: float
    lock_ms: int
    statement_ms: int
    busy_ms: int


# Keys, sessions, scores and probes read a few rows. Who waits for them is answered 503 before a client gives up.
ADMISSION: Final = Waits(connect_seconds=3, connection_seconds=2.0, lock_ms=2_000, statement_ms=5_000, busy_ms=2_000)
# A proxy ends a request after a minute or two, and one statement of a page takes a second at most. A read waits for
# changes of tables alone.
REQUEST: Final = Waits(connect_seconds=5, connection_seconds=10.0, lock_ms=5_000, statement_ms=30_000, busy_ms=5_000)
# Jobs, sweeps, commands and backups: nobody waits for an answer, and a statement may read a whole table.
LONG: Final = Waits(connect_seconds=10, connection_seconds=30.0, lock_ms=20_000, statement_ms=3_600_000, busy_ms=30_000)
# A write waits for others, also for those of a process that is cut off, which end after ten seconds.
WRITE_LOCK_MS: Final = 20_000

# The work of this thread or task; a request says so at its beginning.
WORK: Final[ContextVar[Waits]] = ContextVar("work", default=LONG)
