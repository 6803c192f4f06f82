"""The evidence of a report or an answered question: added while it can be contested, and downloaded by the brand."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from models.errors import DomainError, Invalid, NotFound
from serving.accounts.store.accounts import Session
from serving.api.errors import status_of
from serving.appeals.policy import SellerEvidencePolicy
from serving.guards import Member, runtime_of
from serving.platform.runtime import Runtime
from serving.reports.service.attaching import add_test_buy, document_for_brand, hand_in
from serving.web.brand.brand_scope import Uploader
from serving.web.brand.questions import QUESTIONS
from serving.web.brand.reports.answered_question_page import AnsweredQuestionPage, question_page
from serving.web.brand.reports.attached_part import required_test_buy
from serving.web.brand.reports.report_state_page import PLACE, ReportState, state_page
from serving.web.downloads import document
from serving.web.forms import LONGEST_ID, Fields, Upload, upload_of
from serving.web.rendering import respond
from serving.web.wording.translated import refusal_in_words

router = APIRouter(include_in_schema=False)


def _largest_bytes(runtime: Runtime) -> int:
    return runtime.policies[SellerEvidencePolicy].largest_document


@router.post(PLACE + "/{carrier_id}/documents")
@router.post(QUESTIONS + "/{carrier_id}/documents")
def post_document(
    carrier_id: str,
    request: Request,
    session: Uploader,
    fields: Fields,
    upload: Annotated[Upload, upload_of("document", _largest_bytes)],
) -> Response:
    """Add a document; a refused one leaves earlier documents unchanged."""
    runtime, typed = runtime_of(request), fields.get("number", "").strip()

    def add() -> None:
        if typed and not (typed.isascii() and typed.isdigit() and len(typed) < 5):
            raise Invalid("The report has no listing of this number.")
        about = int(typed) if typed else None
        hand_in(runtime, session.person, carrier_id[:LONGEST_ID], upload.name, upload.content, number=about)

    return _page_after(add, request, session, carrier_id[:LONGEST_ID])


@router.post(PLACE + "/{carrier_id}/test-buy")
@router.post(QUESTIONS + "/{carrier_id}/test-buy")
def post_test_buy(carrier_id: str, request: Request, session: Member, fields: Fields) -> Response:
    """Record a test buy where there is none; a refused one changes nothing."""

    def add() -> None:
        add_test_buy(runtime_of(request), session.person, carrier_id[:LONGEST_ID], required_test_buy(fields))

    return _page_after(add, request, session, carrier_id[:LONGEST_ID])


def _page_after(add: Callable[[], None], request: Request, session: Session, carrier_id: str) -> Response:
    """Add evidence and load the page again; a refusal stands beside the form."""
    place = QUESTIONS if request.url.path.startswith(QUESTIONS) else PLACE
    try:
        add()
    except NotFound:
        raise
    except DomainError as refused:
        page_of: Callable[..., ReportState | AnsweredQuestionPage] = question_page if place == QUESTIONS else state_page
        page = replace(page_of(runtime_of(request), session, carrier_id), document_error=refusal_in_words(refused))
        return respond(request, page, session, status=status_of(refused))
    return RedirectResponse(f"{place}/{carrier_id}#documents", status_code=303)


@router.get(PLACE + "/{carrier_id}/documents/{document_id}")
@router.get(QUESTIONS + "/{carrier_id}/documents/{document_id}")
def get_document(carrier_id: str, document_id: str, request: Request, session: Member) -> Response:
    stored_document, content = document_for_brand(
        runtime_of(request), session.person, carrier_id[:LONGEST_ID], document_id[:LONGEST_ID]
    )
    return document(stored_document.document_id, stored_document.media_type, content)
