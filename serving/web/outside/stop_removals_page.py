"""The page of a mailed link by which somebody stops a person's removals; it needs no sign-in and asks first."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from models.errors import Conflict
from serving.cases.service.removal_stops import StoppableRemovals, removals_by_link, stop_removals
from serving.guards import TheRuntime, public, runtime_of
from serving.takedowns.service.stop_links import REMOVALS
from serving.web import text_view
from serving.web.forms import refuse_cross_site
from serving.web.rendering import Page, respond
from serving.web.text_view import ShownText
from serving.web.wording import words
from serving.web.wording.translated import refusal_in_words

router = APIRouter(include_in_schema=False)
_BY_LINK = public("the signed link names the person and the removals")
_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class NamedRemoval:
    listing: ShownText
    at: str
    unsent: bool
    new_device: bool


@dataclass(frozen=True, slots=True)
class StopRemovalsPage(Page, template="stop_removals.html"):
    """The question whether to stop a person's removals, that they are stopped, or why they were not."""

    address: str
    by: ShownText
    brand: ShownText | None
    marketplace: ShownText
    removals: tuple[NamedRemoval, ...]
    number: int
    unsent: int
    stopped_by: ShownText | None
    stopped: int | None
    error: str | None


@router.get(REMOVALS + "{token}", dependencies=[_BY_LINK])
def get_stop(token: str, request: Request) -> Response:
    """The question; loading it changes nothing, as mail scanners load links."""
    _, removal_notice = removals_by_link(runtime_of(request), token)
    return respond(request, _page(token, removal_notice))


@router.post(REMOVALS + "{token}", dependencies=[_BY_LINK])
def post_stop(token: str, request: Request, runtime: TheRuntime) -> Response:
    refuse_cross_site(request)
    person, removal_notice = removals_by_link(runtime, token)
    try:
        done = stop_removals(runtime, person, removal_notice.notice.notice_id)
    except Conflict as refused:
        return respond(
            request, _page(token, removals_by_link(runtime, token)[1], error=refusal_in_words(refused)), status=409
        )
    return respond(request, _page(token, removals_by_link(runtime, token)[1], stopped=done))


def _page(
    token: str, removal_notice: StoppableRemovals, *, stopped: int | None = None, error: str | None = None
) -> StopRemovalsPage:
    return StopRemovalsPage(
        address=f"{REMOVALS}{token}",
        by=text_view.show(removal_notice.by),
        brand=None if removal_notice.brand is None else text_view.show(removal_notice.brand),
        marketplace=text_view.show(removal_notice.marketplace),
        removals=tuple(
            NamedRemoval(
                text_view.show(removal.external_id),
                words.full_moment(removal.created_at),
                removal in removal_notice.unsent,
                removal.new_device,
            )
            for removal in removal_notice.removals[: -_SHOWN - 1 : -1]
        ),
        number=len(removal_notice.removals),
        unsent=len(removal_notice.unsent),
        stopped_by=None if removal_notice.stopped_by is None else text_view.show(removal_notice.stopped_by),
        stopped=stopped,
        error=error,
    )
