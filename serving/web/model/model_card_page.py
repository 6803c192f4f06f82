"""The card of a model: its purpose, training data, evaluation, and limits."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.accounts.rules.access import Permission
from serving.guards import ModelReader, TheRuntime
from serving.learning.store import learning, links
from serving.platform.runtime import Runtime
from serving.web.at_marketplace import PlaceScope, scope_of
from serving.web.forms import LONGEST_DIGEST
from serving.web.model.model_page import tracked_run
from serving.web.model.model_report import report_of
from serving.web.rendering import StaffPage, respond

router = APIRouter(include_in_schema=False)
PLACE: Final = "/models/cards"


@router.get(f"{PLACE}/{{digest}}")
def get_card(digest: str, request: Request, runtime: TheRuntime, session: ModelReader) -> HTMLResponse:
    scope = scope_of(runtime, session.person, Permission.SEE_MODELS, request.query_params)
    return respond(request, model_card_page(runtime, scope, digest[:LONGEST_DIGEST]), session)


def model_card_page(runtime: Runtime, scope: PlaceScope, digest: str) -> StaffPage:
    """The content of the card."""
    marketplace_id = scope.marketplace_id
    with runtime.store.read() as connection:
        model = learning.get_model(connection, marketplace_id, digest)
        promotions = learning.promotions(connection, marketplace_id)
        snapshot_ids = links.snapshot_ids(connection, marketplace_id, [str(model.report["snapshot"])])
    scores = promotions and promotions[0].digest == model.digest
    return StaffPage(
        "model_card.html",
        "/models",
        scope=scope,
        champion_since=promotions[0].promoted_at if scores else None,
        report=report_of(model),
        snapshot_id=next(iter(snapshot_ids.values()), ""),
        tracked=tracked_run(model, runtime.settings),
    )
