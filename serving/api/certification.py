"""The certification of a brand's users, for their tools; the page does the same with a form."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field

from models.messages.english import in_english
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
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


@router.get("/api/v1/briefing")
def get_certification(request: Request, session: Answerer) -> dict[str, Any]:
    """The questions without their right options, and whether the person may confirm now."""
    runtime = runtime_of(request)
    with runtime.store.read() as connection:
        found = gate_of(runtime, connection, session.person, runtime.clock.now())
    return {
        "may_confirm": found.open,
        "until": found.until.isoformat() if found.until else None,
        "reason": in_english(found.reason),
        "questions": [{"key": one.key, "text": one.text, "options": list(one.options)} for one in questions()],
    }


@router.post("/api/v1/briefing/answers", status_code=201)
def post_answers(body: AnswersBody, request: Request, session: Answerer) -> dict[str, Any]:
    """Answer the questions; the response explains each wrong answer."""
    found = answer(runtime_of(request), session.person, body.answers)
    because = {one.key: one.because for one in questions()}
    return {"passed": found.passed, "right": found.right, "wrong": {key: because[key] for key in found.wrong}}
