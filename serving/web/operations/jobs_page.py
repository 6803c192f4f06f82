"""Jobs: worker processes, queued, running and failed jobs, and the latest retrainings."""

from datetime import timedelta
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.accounts.rules.access import Permission, Person
from serving.guards import TheRuntime, Watcher
from serving.learning.store import learning
from serving.operations.service.presence import MISSED
from serving.operations.store import job_queue, workers
from serving.platform.runtime import Runtime
from serving.web.at_marketplace import PlaceScope, scope_of
from serving.web.model.training_part import actor_name
from serving.web.rendering import StaffPage, respond

router = APIRouter(include_in_schema=False)
PLACE: Final = "/operations/jobs"
_LATELY: Final = timedelta(days=1)
_FAILURES: Final = 20
_TRAININGS: Final = 5
_QUEUES: Final = {"mails": "Mails", "training": "Training and publishing"}


@router.get(PLACE)
def get_jobs(request: Request, runtime: TheRuntime, session: Watcher) -> HTMLResponse:
    scope = scope_of(runtime, session.person, Permission.SEE_OPERATIONS, request.query_params)
    return respond(request, jobs_page(runtime, session.person, scope), session)


def jobs_page(runtime: Runtime, person: Person, scope: PlaceScope) -> StaffPage:
    """The content of the page; job times are of the wall clock, training times of the marketplace's."""
    marketplace_id, wall = scope.marketplace_id, runtime.wall.now()
    with runtime.store.read() as connection:
        trainings = learning.jobs(connection, marketplace_id, _TRAININGS)
        return StaffPage(
            "jobs.html",
            "/operations",
            scope=scope,
            processes=workers.all_processes(connection),
            missed=MISSED,
            sweep_seconds=runtime.settings.sweep_seconds,
            queues=job_queue.queue_counts(connection, wall - _LATELY),
            names=_QUEUES,
            # Errors of jobs can contain any data, so only those who can fix them see them.
            failures=job_queue.latest_failures(connection, _FAILURES) if person.may(Permission.ADMINISTER) else [],
            trainings=[(actor_name(connection, job.requested_by), job) for job in trainings],
            administers=marketplace_id in person.marketplaces(Permission.ADMINISTER),
            wall=wall,
        )
