"""Processes that run jobs, and when each was last seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from serving.operations.tables import worker_process
from serving.platform.database.row_reader import reader, row_of
from serving.platform.database.store import add


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    """One process; times are of the wall clock, `sweep_seconds` is the duration of its last sweep.

    `lacks` are the champions that the process could not load: why, by marketplace.
    """

    worker_id: str
    process: str
    started_at: datetime
    seen_at: datetime
    sweep_seconds: float
    work_counts: Mapping[str, int]
    lacks: Mapping[str, str]


def record_seen(connection: Connection, process: WorkerProcess) -> None:
    """Record that a process is running; it replaces an earlier one of the same name."""
    values = row_of(process)
    changed = connection.execute(
        update(worker_process).where(worker_process.c.worker_id == process.worker_id).values(**values)
    )
    if changed.rowcount == 0:
        add(connection, worker_process, [values])


def all_processes(connection: Connection) -> list[WorkerProcess]:
    """All recorded processes, the latest first."""
    query = select(worker_process).order_by(worker_process.c.seen_at.desc(), worker_process.c.worker_id)
    return reader(WorkerProcess).all(connection, query)
