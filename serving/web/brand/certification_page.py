"""The certification test of brand users: its questions as a form, and why the last answers were wrong."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import Conflict
from serving.accounts.store.accounts import Session
from serving.brands.policy import EnrolmentPolicy
from serving.brands.rules.certification import questions
from serving.brands.service.certification import AttemptTooSoon, gate_of, submit_answers
from serving.brands.store import certifications
from serving.guards import Member, TheRuntime, runtime_of
from serving.platform.runtime import Runtime
from serving.platform.tongues import say
from serving.web.flash import Flash, go_to
from serving.web.forms import Fields
from serving.web.rendering import Page, respond
from serving.web.wording import words
from serving.web.wording.translated import in_words

router = APIRouter(include_in_schema=False)
_FIELD: Final = "q:"


@dataclass(frozen=True, slots=True)
class ShownQuestion:
    """A question; `wrong` is why the last answer was wrong, None if it was right or there was none."""

    key: str
    text: str
    options: tuple[str, ...]
    wrong: str | None


@dataclass(frozen=True, slots=True)
class CertificationPage(Page, template="certification.html", place="/brand"):
    """The questions, whether the reader may confirm now, and why."""

    is_open: bool
    reason: str
    questions: tuple[ShownQuestion, ...]
    failed: bool
    valid_days: int


@router.get("/brand/certification")
def get_certification(request: Request, session: Member) -> HTMLResponse:
    return respond(request, certification_page(runtime_of(request), session), session)


@router.post("/brand/certification")
def post_certification(request: Request, runtime: TheRuntime, session: Member, fields: Fields) -> Response:
    """Grade the answers; redirect to the marketplace's questions, or back to the reasons."""
    answers = {
        name.removeprefix(_FIELD): int(field_value)
        for name, field_value in fields.items()
        if name.startswith(_FIELD) and field_value.isascii() and field_value.isdigit() and len(field_value) == 1
    }
    try:
        attempt = submit_answers(runtime, session.person, answers)
    except AttemptTooSoon as early:
        again = words.moment_named(early.again_at, runtime.clock.now())
        raise Conflict("Read why your answers were wrong; you can try again at {time}.", time=again) from None
    if attempt.passed:
        return go_to(request, "/brand", Flash.BRIEFED)
    return go_to(request, "/brand/certification")


def certification_page(runtime: Runtime, session: Session) -> CertificationPage:
    person = session.person
    with runtime.store.read() as connection:
        gate = gate_of(runtime, connection, person, runtime.clock.now())
        last = certifications.last_attempt(connection, person.user_id)
    failed = last is not None and not last.passed
    answers = last.answers if last is not None and failed else {}
    return CertificationPage(
        is_open=gate.open,
        reason=in_words(gate.reason),
        questions=tuple(
            ShownQuestion(
                question.key,
                say(question.text),
                tuple(map(say, question.options)),
                say(question.because) if question.key in answers and answers[question.key] != question.right else None,
            )
            for question in questions()
        ),
        failed=failed,
        valid_days=runtime.policies[EnrolmentPolicy].certification_valid_days,
    )
