"""Small reports are decided within their request; a large one once it is answered, in the turns of the person."""

from starlette.background import BackgroundTasks
from starlette.responses import Response

from serving.platform.database.pools import DEAR
from serving.platform.runtime import Runtime
from serving.reports.policy import ReportPolicy
from serving.reports.service.stepping_up import decide_reports
from serving.reports.store import reports
from serving.reports.store.reports import StoredReport


def decide_after(response: Response, runtime: Runtime, undecided_reports: list[StoredReport]) -> Response:
    """The response, after which the listings of those of these reports are decided that are large.

    Where the process ends before, a later look of the worker goes on (`finish_reports`).
    """
    with runtime.store.read() as connection:
        listings = reports.listing_counts(connection, undecided_reports)
    at_once, tasks = runtime.policies[ReportPolicy].at_once, BackgroundTasks()
    for report in undecided_reports:
        if listings[report.report_id] <= at_once:
            decide_reports(runtime, [report])
        else:
            tasks.add_task(DEAR.run_for, report.user_id, decide_reports, runtime, [report])
    response.background = tasks
    return response
