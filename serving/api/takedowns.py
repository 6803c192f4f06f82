"""Takedown requests of brands, for their tools: many open questions confirmed under one right."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field

from models.messages.english import in_english
from models.verdict import ReasonCode
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.api.people import Body
from serving.api.requests.repeating import Repeatable
from serving.guards import may, runtime_of
from serving.platform.database.pools import DEAR
from serving.review.rules.takedown import Item, came_to
from serving.review.service.takedown_requests import Answered, Asked, answered, confirm_all, withdraw
from serving.rights.store import rights

router = APIRouter(route_class=Repeatable)
Answerer = Annotated[Session, may(Permission.ANSWER_QUESTIONS)]
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


@router.get("/api/v1/rights")
def get_rights(request: Request, session: Answerer) -> dict[str, Any]:
    """The rights of one's own brands, in the order in which they were supplied; each is of one marketplace."""
    pairs = sorted(session.person.brands(Permission.ANSWER_QUESTIONS))
    with runtime_of(request).store.read() as connection:
        found = [one for pair in pairs for one in rights.rights_of(connection, pair)]
    found.sort(key=lambda one: (one.claimed_at, one.right.right_id))
    return {
        "rights": [
            {
                "right_id": one.right.right_id,
                "marketplace_id": one.pair[0],
                "kind": one.right.kind.value,
                "title": one.right.title,
                "office": one.right.office,
                "number": one.right.number,
                "state": one.right.state.value,
                "expires_at": one.right.expires_at.isoformat() if one.right.expires_at else None,
            }
            for one in found
        ]
    }


@router.post("/api/v1/takedown-requests", status_code=201)
async def post_request(body: TakedownBody, request: Request, session: Answerer) -> dict[str, Any]:
    """Confirm every named listing; the response has a result for each."""
    asked = Asked(
        body.right_id,
        body.reason_code,
        tuple(Item(one.case_id, one.version_id) for one in body.items),
        body.good_faith,
        body.request_id,
        body.marketplace_id,
    )
    return _as_json(await DEAR.run_for(session.person.user_id, confirm_all, runtime_of(request), session.person, asked))


@router.get("/api/v1/takedown-requests/{request_id}")
def get_request(request_id: str, request: Request, session: Answerer) -> dict[str, Any]:
    """The current state of a request."""
    return _as_json(answered(runtime_of(request), session.person, request_id[:_LONGEST_ID]))


@router.post("/api/v1/takedown-requests/{request_id}/undo")
async def post_undo(request_id: str, request: Request, session: Answerer) -> dict[str, int]:
    """Undo one's own request, as far as it can still be undone."""
    done = await DEAR.run_for(
        session.person.user_id, withdraw, runtime_of(request), session.person, request_id[:_LONGEST_ID]
    )
    return {"taken_back": done}


def _as_json(found: Answered) -> dict[str, Any]:
    return {
        "request_id": found.request.request_id,
        "right_id": found.request.right_id,
        "reason_code": found.request.reason_code.value,
        "counts": {fate.value: number for fate, number in found.counts.items()},
        "sentences": [in_english(one) for one in came_to(found.counts)],
        "items": [
            {
                "case_id": one.case_id,
                "version_id": one.version_id,
                "verdict_id": one.verdict_id,
                "fate": one.fate.value,
                "reason": " ".join(map(in_english, one.reasons)) if one.refusal is None else str(one.refusal),
                "taken_back": one.undone,
            }
            for one in found.items
        ],
    }
