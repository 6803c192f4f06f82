"""Counter-notices for a brand: the seller's statement, the brand's deadline, and the effect of no answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from models.errors import Invalid
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.api.errors import status_of
from serving.appeals.policy import PROFILES, MaintainingEvidence, Silence
from serving.appeals.rules.counter_notice import CounterNoticeEvent, CounterNoticeState, Party
from serving.appeals.service.counter_notices import LONGEST_TEXT, answer_as_rights_holder
from serving.appeals.store import counter_notices
from serving.appeals.store.counter_notices import StoredStep, WaitingCounterNotice
from serving.cases.service.seller_evidence import all_for_rights_holder
from serving.guards import Member, runtime_of
from serving.platform.runtime import Runtime
from serving.platform.tongues import N_, say, say_many
from serving.web import text_view
from serving.web.case.documents.documents_card import ShownDocument, shown_document
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_ID, Fields
from serving.web.rendering import Page, respond
from serving.web.text_view import ShownText
from serving.web.wording import words
from serving.web.wording.translated import refusal_in_words
from serving.web.wording.words import DueWords

router = APIRouter(include_in_schema=False)
_MOST: Final = 50
_DONE: Final = {
    CounterNoticeEvent.CONCEDE: Flash.GAVE_WAY,
    CounterNoticeEvent.MAINTAIN: Flash.MAINTAINED,
    CounterNoticeEvent.GO_TO_COURT: Flash.MAINTAINED,
}
SILENCE: Final = {
    Silence.REINSTATED: N_("Without an answer in time, the listing is reinstated."),
    Silence.REVIEWED: N_("Without an answer in time, a marketplace reviewer decides."),
    Silence.REMOVAL_STANDS: N_("Without an answer, the removal stands."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """What one side wrote in one round."""

    who: str
    when: str
    text: ShownText


@dataclass(frozen=True, slots=True)
class Answer:
    """A counter-notice: the listing, the statements, and the answers that its rules allow.

    `typed` and `error` are from a refused answer.
    """

    counter_notice_id: str
    title: ShownText
    price: str
    round: int
    most_rounds: int
    due: DueWords | None
    in_court: bool
    needs_court: bool
    silence: str
    lines: tuple[Line, ...]
    documents: tuple[ShownDocument, ...]
    typed: str
    error: str | None


@dataclass(frozen=True, slots=True)
class _RefusedAnswer:
    """An answer that was refused: its counter-notice, its text, and the reason."""

    counter_notice_id: str
    typed: str
    error: str


@dataclass(frozen=True, slots=True)
class CounterNoticesPage(Page, template="counter_notices.html", place="/counter-notices"):
    """Counter-notices against a brand's removals, the most urgent first, without data of other brands."""

    headline: str
    answers: tuple[Answer, ...]
    longest: int


@router.get("/counter-notices")
def get_counter_notices(request: Request, session: Member) -> HTMLResponse:
    return respond(request, _page(runtime_of(request), session), session)


@router.post("/counter-notices/{counter_notice_id}")
def post_counter_notice(counter_notice_id: str, request: Request, session: Member, fields: Fields) -> Response:
    """Concede, maintain, or name the court; a refused answer returns with its text and the reason."""
    runtime, event, text = runtime_of(request), fields.get("event", ""), fields.get("reasons", "")
    if event not in {known_event.value for known_event in _DONE}:
        raise Invalid("Choose one of the answers.")
    chosen = CounterNoticeEvent(event)
    try:
        answer_as_rights_holder(runtime, session.person, counter_notice_id[:LONGEST_ID], chosen, text)
    except Invalid as error:
        page = _page(runtime, session, _RefusedAnswer(counter_notice_id, text[:LONGEST_TEXT], refusal_in_words(error)))
        if not any(answer.error for answer in page.answers):
            raise  # The page does not list it, so its form is not there to say why.
        return respond(request, page, session, status=status_of(error))
    return go_to(request, "/counter-notices", _DONE[chosen])


def _page(runtime: Runtime, session: Session, refused: _RefusedAnswer | None = None) -> CounterNoticesPage:
    with runtime.store.read() as connection:
        waiting = counter_notices.waiting_for(connection, session.person.brands(Permission.ANSWER_QUESTIONS), _MOST)
        answers = tuple(_answer(connection, waiting_notice, refused, runtime.clock.now()) for waiting_notice in waiting)
    number = sum(not answer.in_court for answer in answers)
    headline = say_many("%(n)s counter-notice awaits your answer", "%(n)s counter-notices await your answer", number)
    return CounterNoticesPage(
        headline if number else say("No counter-notice awaits your answer"), answers, LONGEST_TEXT
    )


def _answer(
    connection: Connection, waiting: WaitingCounterNotice, refused: _RefusedAnswer | None, now: datetime
) -> Answer:
    counter_notice = waiting.counter_notice
    mine = refused if refused and refused.counter_notice_id == counter_notice.counter_notice_id else None
    policy = PROFILES[counter_notice.profile]
    steps = counter_notices.steps(connection, counter_notice.marketplace_id, counter_notice.counter_notice_id)
    return Answer(
        counter_notice_id=counter_notice.counter_notice_id,
        title=text_view.show(waiting.content.get("title") or waiting.external_id),
        price=words.named_price(waiting.content),
        round=counter_notice.round,
        most_rounds=policy.most_rounds,
        due=None if counter_notice.due_at is None else words.due(counter_notice.due_at, now),
        in_court=counter_notice.state is CounterNoticeState.WITH_COURT,
        needs_court=policy.maintaining is MaintainingEvidence.COURT_ACTION,
        silence=say(SILENCE[policy.rights_holder_silence]),
        lines=tuple(_line(step, now) for step in steps if step.text),
        documents=tuple(
            shown_document(
                seller_upload,
                now,
                f"/counter-notices/{counter_notice.counter_notice_id}/documents/{seller_upload.upload_id}",
            )
            for seller_upload in all_for_rights_holder(connection, counter_notice)
        ),
        typed=mine.typed if mine else "",
        error=mine.error if mine else None,
    )


def _line(step: StoredStep, now: datetime) -> Line:
    who = say("The seller") if step.party is Party.SELLER else say("You")
    return Line(who, words.moment(step.known_at, now), text_view.show(step.text or ""))
