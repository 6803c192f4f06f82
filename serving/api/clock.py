"""The clock of a simulation."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import AwareDatetime, Field

from models.errors import Forbidden
from serving.accounts.rules.access import Scope
from serving.api.answers import Answer, Moment
from serving.api.bodies import body_as
from serving.api.people import Body
from serving.api.requests.moments import in_utc
from serving.guards import Caller, TheRuntime, key, runtime_of
from serving.jobs.worker import sweep
from serving.operations.service.simulation import Visits, unfinished_count
from serving.platform.clock import SimulatedClock
from serving.platform.database import clocks
from serving.platform.runtime import Runtime
from serving.takedowns.service import removal_checks
from serving.webhooks.service import delivery

router = APIRouter()
ClockMover = Annotated[Caller, key(Scope.CLOCK)]


class ClockBody(Body):
    """The moment to move the simulated clock to."""

    to: AwareDatetime = Field(strict=False)


class SimulatedTime(Answer):
    """The simulated time, the work under way at it, and what visitors of the pages do."""

    now: Moment
    unfinished: int
    seconds_since_click: float | None
    opened_cases: list[str]


class MovedClock(Answer):
    """The simulated time, and how much has become due, by name."""

    now: Moment
    due: dict[str, int]


@router.get("/api/v1/clock")
def get_clock(runtime: TheRuntime, _caller: ClockMover) -> SimulatedTime:
    """The time, the number of messages and jobs that are due and not done, and what visitors of the pages do."""
    visits = runtime.services[Visits]
    return SimulatedTime(
        now=runtime.clock.now(),
        unfinished=unfinished_count(runtime),
        seconds_since_click=visits.seconds_since_click(),
        opened_cases=visits.opened_cases(),
    )


@router.post("/api/v1/clock")
async def post_clock(request: Request, _caller: ClockMover) -> MovedClock:
    """Move the simulated clock forward to a moment, and process everything that has become due."""
    body = await body_as(ClockBody, request)
    return await run_in_threadpool(move_clock, runtime_of(request), in_utc(body.to))


def move_clock(runtime: Runtime, moment: datetime) -> MovedClock:
    """Move the clock, store its offset, run the sweeps; with a seed, what is due leaves before them.

    Raises Forbidden (the clock is the real one).
    """
    if not isinstance(runtime.clock, SimulatedClock) or runtime.settings.production:
        raise Forbidden("This service runs on the real clock.")
    with runtime.sweeping:
        offset = runtime.clock.forward_to(moment)
        with runtime.store.write() as connection:
            clocks.set_offset(connection, offset)
        if runtime.settings.seed is not None:
            for marketplace_id in delivery.marketplaces_with_due(runtime):
                delivery.deliver_due(runtime, marketplace_id)
            for marketplace_id in removal_checks.marketplaces_due(runtime):
                removal_checks.check_due(runtime, marketplace_id)
        return MovedClock(now=runtime.clock.now(), due=sweep(runtime))
