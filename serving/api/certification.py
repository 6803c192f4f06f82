"""The certification of a brand's people."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.api.answers import Answer, Moment, Sentence
from serving.api.people import Body
from serving.api.requests.repeating import Repeatable
from serving.brands.rules.certification import questions
from serving.brands.service.certification import answer, gate_of
from serving.guards import may, runtime_of

router = APIRouter(route_class=Repeatable)
Answerer = Annotated[Session, may(Permission.ANSWER_QUESTIONS)]
_MOST_ANSWERS = 100


class AnswersBody(Body):
    """The number of the chosen option, from 0, by the key of each question."""

    answers: dict[str, int] = Field(max_length=_MOST_ANSWERS)


class Question(Answer):
    """A question of the certification."""

    key: str
    text: str
    options: list[str]


class Certification(Answer):
    """Whether a person may confirm now, and the questions."""

    may_confirm: bool
    until: Moment | None
    reason: Sentence
    questions: list[Question]


class CertificationResult(Answer):
    """The result of the answers, with an explanation of each wrong one."""

    passed: bool
    right: int
    wrong: dict[str, str]


@router.get("/api/v1/briefing")
def get_certification(request: Request, session: Answerer) -> Certification:
    """The questions without their right options, and whether the person may confirm now."""
    runtime = runtime_of(request)
    with runtime.store.read() as connection:
        gate = gate_of(runtime, connection, session.person, runtime.clock.now())
    return Certification(may_confirm=gate.open, until=gate.until, reason=gate.reason, questions=questions())


@router.post("/api/v1/briefing/answers", status_code=201)
def post_answers(body: AnswersBody, request: Request, session: Answerer) -> CertificationResult:
    """Answer the questions; the response explains each wrong answer."""
    result = answer(runtime_of(request), session.person, body.answers)
    wrong = {question.key: question.because for question in questions() if question.key in result.wrong}
    return CertificationResult(passed=result.passed, right=result.right, wrong=wrong)
