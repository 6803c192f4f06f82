"""Jobs: worker processes, queued, running and failed jobs, and the latest retrainings."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from serving.accounts.rules.access import Permission, Person
from serving.accounts.store.accounts import Session
from serving.guards import may, runtime_of
from serving.learning.store import learning
from serving.learning.store.learning import Job
from serving.operations.service.presence import MISSED
from serving.operations.store import job_queue, workers
from serving.operations.store.job_queue import FailedJob, QueueCounts
from serving.operations.store.workers import WorkerProcess
from serving.platform.runtime import Runtime
from serving.web import text_view
from serving.web.at_marketplace import AtMarketplace, PlaceScope, scope_of
from serving.web.model.training_part import who
from serving.web.rendering import respond
from serving.web.text_view import Shown
from serving.web.wording import words

router = APIRouter(include_in_schema=False)
Watcher = Annotated[Session, may(Permission.SEE_OPERATIONS)]
PLACE: Final = "/operations/jobs"
_LATELY: Final = timedelta(days=1)
_FAILURES: Final = 20
_TRAININGS: Final = 5
_LONGEST_ERROR: Final = 400
_QUEUES: Final = {
    "deliveries": "Deliveries to the marketplace",
    "checks": "Checks of removed listings",
    "mails": "Mails",
    "training": "Training and publishing",
}


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """A process that runs jobs; `found` is the work of its last sweep, in words."""

    name: str
    process: str
    started: str
    swept: str
    took: str
    found: str
    is_there: bool


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A queue of jobs; done and failed counts cover the last 24 hours."""

    name: str
    waiting: int
    oldest: str
    running: int
    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class FailureRow:
    """A failed job and its error."""

    job_id: str
    queue: str
    when: str
    error: Shown


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """A retraining: its requester and its state."""

    asked: str
    state: str
    stage: str
    percent: int
    ended: str
    error: Shown


@dataclass(frozen=True, slots=True)
class JobsPage(AtMarketplace):
    """The page."""

    template: ClassVar[str] = "jobs.html"
    place: ClassVar[str] = "/operations"

    processes: tuple[ProcessRow, ...]
    sweeps_every: str
    queues: tuple[QueueRow, ...]
    failures: tuple[FailureRow, ...]
    trainings: tuple[TrainingRow, ...]
    administers: bool


@router.get(PLACE)
def get_jobs(request: Request, session: Watcher) -> HTMLResponse:
    """The page."""
    runtime = runtime_of(request)
    scope = scope_of(runtime, session.person, Permission.SEE_OPERATIONS, request.query_params)
    return respond(request, jobs_page(runtime, session.person, scope), session)


def jobs_page(runtime: Runtime, person: Person, scope: PlaceScope) -> JobsPage:
    """The content of the page; job times are of the wall clock, training times of the marketplace's."""
    here = scope.marketplace_id
    wall, now = runtime.wall.now(), runtime.clock.now()
    with runtime.store.read() as connection:
        processes = tuple(_process(one, wall) for one in workers.everybody(connection))
        queues = tuple(_queue(one, wall) for one in job_queue.queue_counts(connection, wall - _LATELY))
        # Errors of jobs can contain any data, so only those who can fix them see them.
        failed = job_queue.failures(connection, _FAILURES) if person.may(Permission.ADMINISTER) else []
        failures = tuple(_failure(one, wall) for one in failed)
        trainings = tuple(_training(connection, one, now) for one in learning.jobs(connection, here, _TRAININGS))
    return JobsPage(
        scope=scope,
        processes=processes,
        sweeps_every=f"{runtime.settings.sweep_seconds:g} s",
        queues=queues,
        failures=failures,
        trainings=trainings,
        administers=here in person.marketplaces(Permission.ADMINISTER),
    )


def _process(one: WorkerProcess, wall: datetime) -> ProcessRow:
    found = ", ".join(f"{name.replace('_', ' ')} {number:,}" for name, number in sorted(one.found.items()))
    return ProcessRow(
        name=one.worker_id,
        process=one.process,
        started=words.moment(one.started_at, wall),
        swept=f"{words.duration((wall - one.seen_at).total_seconds())} ago",
        took=f"{one.sweep_seconds:.2f} s",
        found=found or "none",
        is_there=wall - one.seen_at <= MISSED,
    )


def _queue(one: QueueCounts, wall: datetime) -> QueueRow:
    oldest = words.duration((wall - one.oldest).total_seconds()) if one.oldest else ""
    return QueueRow(_QUEUES.get(one.queue, one.queue), one.waiting, oldest, one.running, one.done, one.failed)


def _failure(one: FailedJob, wall: datetime) -> FailureRow:
    queue = _QUEUES.get(one.queue or one.name, one.queue or one.name)
    return FailureRow(one.job_id, queue, words.moment(one.at, wall), text_view.show(one.error[:_LONGEST_ERROR]))


def _training(connection: Connection, job: Job, now: datetime) -> TrainingRow:
    return TrainingRow(
        asked=f"{who(connection, job.requested_by)}, {words.moment(job.created_at, now)}",
        state=job.state,
        stage=str(job.progress.get("stage", "")),
        percent=round(100 * float(job.progress.get("share", 0.0))),
        ended=words.moment(job.finished_at, now) if job.finished_at else "",
        error=text_view.show(job.error or ""),
    )
