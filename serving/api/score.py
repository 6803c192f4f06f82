"""A score without intake.

Requests that wait at the same time are answered together (`serving.api.requests.together`): by one transaction, which
begins after all of them came in. Each gets what it would get alone.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

import orjson
from fastapi import APIRouter, FastAPI, Request, Response
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from features.listing import Listing, Rejection, check
from models.errors import DomainError
from models.messages.english import in_english
from serving.accounts.rules.access import Scope
from serving.api.answers import Answer
from serving.api.bodies import body_of, is_small, json_body, json_of
from serving.api.errors import as_json
from serving.api.requests.direct import DirectRoute
from serving.api.requests.together import QuestionBatcher
from serving.guards import called_by, key
from serving.listings.service.precheck import precheck_all
from serving.marketplaces.service.keys import PresentedKey, admit_key, is_use_due, note_use_if_due, presented_key
from serving.marketplaces.store import marketplaces
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.database.faults import StorageFault
from serving.platform.runtime import Runtime
from serving.scoring.service import scoring

router = APIRouter(route_class=DirectRoute)
_JSON: Final = "application/json"
_MOST_TOGETHER: Final = 16  # A group takes some milliseconds, and other requests wait for so long.
_ORDINARY_BYTES: Final = 4_096  # Of a row; longer ones are as many.
_KEY: Final = key(Scope.SCORE)
_USED: Final = "touchstone.used_key"


@dataclass(frozen=True, slots=True)
class _ScoreRequest:
    """A request that waits with its key, and its body or the row that was read from it."""

    request: Request
    given_key: PresentedKey | None
    body: bytes | None
    row: object = None


class ScoreEvidence(Answer):
    """A finding without a weight."""

    code: str
    sentence: str


class ScoreReason(Answer):
    """A reason for a score; its weight is in log-odds."""

    code: str
    sentence: str
    weight: float


class ListingScore(Answer):
    """The score that a listing would get now."""

    external_id: str
    kind: str
    value: float
    probability: float | None
    route: str
    route_reasons: list[str]
    evidence: list[ScoreEvidence]
    reasons: list[ScoreReason]
    model: str
    policy: str


Scores = QuestionBatcher[_ScoreRequest, Response]


def scores_of(app: FastAPI) -> Scores:
    """What answers the requests of one application."""
    return QuestionBatcher(lambda questions: _answer_all(app.state.runtime, questions), most=_MOST_TOGETHER)


@router.post("/api/v1/score", response_model=ListingScore, dependencies=[_KEY])
async def post_score(request: Request) -> Response:
    """The score that a listing would get now, with its route and reasons. Nothing is stored.

    `evidence` are findings without a weight. `reasons` are the parts of `value`, which they add up to; of those the
    codes `base`, `text` and `other` name no finding. For the marketplace's own people: the score would teach sellers to
    evade the model.
    """
    app = cast(FastAPI, request.app)
    api_key, scores = presented_key(request.headers.get("authorization")), cast(Scores, app.state.scores)
    if is_small(request):
        body = await body_of(request)
        answer = await scores.ask(_ScoreRequest(request, api_key, body), 1 + len(body) // _ORDINARY_BYTES)
        if (used := request.scope.get(_USED)) is not None:
            await note_use_if_due(app.state.runtime, used)
        return answer
    # A large body is read only for a key that may send it, and apart from the loop.
    await _KEY.dependency(request)
    return await scores.ask(_ScoreRequest(request, api_key, None, await json_body(request)), _MOST_TOGETHER)


def _answer_all(runtime: Runtime, questions: Sequence[_ScoreRequest]) -> Sequence[Response | Exception]:
    try:
        with runtime.store.read(admission=True) as connection:
            return _answer_together(runtime, connection, questions)
    except StorageFault:
        raise
    except Exception as error:
        if len(questions) == 1:
            return [error]
    # The error is of one of them. The others are answered as if it had not come.
    return [answer for question in questions for answer in _answer_all(runtime, [question])]


def _answer_together(
    runtime: Runtime, connection: Connection, questions: Sequence[_ScoreRequest]
) -> Sequence[Response | Exception]:
    now = runtime.wall.now()
    keys_by_id = marketplaces.keys_in_force(
        connection, [question.given_key.key_id for question in questions if question.given_key is not None]
    )
    answers: list[Response | Exception | None] = [None] * len(questions)
    listings: dict[Marketplace, list[tuple[int, Listing]]] = defaultdict(list)
    for i, question in enumerate(questions):
        try:
            caller = admit_key(keys_by_id, question.given_key, Scope.SCORE, now)
            called_by(question.request.scope, caller)
            if is_use_due(runtime, caller):
                question.request.scope[_USED] = caller
            row = question.row if question.body is None else json_of(question.request, question.body)
        except (DomainError, HTTPException) as error:
            answers[i] = error
            continue
        listing = check(row, received_at=runtime.clock.now())
        if isinstance(listing, Rejection):
            answers[i] = as_json(422, listing.code, listing.sentence, listing.field)
        else:
            listings[caller.marketplace].append((i, listing))
    for marketplace, of_marketplace in listings.items():
        scored = precheck_all(runtime, connection, marketplace, [listing for _, listing in of_marketplace])
        for (i, listing), one_scored in zip(of_marketplace, scored, strict=True):
            answers[i] = _score_response(listing, one_scored)
    return [answer for answer in answers if answer is not None]


def _score_response(listing: Listing, scored: scoring.ScoredVersion) -> Response:
    answer = {
        "external_id": listing.external_id,
        "kind": scored.score.kind.value,
        "value": scored.score.value,
        "probability": scored.score.probability,
        "route": scored.route.lane.value,
        "route_reasons": [in_english(reason) for reason in scored.route.reasons],
        "evidence": [{"code": finding.code, "sentence": in_english(finding)} for finding in scored.score.evidence],
        "reasons": [
            {"code": reason.code, "sentence": in_english(reason.message), "weight": reason.weight}
            for reason in scored.score.reasons
        ],
        "model": scored.score.scorer,
        "policy": scored.route.policy_version,
    }
    return Response(orjson.dumps(answer), media_type=_JSON)
