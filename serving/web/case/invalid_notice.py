"""The form by which an analyst ends a notice as invalid."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from models.errors import Invalid
from serving.guards import Reviewer, runtime_of
from serving.notices.rules.notices import InvalidReason
from serving.review.service import invalid_notices
from serving.web.flash import Flash, go_to
from serving.web.forms import CaseId, Fields
from serving.web.queue.queue_query import QueueQuery
from serving.web.wording.vocabulary import Option

router = APIRouter(include_in_schema=False)
REASONS: Final = (
    Option(InvalidReason.WRONG_LISTING.value, "Describes other goods"),
    Option(InvalidReason.NO_CLAIM.value, "Claims no infringement"),
    Option(InvalidReason.SPAM.value, "Spam"),
)


@router.post("/cases/{case_id}/notices/{notice_id}/invalid")
def post_invalid(case_id: CaseId, notice_id: str, request: Request, session: Reviewer, fields: Fields) -> Response:
    """End a notice as invalid; the page of the case shows the rest, or the queue where the case is closed."""
    reason = fields.get("reason", "")
    if reason not in {one.value for one in REASONS}:
        raise Invalid("Choose why the notice is invalid.")
    wanted = invalid_notices.Invalid(case_id, notice_id, InvalidReason(reason))
    closed = invalid_notices.end_invalid(runtime_of(request), session.person, wanted)
    query = QueueQuery.of(fields.get("queue", ""))
    return go_to(request, query.address() if closed else query.case_address(case_id), Flash.NOTICE_ENDED)
