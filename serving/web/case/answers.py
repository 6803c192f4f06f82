"""Decisions and their undo as forms: POST, redirect, and the next page confirms the change."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import BrandNotNamed, Invalid
from models.verdict import Evidence, Judgement, ReasonCode, Side
from serving.accounts.rules.access import Person
from serving.accounts.store.accounts import Session
from serving.api.errors import status_of
from serving.cases.service.case_access import visible_case
from serving.cases.service.decision_context import Answer
from serving.cases.service.review import record_verdict
from serving.cases.service.undoing import undo_verdict
from serving.cases.store import queue_positions
from serving.cases.store.cases import Case
from serving.guards import Judge, runtime_of
from serving.platform.runtime import Runtime
from serving.web.case.brand_card import BrandDraft
from serving.web.case.case_page import case_page
from serving.web.case.flow import has_next_on_screen
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_ID, CaseId, Fields
from serving.web.queue.case_queue import UndoPart, filter_of_queue
from serving.web.queue.queue_query import QueueQuery
from serving.web.rendering import respond, respond_part
from serving.web.wording.translated import refusal_in_words

router = APIRouter(include_in_schema=False)
_LONGEST_NOTE: Final = 2_000


def answer_of(case_id: str, fields: Fields) -> Answer:
    """The judgement in a form. Raises Invalid (the judgement is unknown, or the note is too long)."""
    judgement, code = fields.get("judgement", ""), fields.get("reason_code", "")
    evidence = fields.get("evidence") or Evidence.LISTING.value
    if judgement not in set(Judgement) or (code and code not in set(ReasonCode)) or evidence not in set(Evidence):
        raise Invalid("Choose one of the answers.")
    note = fields.get("note", "").strip()
    if len(note) > _LONGEST_NOTE:
        raise Invalid("A note can have at most {most:,} characters.", most=_LONGEST_NOTE)
    counterfeit = judgement == Judgement.COUNTERFEIT.value
    return Answer(
        case_id,
        fields.get("version_id", "")[:LONGEST_ID],
        Judgement(judgement),
        # A counterfeit verdict names its reason code; the form's list always has one selected.
        ReasonCode(code) if code and counterfeit else None,
        note or None,
        Evidence(evidence),
    )


@router.post("/cases/{case_id}/verdict")
def post_verdict(case_id: CaseId, request: Request, session: Judge, fields: Fields) -> Response:
    """Record a decision and redirect: a reviewer to the next case, a brand's person to the next question.

    If the next case is already on the screen, the response is the undo line.
    """
    runtime, person = runtime_of(request), session.person
    case, side = _visible_case(runtime, person, case_id)
    try:
        record_verdict(runtime, person, answer_of(case_id, fields))
    except BrandNotNamed as refused:
        if has_next_on_screen(request):
            raise
        return _naming_page(request, session, case_id, fields, refused)
    if side is Side.BRAND:
        return go_to(request, "/brand")
    if has_next_on_screen(request):
        return respond_part(request, UndoPart(), session)
    query = QueueQuery.of(fields.get("queue", ""))
    following = _next_case(runtime, person, case, query)
    if following is None:
        return go_to(request, query.address(), Flash.QUEUE_DONE)
    return go_to(request, query.case_address(following))


def _naming_page(
    request: Request, session: Session, case_id: str, fields: Fields, refused: BrandNotNamed
) -> HTMLResponse:
    """The case again, with its brand to name first and the verdict's form as sent."""
    sent = BrandDraft(
        error=refusal_in_words(refused), note=fields.get("note", ""), reason_code=fields.get("reason_code", "")
    )
    page = case_page(runtime_of(request), session, case_id, QueueQuery.of(fields.get("queue", "")), draft=sent)
    return respond(request, page, session, status=status_of(refused))


def _visible_case(runtime: Runtime, person: Person, case_id: str) -> tuple[Case, Side]:
    with runtime.store.read() as connection:
        return visible_case(connection, person, case_id)


def _next_case(runtime: Runtime, person: Person, case: Case, query: QueueQuery) -> str | None:
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        queue_filter = filter_of_queue(connection, person, query, now)
        return queue_positions.next_free(connection, queue_filter, case, user_id=person.user_id, at=now)


@router.post("/cases/{case_id}/undo")
def post_undo(case_id: CaseId, request: Request, session: Judge) -> Response:
    """Undo the user's last decision; a reviewer returns to the case, which is open again."""
    runtime, person = runtime_of(request), session.person
    _, side = _visible_case(runtime, person, case_id)
    undo_verdict(runtime, person, case_id)
    if has_next_on_screen(request):
        return respond_part(request, UndoPart(), session)
    return go_to(request, "/brand" if side is Side.BRAND else f"/cases/{case_id}", Flash.UNDONE)
