"""Moving to the next case without a page load: the headers that the script of a case sends."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from models.errors import Conflict
from serving.cases.service.case_access import lease
from serving.guards import Reviewer, TheRuntime
from serving.web.forms import CaseId, is_case_id
from serving.web.rendering import StaffPage, respond_part
from serving.web.wording import words

router = APIRouter(include_in_schema=False)
_LOOK: Final = "touchstone-look"
_FLOW: Final = "touchstone-flow"
_MOST_ON_THEIR_WAY: Final = 20


def is_prefetch(request: Request) -> bool:
    """Whether a case is only prefetched, so that it takes no lease yet."""
    return _LOOK in request.headers


def cases_in_transit(request: Request) -> frozenset[str]:
    """The cases whose decisions are in transit while the next case is fetched; they are skipped."""
    named = request.headers.get(_LOOK, "").split(",", _MOST_ON_THEIR_WAY)
    return frozenset(case_id for case_id in named if is_case_id(case_id))


def has_next_on_screen(request: Request) -> bool:
    """Whether the next case is on the screen already, so that the decision needs no redirect."""
    return _FLOW in request.headers


@router.post("/cases/{case_id}/lease")
def post_lease(case_id: CaseId, request: Request, runtime: TheRuntime, session: Reviewer) -> Response:
    """Lease a prefetched case that is now on the screen."""
    until = lease(runtime, session.person, case_id)
    if until is None:
        raise Conflict("Somebody else is working on this case, or it is no longer open.")
    return respond_part(
        request, StaffPage("parts/lease.html", "/queue", lease=words.yours_until(until, runtime.clock.now())), session
    )
