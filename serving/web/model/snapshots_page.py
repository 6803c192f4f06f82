"""Label snapshots: the files that trainings read, their content, and the resulting models."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from models.routing import Lane
from serving.accounts.rules.access import Permission, Person
from serving.accounts.store.accounts import Session
from serving.brands.store import brands
from serving.guards import may, runtime_of
from serving.learning.service.snapshot_files import SnapshotFiles
from serving.learning.store import learning
from serving.learning.store.learning import StoredSnapshot
from serving.platform.runtime import Runtime
from serving.web.at_marketplace import AtMarketplace, PlaceScope, scope_of
from serving.web.model.model_report import EVIDENCE
from serving.web.rendering import respond
from serving.web.wording import words
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
class UsedBy:
    """A model that was trained from a snapshot."""

    short: str
    address: str


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """One snapshot of the list."""

    address: str
    short: str
    as_of: str
    rows: str
    counterfeit: str
    share: str
    models: tuple[UsedBy, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """A name with a number and its share."""

    name: str
    number: str
    share: str


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A labelled version, without its seller and its text; `listing` is empty where the reader may not open it."""

    version_id: str
    listing: str
    known: str
    mature: str
    brand: str
    lane: str
    label: str
    weight: str
    evidence: str
    chance: str


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a snapshot's file; `whole` is whether it still matches its recorded digest."""

    whole: bool
    window: str
    weight: str
    brand_labels: str
    reviewer_labels: str
    sources: str
    levels: tuple[Count, ...]
    lanes: tuple[Count, ...]
    preview: tuple[PreviewRow, ...]


@dataclass(frozen=True, slots=True)
class SnapshotsPage(AtMarketplace):
    """The list, newest first."""

    template: ClassVar[str] = "snapshots.html"
    place: ClassVar[str] = "/models"

    snapshots: tuple[SnapshotRow, ...]


@dataclass(frozen=True, slots=True)
class SnapshotPage(AtMarketplace):
    """A snapshot; `content` is None if its file is missing, and `why_not` says so."""

    template: ClassVar[str] = "snapshot.html"
    place: ClassVar[str] = "/models"

    digest: str
    one: SnapshotRow
    content: Content | None
    why_not: str


@router.get(PLACE)
def get_snapshots(request: Request, session: Reader) -> HTMLResponse:
    """The list."""
    runtime = runtime_of(request)
    scope = scope_of(runtime, session.person, Permission.SEE_MODELS, request.query_params)
    return respond(request, snapshots_page(runtime, scope), session)


@router.get(f"{PLACE}/{{snapshot_id}}")
def get_snapshot(snapshot_id: str, request: Request, session: Reader) -> HTMLResponse:
    """The page of a snapshot."""
    runtime = runtime_of(request)
    scope = scope_of(runtime, session.person, Permission.SEE_MODELS, request.query_params)
    return respond(request, snapshot_page(runtime, session.person, scope, snapshot_id[:_LONGEST_ID]), session)


def snapshots_page(runtime: Runtime, scope: PlaceScope) -> SnapshotsPage:
    """The content of the list."""
    here, now = scope.marketplace_id, runtime.clock.now()
    with runtime.store.read() as connection:
        found = learning.snapshots(connection, here, _SHOWN)
    return SnapshotsPage(scope, tuple(_row(one, now) for one in found))


def _row(one: StoredSnapshot, now: datetime) -> SnapshotRow:
    return SnapshotRow(
        f"{PLACE}/{one.snapshot_id}",
        one.digest[:10],
        words.moment(one.as_of, now),
        f"{one.rows:,}",
        f"{one.positives:,}",
        f"{one.positives / one.rows:.0%}" if one.rows else "",
        tuple(UsedBy(digest[:10], f"/models/cards/{digest}") for digest in one.models),
    )


def snapshot_page(runtime: Runtime, person: Person, scope: PlaceScope, snapshot_id: str) -> SnapshotPage:
    """The content of a snapshot's page; its listings are links for people who may review them."""
    may_open = scope.marketplace_id in person.marketplaces(Permission.REVIEW_CASES)
    here, now = scope.marketplace_id, runtime.clock.now()
    with runtime.store.read() as connection:
        one = learning.get_snapshot(connection, here, snapshot_id)
        names = {brand.brand_id: brand.name for brand in brands.registered(connection, here, now)}
    try:
        found = summarise(runtime.services[SnapshotFiles].path(one.digest), one.digest, preview=_PREVIEW)
    except SnapshotRefused as refused:
        return SnapshotPage(scope, one.digest, _row(one, now), None, str(refused))
    return SnapshotPage(scope, one.digest, _row(one, now), _content(found, names, now, may_open=may_open), "")


def _content(found: SnapshotSummary, names: dict[str, str], now: datetime, *, may_open: bool) -> Content:
    by_brands = sum(number for name, number in found.sources.items() if name.startswith("brand:"))
    first, last = found.first, found.last
    return Content(
        whole=found.whole,
        window=f"{words.day(first, now)} to {words.day(last, now)}" if first and last else "empty",
        weight=f"{found.weight:,.1f}",
        brand_labels=f"{by_brands:,} ({found.reported:,} of reported listings)",
        reviewer_labels=f"{sum(found.sources.values()) - by_brands:,}",
        sources=f"{len(found.sources):,}",
        levels=tuple(
            Count(EVIDENCE.get(name, name), f"{n:,}", f"{n / found.rows:.0%}") for name, n in found.levels.items()
        ),
        lanes=tuple(Count(ROUTES[Lane(name)], f"{n:,}", f"{n / found.rows:.0%}") for name, n in found.lanes.items()),
        preview=tuple(
            PreviewRow(
                row["version_id"],
                f"/listings/{row['listing_id']}" if may_open else "",
                words.day(row["known_at"], now),
                words.day(row["matured_at"], now),
                names.get(row["brand_id"] or "", "none"),
                ROUTES[Lane(row["lane"])],
                "counterfeit" if row["label"] == 1 else "genuine",
                f"{row['weight']:.2f}",
                EVIDENCE.get(row["evidence_level"], row["evidence_level"]),
                f"{row['inclusion_probability']:.3f}",
            )
            for row in found.preview
        ),
    )
