"""Durable jobs in DBOS's tables, read only: counts of waiting, running, ended and failed jobs, and the failures."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, column, func, select, table

_WAITING: Final = ("ENQUEUED", "DELAYED")
_RUNNING: Final = ("PENDING",)
_NOTHING: Final = (0, 0)
_FAILED: Final = ("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED", "CANCELLED")


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """Counts of one queue; `done` and `failed` since a moment, `oldest` is the start of the longest waiting job."""

    queue: str
    waiting: int
    running: int
    done: int
    failed: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that ended with an error."""

    job_id: str
    name: str
    queue: str
    at: datetime
    error: str


def queue_counts(connection: Connection, since: datetime) -> list[QueueCounts]:
    """The queues with a job that waits, runs, or ended since a moment, by name."""
    job, when = _job_table(connection), int(since.timestamp() * 1000)
    in_queue = (job.c.queue_name.is_not(None),)
    counted = select(job.c.queue_name, func.count().label("n"), func.min(job.c.created_at).label("first"))

    def of(*conditions: Any) -> dict[str, tuple[int, int]]:
        rows = connection.execute(counted.where(*in_queue, *conditions).group_by(job.c.queue_name))
        return {row.queue_name: (row.n, row.first) for row in rows}

    waiting, running = of(job.c.status.in_(_WAITING)), of(job.c.status.in_(_RUNNING))
    done = of(job.c.status == "SUCCESS", job.c.completed_at >= when)
    failed = of(job.c.status.in_(_FAILED), job.c.created_at >= when)
    names = sorted({*waiting, *running, *done, *failed})
    return [
        QueueCounts(
            name,
            waiting.get(name, _NOTHING)[0],
            running.get(name, _NOTHING)[0],
            done.get(name, _NOTHING)[0],
            failed.get(name, _NOTHING)[0],
            _as_datetime(waiting[name][1]) if name in waiting else None,
        )
        for name in names
    ]


def unfinished_count(connection: Connection, queues: Collection[str]) -> int:
    job = _job_table(connection)
    query = select(func.count()).where(job.c.status.in_((*_WAITING, *_RUNNING)), job.c.queue_name.in_(queues))
    return int(connection.execute(query.select_from(job)).scalar_one())


def latest_failures(connection: Connection, most: int) -> list[FailedJob]:
    job, output = _job_table(connection), _output_table(connection)
    query = (
        select(
            job.c.workflow_uuid,
            job.c.name,
            job.c.queue_name,
            job.c.created_at,
            func.coalesce(output.c.error, job.c.error, job.c.status).label("why"),
        )
        .outerjoin(output, output.c.workflow_uuid == job.c.workflow_uuid)
        .where(job.c.status.in_(_FAILED))
        .order_by(job.c.created_at.desc(), job.c.workflow_uuid)
        .limit(most)
    )
    return [
        FailedJob(row.workflow_uuid, row.name or "", row.queue_name or "", _as_datetime(row.created_at), str(row.why))
        for row in connection.execute(query)
    ]


def _job_table(connection: Connection) -> Any:
    names = ("workflow_uuid", "status", "name", "queue_name", "created_at", "completed_at", "error")
    return table("workflow_status", *map(column, names), schema=_job_schema(connection))


def _output_table(connection: Connection) -> Any:
    return table("workflow_output", column("workflow_uuid"), column("error"), schema=_job_schema(connection))


def _job_schema(connection: Connection) -> str | None:
    """The schema of DBOS's tables; None where the engine has no schemas."""
    return "dbos" if connection.dialect.name == "postgresql" else None


def _as_datetime(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
