"""Small reports are decided within their request; a large one once it is answered, in the turns of the person."""

from collections.abc import Iterable
from functools import partial

from starlette.background import BackgroundTasks
from starlette.responses import Response

from serving.accounts.rules.access import Person
from serving.platform.database.pools import DEAR
from serving.platform.runtime import Runtime
from serving.reports.policy import ReportPolicy
from serving.reports.service.stepping_up import decide_reports
from serving.reports.service.submitting import decide_report
from serving.reports.store import reports
from serving.reports.store.reports import StoredReport


def decide_after(
    response: Response, runtime: Runtime, undecided_reports: list[StoredReport], by: Person | None = None
) -> Response:
    """The response, after which the listings of those of these reports are decided that are large.

    `by` is the person who sends them now, from a device that is known or not; without, those who answer for them.
    Where the process ends before, a later look of the worker goes on (`finish_reports`).
    """
    decide = decide_reports if by is None else partial(_decide_of, by)
    with runtime.store.read() as connection:
        listings = reports.listing_counts(connection, undecided_reports)
    at_once, tasks = runtime.policies[ReportPolicy].at_once, BackgroundTasks()
    for report in undecided_reports:
        if listings[report.report_id] <= at_once:
            decide(runtime, [report])
        else:
            tasks.add_task(DEAR.run_for, report.user_id, decide, runtime, [report])
    response.background = tasks
    return response


def _decide_of(person: Person, runtime: Runtime, undecided_reports: Iterable[StoredReport]) -> None:
    for report in undecided_reports:
        decide_report(runtime, person, report)
