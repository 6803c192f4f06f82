"""Label snapshots: the files that trainings read, their content, and the resulting models."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from models.routing import Lane
from serving.accounts.rules.access import Permission, Person
from serving.accounts.store.accounts import Session
from serving.brands.store import brands
from serving.guards import TheRuntime, may
from serving.learning.service.snapshot_files import SnapshotFiles
from serving.learning.store import learning
from serving.learning.store.learning import StoredSnapshot
from serving.platform.runtime import Runtime
from serving.web.at_marketplace import AtMarketplace, PlaceScope, scope_of
from serving.web.model.model_report import EVIDENCE
from serving.web.rendering import respond
from serving.web.wording.vocabulary import ROUTES
from training.snapshot import SnapshotRefused
from training.snapshot_summary import SnapshotSummary, summarise

router = APIRouter(include_in_schema=False)
Reader = Annotated[Session, may(Permission.SEE_MODELS)]
PLACE: Final = "/models/snapshots"
_SHOWN: Final = 100
_PREVIEW: Final = 20
_LONGEST_ID: Final = 40


@dataclass(frozen=True, slots=True)
class SnapshotsPage(AtMarketplace, template="snapshots.html", place="/models"):
    """The list, newest first."""

    snapshots: list[StoredSnapshot]


@dataclass(frozen=True, slots=True)
class SnapshotPage(AtMarketplace, template="snapshot.html", place="/models"):
    """A snapshot; `content` is None if its file is missing, and `why_not` says so. Listings are links for reviewers."""

    snapshot: StoredSnapshot
    content: SnapshotSummary | None
    why_not: str
    brands: Mapping[str, str]
    may_open: bool
    evidence: Mapping[str, str]
    lanes: Mapping[Lane, str]


@router.get(PLACE)
def get_snapshots(request: Request, runtime: TheRuntime, session: Reader) -> HTMLResponse:
    """The list."""
    scope = scope_of(runtime, session.person, Permission.SEE_MODELS, request.query_params)
    return respond(request, snapshots_page(runtime, scope), session)


@router.get(f"{PLACE}/{{snapshot_id}}")
def get_snapshot(snapshot_id: str, request: Request, runtime: TheRuntime, session: Reader) -> HTMLResponse:
    """The page of a snapshot."""
    scope = scope_of(runtime, session.person, Permission.SEE_MODELS, request.query_params)
    return respond(request, snapshot_page(runtime, session.person, scope, snapshot_id[:_LONGEST_ID]), session)


def snapshots_page(runtime: Runtime, scope: PlaceScope) -> SnapshotsPage:
    """The content of the list."""
    with runtime.store.read() as connection:
        return SnapshotsPage(scope, learning.snapshots(connection, scope.marketplace_id, _SHOWN))


def snapshot_page(runtime: Runtime, person: Person, scope: PlaceScope, snapshot_id: str) -> SnapshotPage:
    """The content of a snapshot's page."""
    here = scope.marketplace_id
    with runtime.store.read() as connection:
        snapshot = learning.get_snapshot(connection, here, snapshot_id)
        names = {brand.brand_id: brand.name for brand in brands.registered(connection, here, runtime.clock.now())}
    content, why_not = None, ""
    try:
        content = summarise(runtime.services[SnapshotFiles].path(snapshot.digest), snapshot.digest, preview=_PREVIEW)
    except SnapshotRefused as refused:
        why_not = str(refused)
    may_open = here in person.marketplaces(Permission.REVIEW_CASES)
    return SnapshotPage(scope, snapshot, content, why_not, names, may_open, EVIDENCE, ROUTES)
