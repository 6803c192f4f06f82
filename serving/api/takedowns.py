"""Takedown requests of brands."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BeforeValidator, Field

from models.verdict import ReasonCode
from serving.accounts.rules.access import Permission
from serving.api.answers import Answer, Moment, Sentence, read_from
from serving.api.people import Body
from serving.api.requests.repeating import RepeatableRoute
from serving.brands.store import rights
from serving.cases.rules.takedown_request import RequestItem, outcome_messages
from serving.cases.service.takedown_requests import (
    NewTakedownRequest,
    TakedownResult,
    confirm_all,
    takedown_result,
    withdraw,
)
from serving.guards import Answerer, runtime_of
from serving.platform.database.pools import DEAR

router = APIRouter(route_class=RepeatableRoute)
_LONGEST_ID = 40
_MOST_ROWS = 10_000  # Above the request limit, so that the rule refuses with its own sentence; still bounded.


class ItemBody(Body):
    """One listing in the version that was shown."""

    case_id: str = Field(max_length=_LONGEST_ID)
    version_id: str = Field(max_length=_LONGEST_ID)


class TakedownBody(Body):
    """The confirmed listings and the right; `request_id` makes the same request count once."""

    right_id: str = Field(max_length=_LONGEST_ID)
    reason_code: ReasonCode = Field(strict=False)
    items: list[ItemBody] = Field(max_length=_MOST_ROWS)
    good_faith: bool
    request_id: str | None = Field(None, max_length=_LONGEST_ID)
    marketplace_id: str | None = Field(None, max_length=_LONGEST_ID)


class Right(Answer):
    """A right of a brand at one marketplace."""

    right_id: str = read_from("right.right_id")
    marketplace_id: str
    kind: str = read_from("right.kind")
    title: str = read_from("right.title")
    office: str | None = read_from("right.office")
    number: str | None = read_from("right.number")
    state: str = read_from("right.state")
    expires_at: Moment | None = read_from("right.expires_at")


class Rights(Answer):
    """The rights of one's own brands."""

    rights: list[Right]


class TakedownItem(Answer):
    """The result of one listing of a takedown request."""

    case_id: str
    version_id: str
    verdict_id: str | None
    fate: str
    reason: Sentence = read_from("why")
    undone: bool


class TakedownRequest(Answer):
    """A takedown request with a result for each listing."""

    request_id: str = read_from("request.request_id")
    right_id: str = read_from("request.right_id")
    reason_code: ReasonCode = read_from("request.reason_code")
    counts: dict[str, int]
    sentences: Annotated[list[Sentence], BeforeValidator(outcome_messages)] = read_from("counts")
    items: list[TakedownItem]


class UndoneCount(Answer):
    """How many removals were undone."""

    undone: int


@router.get("/api/v1/rights")
def get_rights(request: Request, session: Answerer) -> Rights:
    """The rights of one's own brands, in the order in which they were supplied; each is of one marketplace."""
    pairs = sorted(session.person.brands(Permission.ANSWER_QUESTIONS))
    with runtime_of(request).store.read() as connection:
        claimed_rights = [right for pair in pairs for right in rights.rights_of(connection, pair)]
    claimed_rights.sort(key=lambda right: (right.claimed_at, right.right.right_id))
    return Rights(rights=claimed_rights)


@router.post("/api/v1/takedown-requests", status_code=201, response_model=TakedownRequest)
async def post_request(body: TakedownBody, request: Request, session: Answerer) -> TakedownResult:
    """Confirm every named listing; the response has a result for each."""
    takedown = NewTakedownRequest(
        body.right_id,
        body.reason_code,
        tuple(RequestItem(listing.case_id, listing.version_id) for listing in body.items),
        body.good_faith,
        body.request_id,
        body.marketplace_id,
    )
    return await DEAR.run_for(session.person.user_id, confirm_all, runtime_of(request), session.person, takedown)


@router.get("/api/v1/takedown-requests/{request_id}", response_model=TakedownRequest)
def get_request(request_id: str, request: Request, session: Answerer) -> TakedownResult:
    """The current state of a request."""
    return takedown_result(runtime_of(request), session.person, request_id[:_LONGEST_ID])


@router.post("/api/v1/takedown-requests/{request_id}/undo")
async def post_undo(request_id: str, request: Request, session: Answerer) -> UndoneCount:
    """Undo one's own request, as far as it can still be undone."""
    done = await DEAR.run_for(
        session.person.user_id, withdraw, runtime_of(request), session.person, request_id[:_LONGEST_ID]
    )
    return UndoneCount(undone=done)
