"""The hot route: scores one listing and returns score and route; stores nothing."""

from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Request, Response

from features.listing import Rejection, check
from models.messages.english import in_english
from serving.accounts.rules.access import Scope
from serving.api.bodies import json_body
from serving.api.errors import as_json
from serving.guards import Caller, key, runtime_of
from serving.intake.service.precheck import precheck

router = APIRouter()
Asker = Annotated[Caller, key(Scope.SCORE)]
_JSON: Final = "application/json"


@router.post("/api/v1/score")
async def post_score(request: Request, caller: Asker) -> Response:
    """The score that a listing would get now, with its route and reasons. Nothing is stored.

    `evidence` are findings without a weight. `reasons` are the parts of `value`, which they add up to; of those the
    codes `base`, `text` and `other` name no finding. For the marketplace's own people: the score would teach sellers to
    evade the model.
    """
    runtime = runtime_of(request)
    listing = check(await json_body(request), received_at=runtime.clock.now())
    if isinstance(listing, Rejection):
        return as_json(422, listing.code, listing.sentence, listing.field)
    scored = precheck(runtime, caller.marketplace, listing)
    answer = {
        "external_id": listing.external_id,
        "kind": scored.score.kind.value,
        "value": scored.score.value,
        "probability": scored.score.probability,
        "route": scored.route.lane.value,
        "route_reasons": [in_english(one) for one in scored.route.reasons],
        "evidence": [{"code": one.code, "sentence": in_english(one)} for one in scored.score.evidence],
        "reasons": [
            {"code": reason.code, "sentence": in_english(reason.message), "weight": reason.weight}
            for reason in scored.score.reasons
        ],
        "model": scored.score.scorer,
        "policy": scored.route.policy_version,
    }
    return Response(orjson.dumps(answer), media_type=_JSON)
