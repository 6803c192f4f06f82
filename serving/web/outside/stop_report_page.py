"""The page of a mailed link by which somebody stops a large report; it needs no sign-in and asks first."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from models.errors import Conflict, Forbidden
from serving.api.requests.deciding import decide_after
from serving.guards import TheRuntime, public, runtime_of
from serving.reports.service.signed import release_report
from serving.reports.service.stopping import LargeReport, approve_removals, report_of_link, stop_report
from serving.takedowns.service.stop_links import REPORTS
from serving.web import text_view
from serving.web.forms import refuse_cross_site
from serving.web.rendering import Page, respond
from serving.web.text_view import ShownText
from serving.web.wording import words
from serving.web.wording.translated import in_words, refusal_in_words

router = APIRouter(include_in_schema=False)
_BY_LINK = public("the signed link names the person and the report")


@dataclass(frozen=True, slots=True)
class StopReportPage(Page, template="stop_report.html"):
    """The question whether to stop a report, that it is stopped, or why it was not."""

    address: str
    brand: ShownText
    marketplace: ShownText
    by: ShownText
    listings: int
    until: str
    is_open: bool
    stopped_by: ShownText | None
    waits: bool
    waits_for: tuple[str, ...]
    signed: bool
    approved: bool
    stopped: int | None
    error: str | None


@router.get(REPORTS + "{token}", dependencies=[_BY_LINK])
def get_stop(token: str, request: Request) -> Response:
    """The question; loading it changes nothing, as mail scanners load links."""
    _, large_report = report_of_link(runtime_of(request), token)
    return respond(request, _page(request, token, large_report))


@router.post(REPORTS + "{token}", dependencies=[_BY_LINK])
def post_stop(token: str, request: Request, runtime: TheRuntime) -> Response:
    refuse_cross_site(request)
    person, large_report = report_of_link(runtime, token)
    try:
        done = stop_report(runtime, person, large_report.report.report_id)
    except Conflict as refused:
        _, now = report_of_link(runtime, token)
        return respond(request, _page(request, token, now, error=refusal_in_words(refused)), status=409)
    _, now = report_of_link(runtime, token)
    return respond(request, _page(request, token, now, stopped=done))


@router.post(REPORTS + "{token}/release", dependencies=[_BY_LINK])
def post_release(token: str, request: Request, runtime: TheRuntime) -> Response:
    """Release a signed report that waits for a person."""
    refuse_cross_site(request)
    person, large_report = report_of_link(runtime, token)
    try:
        released = release_report(runtime, person, large_report.report)
    except (Conflict, Forbidden) as refused:
        page = _page(request, token, report_of_link(runtime, token)[1], error=refusal_in_words(refused))
        return respond(request, page, status=409)
    page = _page(request, token, report_of_link(runtime, token)[1], approved=True)
    return decide_after(respond(request, page), runtime, released)


@router.post(REPORTS + "{token}/approve", dependencies=[_BY_LINK])
def post_approve(token: str, request: Request, runtime: TheRuntime) -> Response:
    """Let the report's removals leave, which wait for the reader's working hours."""
    refuse_cross_site(request)
    person, large_report = report_of_link(runtime, token)
    try:
        approve_removals(runtime, person, large_report.report.report_id)
    except (Conflict, Forbidden) as refused:
        return respond(
            request,
            _page(request, token, report_of_link(runtime, token)[1], error=refusal_in_words(refused)),
            status=409,
        )
    return respond(request, _page(request, token, report_of_link(runtime, token)[1], approved=True))


def _page(
    request: Request,
    token: str,
    large_report: LargeReport,
    *,
    stopped: int | None = None,
    error: str | None = None,
    approved: bool = False,
) -> StopReportPage:
    return StopReportPage(
        address=f"{REPORTS}{token}",
        brand=text_view.show(large_report.brand),
        marketplace=text_view.show(large_report.marketplace),
        by=text_view.show(large_report.by),
        listings=large_report.listings,
        until=words.full_moment(large_report.until),
        is_open=large_report.is_open(runtime_of(request).clock.now()),
        stopped_by=None if large_report.stopped_by is None else text_view.show(large_report.stopped_by),
        waits=large_report.waits and large_report.stopped_by is None,
        waits_for=() if large_report.stopped_by else tuple(map(in_words, large_report.waits_for)),
        signed=large_report.report.key_id is not None,
        approved=approved,
        stopped=stopped,
        error=error,
    )
