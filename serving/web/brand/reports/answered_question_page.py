"""A question that the brand answered with "counterfeit": how its listing stands, and the evidence that it can add."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from features.message import message
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.guards import Member, TheRuntime, runtime_of
from serving.platform import tongues
from serving.platform.runtime import Runtime
from serving.reports.policy import ReportPolicy
from serving.reports.rules.attachments import may_hand_in
from serving.reports.service.status import answer_status
from serving.web import text_view
from serving.web.brand.questions import QUESTIONS, Removal, removals_of_answers
from serving.web.brand.reports.attached_part import Limits, document_limits
from serving.web.case.documents.documents_card import ShownDocument, shown_document
from serving.web.forms import LONGEST_ID
from serving.web.rendering import Page, respond
from serving.web.test_buy_part import ShownTestBuy, test_buy_shown
from serving.web.text_view import ShownText
from serving.web.wording import words
from serving.web.wording.translated import in_words
from serving.web.wording.vocabulary import REPORT_STATES, StateWords

router = APIRouter(include_in_schema=False)
_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class RemovalsPage(Page, template="brand_removals.html", place="/brand"):
    """The latest removals from a brand's answers."""

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
        removals = removals_of_answers(connection, pairs, runtime.clock.now(), _MOST)
    return respond(request, RemovalsPage(removals), session)


@router.get(QUESTIONS + "/{case_id}")
def get_question(case_id: str, request: Request, session: Member) -> HTMLResponse:
    return respond(request, question_page(runtime_of(request), session, case_id[:LONGEST_ID]), session)


def question_page(runtime: Runtime, session: Session, case_id: str) -> AnsweredQuestionPage:
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
