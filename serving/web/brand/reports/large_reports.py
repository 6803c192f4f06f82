"""Large reports of a brand that its account manager can stop, on the page of the brand."""

from datetime import timedelta
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from serving.accounts.rules.access import Person
from serving.guards import Manager, runtime_of
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime
from serving.reports.service.stopping import LargeReport, can_stop, large_report, stop
from serving.reports.store import step_ups
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_ID

router = APIRouter(include_in_schema=False)
_SHOWN: Final = timedelta(days=7)


def large_rows(runtime: Runtime, connection: Connection, person: Person, pair: Pair) -> list[tuple[LargeReport, bool]]:
    """The large reports of a brand in the last week, newest first, and whether the person can stop each now."""
    now = runtime.clock.now()
    confirmed = step_ups.since(connection, {pair}, now - _SHOWN)
    reports = [large_report(runtime, connection, step_up) for step_up in confirmed]
    return [
        (
            report,
            report.stopped_by is None and now < report.until and can_stop(connection, person.user_id, report.found),
        )
        for report in reports
    ]


@router.post("/brands/{brand_id}/reports/{report_id}/stop")
def post_stop(brand_id: str, report_id: str, request: Request, session: Manager) -> Response:
    stop(runtime_of(request), session.person, report_id[:LONGEST_ID])
    return go_to(request, f"/brands/{brand_id[:LONGEST_ID]}", Flash.REPORT_STOPPED)
