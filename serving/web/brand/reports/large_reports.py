"""Large reports of a brand that its account manager can stop, on the page of the brand."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from serving.accounts.rules.access import Permission, Person
from serving.accounts.store.accounts import Session
from serving.guards import may, runtime_of
from serving.platform.runtime import Runtime
from serving.reports.service.stopping import can_stop, large_report, stop
from serving.reports.store import step_ups
from serving.web import text_view
from serving.web.flash import Flash, go_to
from serving.web.text_view import Shown
from serving.web.wording import words

router = APIRouter(include_in_schema=False)
Manager = Annotated[Session, may(Permission.LOOK_AFTER_BRANDS)]
_SHOWN: Final = timedelta(days=7)
_LONGEST_ID: Final = 40


@dataclass(frozen=True, slots=True)
class LargeRow:
    """A report that was confirmed with a second factor in the last week; it can be stopped while `may_stop`."""

    report_id: str
    when: str
    by: Shown
    listings: int
    until: str
    may_stop: bool
    stopped: str | None


def large_rows(runtime: Runtime, connection: Connection, person: Person, pair: tuple[str, str]) -> tuple[LargeRow, ...]:
    """The large reports of a brand in the last week, newest first."""
    now, rows = runtime.clock.now(), []
    for found in step_ups.since(connection, {pair}, now - _SHOWN):
        one = large_report(runtime, connection, found)
        is_open = one.stopped_by is None and now < one.until
        rows.append(
            LargeRow(
                report_id=found.report_id,
                when=words.moment(found.known_at, now),
                by=text_view.show(one.by),
                listings=one.listings,
                until=words.clock(one.until),
                may_stop=is_open and can_stop(connection, person.user_id, found),
                stopped=one.stopped_by,
            )
        )
    return tuple(rows)


@router.post("/brands/{brand_id}/reports/{report_id}/stop")
def post_stop(brand_id: str, report_id: str, request: Request, session: Manager) -> Response:
    """Stop a large report."""
    stop(runtime_of(request), session.person, report_id[:_LONGEST_ID])
    return go_to(request, f"/brands/{brand_id[:_LONGEST_ID]}", Flash.REPORT_STOPPED)
