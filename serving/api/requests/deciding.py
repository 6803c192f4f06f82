"""Reports are decided once their request is answered, in the turns of the person, unless they are small."""

from starlette.background import BackgroundTasks
from starlette.responses import Response

from serving.platform.database.pools import DEAR
from serving.platform.runtime import Runtime
from serving.reports.service.stepping_up import decide_reports
from serving.reports.store.reports import StoredReport


def decide_after(response: Response, runtime: Runtime, undecided_reports: list[StoredReport]) -> Response:
    """The response, after which the listings of these reports are decided.

    Where the process ends before, a later look of the worker goes on (`finish_reports`).
    """
    tasks = BackgroundTasks()
    for report in undecided_reports:
        tasks.add_task(DEAR.run_for, report.user_id, decide_reports, runtime, [report])
    response.background = tasks
    return response
