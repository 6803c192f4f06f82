"""Reads and writes for trainings without a person: earlier trainings, and the last decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select, update

from serving.learning.tables import retraining_check, snapshot, training_job
from serving.platform.database.scope import inside, same
from serving.platform.database.store import insert_or_ignore

BY_ITSELF: Final = "worker"  # The actor of trainings that nobody requested.
_UNDER_WAY: Final = ("waiting", "running")


@dataclass(frozen=True, slots=True)
class Attempt:
    """A training that ended. `as_of` is the moment of its labels, or of its request where it took no snapshot."""

    done: bool
    as_of: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Attempts:
    """The trainings of a marketplace so far: `last` is the last that ended, `done` the last that ended well."""

    under_way: bool
    last: Attempt | None
    done: Attempt | None
    failures: int
    started_by_itself_at: datetime | None


def attempts(connection: Connection, marketplace_id: str) -> Attempts:
    """Whether a training is queued or runs, the last ended trainings, and how many failed after the last good one."""
    in_marketplace = training_job.c.marketplace_id == marketplace_id
    last = _last_attempt(connection, marketplace_id)
    done = last if last is None or last.done else _last_attempt(connection, marketplace_id, state="done")
    failed = select(func.count()).select_from(training_job).where(in_marketplace, training_job.c.state == "failed")
    if done is not None:
        failed = failed.where(training_job.c.finished_at > done.ended_at)
    return Attempts(
        connection.execute(
            select(training_job.c.job_id).where(in_marketplace, training_job.c.state.in_(_UNDER_WAY))
        ).first()
        is not None,
        last,
        done,
        connection.execute(failed).scalar_one(),
        connection.execute(
            select(func.max(training_job.c.created_at)).where(in_marketplace, training_job.c.requested_by == BY_ITSELF)
        ).scalar(),
    )


def _last_attempt(connection: Connection, marketplace_id: str, *, state: str | None = None) -> Attempt | None:
    query = (
        select(training_job.c.state, training_job.c.created_at, training_job.c.finished_at, snapshot.c.as_of)
        .outerjoin(snapshot, same(snapshot, training_job, "snapshot_id"))
        .where(training_job.c.marketplace_id == marketplace_id, training_job.c.finished_at.is_not(None))
        .order_by(training_job.c.finished_at.desc(), training_job.c.job_id.desc())
        .limit(1)
    )
    if state is not None:
        query = query.where(training_job.c.state == state)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return Attempt(row.state == "done", row.as_of or row.created_at, row.finished_at)


def last_decision(connection: Connection, marketplace_id: str) -> tuple[datetime, Mapping[str, Any]] | None:
    """The time and content of the last decision; None before the first."""
    query = select(retraining_check.c.looked_at, retraining_check.c.decision).where(
        inside(retraining_check, marketplace_id)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.looked_at, row.decision)


def save_decision(connection: Connection, marketplace_id: str, decision: Mapping[str, Any], at: datetime) -> None:
    """Store a decision in place of the one before."""
    row = {"marketplace_id": marketplace_id, "decision": dict(decision), "looked_at": at}
    changed = update(retraining_check).where(inside(retraining_check, marketplace_id)).values(row)
    if connection.execute(changed).rowcount == 0:
        connection.execute(insert_or_ignore(connection, retraining_check).values(row))
