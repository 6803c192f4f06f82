"""The form that names or corrects the brand of a case; a refused one returns with its values and the reason."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from models.errors import Invalid
from serving.api.errors import status_of
from serving.cases.rules.case_brand import Naming
from serving.cases.service.naming import name_brand, undo_naming
from serving.guards import Reviewer, runtime_of
from serving.web.case.brand_card import NOT_REGISTERED, BrandDraft
from serving.web.case.case_page import case_page
from serving.web.flash import Flash, go_to
from serving.web.forms import CaseId, Fields
from serving.web.queue.queue_query import QueueQuery
from serving.web.rendering import respond
from serving.web.wording.translated import refusal_in_words

router = APIRouter(include_in_schema=False)


@router.post("/cases/{case_id}/brand")
def post_brand(case_id: CaseId, request: Request, session: Reviewer, fields: Fields) -> Response:
    runtime, query = runtime_of(request), QueueQuery.of(fields.get("queue", ""))
    chosen, mark, owner, reason = (fields.get(name, "") for name in ("brand_id", "mark", "owner", "reason"))
    brand_id = None if chosen == NOT_REGISTERED else chosen
    naming = Naming.of(brand_id=brand_id, mark=mark, owner=owner, reason=reason)
    try:
        name_brand(runtime, session.person, case_id, naming)
    except Invalid as refused:
        draft = BrandDraft(fields.get("find", ""), chosen, mark, owner, reason, refusal_in_words(refused))
        return respond(
            request, case_page(runtime, session, case_id, query, draft=draft), session, status=status_of(refused)
        )
    return go_to(request, query.case_address(case_id), Flash.BRAND_NAMED)


@router.post("/cases/{case_id}/brand/undo")
def post_brand_undo(case_id: CaseId, request: Request, session: Reviewer, fields: Fields) -> Response:
    """Undo the person's own last naming, and return to the case."""
    query = QueueQuery.of(fields.get("queue", ""))
    undo_naming(runtime_of(request), session.person, case_id)
    return go_to(request, query.case_address(case_id), Flash.NAMING_UNDONE)
