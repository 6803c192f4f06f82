"""A person's saved filters of the queue: forms to save, rename and delete them."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import Invalid
from serving.cases.service.saved_filters import MOST, delete_filter, rename_filter, save_filter
from serving.guards import Reviewer, runtime_of
from serving.web.flash import Flash, go_to
from serving.web.forms import Fields
from serving.web.queue.case_queue import filter_of_queue
from serving.web.queue.queue_query import LONGEST, QueueQuery
from serving.web.queue.queue_rail import Counts, saved_links
from serving.web.rendering import StaffPage, respond

router = APIRouter(include_in_schema=False)


@router.get("/queue/filters")
def get_saved_filters(request: Request, session: Reviewer) -> HTMLResponse:
    runtime, person = runtime_of(request), session.person
    with runtime.store.read() as connection:
        now = runtime.clock.now()
        counts = Counts(runtime, connection, person, lambda query: filter_of_queue(connection, person, query, now))
        filter_links = saved_links(connection, person, counts, QueueQuery())
    return respond(request, StaffPage("saved_filters.html", "/queue", filters=filter_links, most=MOST), session)


@router.post("/queue/filters")
def post_saved_filter(request: Request, session: Reviewer, fields: Fields) -> Response:
    """Save the queue's current filters under a name."""
    query = QueueQuery.of(fields.get("query", ""))
    if not query.text or len(query.text) > LONGEST:
        raise Invalid("Filter the queue first, then save the filter.")
    save_filter(runtime_of(request), session.person, fields.get("name", ""), query.text)
    return go_to(request, query.address(), Flash.FILTER_SAVED)


@router.post("/queue/filters/rename")
def post_renamed_filter(request: Request, session: Reviewer, fields: Fields) -> Response:
    rename_filter(runtime_of(request), session.person, fields.get("name", ""), fields.get("to", ""))
    return go_to(request, "/queue/filters", Flash.FILTER_RENAMED)


@router.post("/queue/filters/delete")
def post_deleted_filter(request: Request, session: Reviewer, fields: Fields) -> Response:
    delete_filter(runtime_of(request), session.person, fields.get("name", ""))
    return go_to(request, "/queue/filters", Flash.FILTER_DELETED)
