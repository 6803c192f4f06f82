"""A question that the brand answered with "counterfeit": how its listing stands, and the evidence that it can add."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from features.message import message
from models.errors import DomainError, NotFound
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.api.errors import status_of
from serving.guards import Member, TheRuntime, runtime_of
from serving.platform import tongues
from serving.platform.runtime import Runtime
from serving.reports.policy import ReportPolicy
from serving.reports.rules.attachments import may_hand_in
from serving.reports.service.attaching import add_test_buy, document_for_brand, hand_in
from serving.reports.service.status import answer_status
from serving.web import text_view
from serving.web.brand.brand_scope import Uploader
from serving.web.brand.questions import QUESTIONS, Removal, removals_part
from serving.web.brand.reports.attached_part import Limits, document_limits, required_test_buy
from serving.web.brand.reports.report_documents import largest_bytes
from serving.web.case.documents.documents_card import ShownDocument, shown_document
from serving.web.downloads import document
from serving.web.forms import LONGEST_ID, Fields, Upload, upload_of
from serving.web.rendering import Page, respond
from serving.web.test_buy_part import ShownTestBuy, test_buy_shown
from serving.web.text_view import ShownText
from serving.web.wording import words
from serving.web.wording.translated import in_words, refusal_in_words
from serving.web.wording.vocabulary import REPORT_STATES, StateWords

router = APIRouter(include_in_schema=False)
_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class RemovalsPage(Page, template="brand_removals.html", place="/brand"):
    """The latest removals of a brand's listings, those of answered questions with their pages."""

    removals: tuple[Removal, ...]


@dataclass(frozen=True, slots=True)
class AnsweredQuestionPage(Page, template="brand_question.html", place="/brand"):
    """An answered question with its evidence. `limits` are those of documents, None once it takes none."""

    case_id: str
    title: ShownText
    state: StateWords
    reason: str | None
    when: str
    until: str | None
    documents: tuple[ShownDocument, ...]
    test_buy: ShownTestBuy | None
    limits: Limits | None
    document_error: str | None = None


@router.get(QUESTIONS)
def get_removals(request: Request, runtime: TheRuntime, session: Member) -> HTMLResponse:
    with runtime.store.read() as connection:
        pairs = session.person.brands(Permission.ANSWER_QUESTIONS)
        part = removals_part(connection, pairs, runtime.clock.now(), _MOST)
    return respond(request, RemovalsPage(part.removals), session)


@router.get(QUESTIONS + "/{case_id}")
def get_question(case_id: str, request: Request, session: Member) -> HTMLResponse:
    return respond(request, _page(runtime_of(request), session, case_id[:LONGEST_ID]), session)


@router.post(QUESTIONS + "/{case_id}/documents")
def post_document(
    case_id: str,
    request: Request,
    session: Uploader,
    upload: Annotated[Upload, upload_of("document", largest_bytes)],
) -> Response:
    """Add a document; a refused one leaves earlier documents unchanged."""
    runtime, number = runtime_of(request), case_id[:LONGEST_ID]
    added = (runtime, session.person, number, upload.name, upload.content)
    return _page_after(lambda: hand_in(*added), request, session, number)


@router.post(QUESTIONS + "/{case_id}/test-buy")
def post_test_buy(case_id: str, request: Request, session: Member, fields: Fields) -> Response:
    """Record a test buy for an answer that has none; a refused one changes nothing."""
    runtime, number = runtime_of(request), case_id[:LONGEST_ID]
    return _page_after(
        lambda: add_test_buy(runtime, session.person, number, required_test_buy(fields)), request, session, number
    )


@router.get(QUESTIONS + "/{case_id}/documents/{document_id}")
def get_document(case_id: str, document_id: str, request: Request, session: Member) -> Response:
    stored_document, content = document_for_brand(
        runtime_of(request), session.person, case_id[:LONGEST_ID], document_id[:LONGEST_ID]
    )
    return document(stored_document.document_id, stored_document.media_type, content)


def _page_after(add: Callable[[], object], request: Request, session: Session, case_id: str) -> Response:
    try:
        add()
    except NotFound:
        raise
    except DomainError as refused:
        page = replace(_page(runtime_of(request), session, case_id), document_error=refusal_in_words(refused))
        return respond(request, page, session, status=status_of(refused))
    return RedirectResponse(f"{QUESTIONS}/{case_id}#documents", status_code=303)


def _page(runtime: Runtime, session: Session, case_id: str) -> AnsweredQuestionPage:
    status, now = answer_status(runtime, session.person, case_id), runtime.clock.now()
    policy, answered_at = runtime.policies[ReportPolicy], status.question.known_at
    is_open = may_hand_in(answered_at, now, policy)
    has_room = len(status.documents) < policy.most_documents
    return AnsweredQuestionPage(
        case_id=case_id,
        title=text_view.show(status.title or status.external_id),
        state=REPORT_STATES[status.state],
        reason=None if status.judgement is None else in_words(message(f"report.rejected.{status.judgement.value}")),
        when=words.moment(answered_at, now),
        until=tongues.day(answered_at + timedelta(days=policy.evidence_days)) if is_open else None,
        documents=tuple(
            shown_document(stored, now, f"{QUESTIONS}/{case_id}/documents/{stored.document_id}")
            for stored in status.documents
        ),
        test_buy=None if status.test_buy is None else test_buy_shown(status.test_buy, status.test_buy.location),
        limits=document_limits(runtime) if is_open and has_room else None,
    )
