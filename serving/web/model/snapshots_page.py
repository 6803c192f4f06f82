"""Label snapshots: the files that trainings read, their content, and the resulting models."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.accounts.rules.access import Permission, Person
from serving.brands.store import brands
from serving.guards import ModelReader, TheRuntime
from serving.learning.service.publish import SnapshotFiles
from serving.learning.store import learning
from serving.platform.runtime import Runtime
from serving.web.at_marketplace import PlaceScope, scope_of
from serving.web.forms import LONGEST_ID
from serving.web.model.model_report import EVIDENCE
from serving.web.rendering import StaffPage, respond
from serving.web.wording.vocabulary import ROUTES
from training.snapshots.snapshot import SnapshotRefused
from training.snapshots.summary import summarise

router = APIRouter(include_in_schema=False)
PLACE: Final = "/models/snapshots"
_SHOWN: Final = 100
_PREVIEW: Final = 20


@router.get(PLACE)
def get_snapshots(request: Request, runtime: TheRuntime, session: ModelReader) -> HTMLResponse:
    scope = scope_of(runtime, session.person, Permission.SEE_MODELS, request.query_params)
    return respond(request, snapshots_page(runtime, scope), session)


@router.get(f"{PLACE}/{{snapshot_id}}")
def get_snapshot(snapshot_id: str, request: Request, runtime: TheRuntime, session: ModelReader) -> HTMLResponse:
    scope = scope_of(runtime, session.person, Permission.SEE_MODELS, request.query_params)
    return respond(request, snapshot_page(runtime, session.person, scope, snapshot_id[:LONGEST_ID]), session)


def snapshots_page(runtime: Runtime, scope: PlaceScope) -> StaffPage:
    """The content of the list."""
    with runtime.store.read() as connection:
        return StaffPage(
            "snapshots.html",
            "/models",
            scope=scope,
            snapshots=learning.snapshots(connection, scope.marketplace_id, _SHOWN),
        )


def snapshot_page(runtime: Runtime, person: Person, scope: PlaceScope, snapshot_id: str) -> StaffPage:
    """The content of a snapshot's page."""
    marketplace_id = scope.marketplace_id
    with runtime.store.read() as connection:
        snapshot = learning.get_snapshot(connection, marketplace_id, snapshot_id)
        names = {
            brand.brand_id: brand.name
            for brand in brands.enrolled_brands(connection, marketplace_id, runtime.clock.now())
        }
    content, why_not = None, ""
    try:
        content = summarise(runtime.services[SnapshotFiles].path(snapshot.digest), snapshot.digest, preview=_PREVIEW)
    except SnapshotRefused as refused:
        why_not = str(refused)
    may_open = marketplace_id in person.marketplaces(Permission.REVIEW_CASES)
    return StaffPage(
        "snapshot.html",
        "/models",
        scope=scope,
        snapshot=snapshot,
        content=content,
        why_not=why_not,
        brands=names,
        may_open=may_open,
        evidence=EVIDENCE,
        lanes=ROUTES,
    )
