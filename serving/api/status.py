"""Health, figures, and the state of listings and actions."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from models.errors import Unavailable, require
from serving.api.answers import Answer, Moment, NotReady, Page, read_from
from serving.api.requests.moments import After
from serving.appeals.store import overturns
from serving.guards import Sender, any_caller, public, runtime_of
from serving.listings.store import listings
from serving.operations.service import presence as ready
from serving.operations.service.figures import service_figures
from serving.platform.database.faults import StorageFault
from serving.platform.database.pages import cut
from serving.platform.database.pools import PROBES
from serving.takedowns.store import actions, removal_checks
from serving.webhooks.rules.action import ActionKind, ActionState

router = APIRouter()


class Status(Answer):
    """The state of the process."""

    status: str


class RemovalFigures(Answer):
    """Removals by state."""

    withdrawn: int
    pending_approval: int
    scheduled: int
    sent: int
    acknowledged: int


class ReinstatementFigures(Answer):
    """Reinstatements by state."""

    scheduled: int
    sent: int
    acknowledged: int


class ReportFigures(Answer):
    """Listings that brands reported, by first result; `items` is their number."""

    items: int
    scheduled: int
    pending_approval: int
    cases: int
    unknown: int
    refused: int


class Figures(Answer):
    """Counts that must add up."""

    listings: int
    versions: int
    observations: int
    quarantined: int
    scored: int
    routes: dict[str, int]
    verdicts: dict[str, int]
    open_cases: dict[str, int]
    removal_checks: dict[str, int | float | None]
    appeals: dict[str, int]
    counter_notices: dict[str, int]
    reports: ReportFigures
    removals: RemovalFigures
    reinstatements: ReinstatementFigures
    pending: int


class RemovalCheck(Answer):
    """The checks whether a removed listing is gone."""

    state: str
    check_count: int
    looked_at: Moment | None
    gone_at: Moment | None
    seconds_to_removal: float | None


@dataclass(frozen=True, slots=True)
class _ActionWithCheck:
    action: actions.StoredAction
    check: removal_checks.RemovalCheck | None


class Action(Answer):
    """A message to the marketplace."""

    action_id: str = read_from("action.action_id")
    kind: ActionKind = read_from("action.kind")
    state: ActionState = read_from("action.state")
    listing_external_id: str = read_from("action.external_id")
    sequence: int = read_from("action.sequence")
    leaves_at: Moment = read_from("action.leaves_at")
    acknowledged_at: Moment | None = read_from("action.acknowledged_at")
    verified: RemovalCheck | None = read_from("check")


class Actions(Page):
    """Messages, newest first."""

    actions: list[Action]


class ActionStatement(Answer):
    """The statement of reasons to the seller, and its replacement after an undo."""

    action_id: str
    kind: ActionKind
    state: ActionState
    listing_external_id: str
    statement: dict[str, Any]
    amendment: dict[str, Any] | None


class LastAction(Answer):
    """The last message about a listing."""

    kind: ActionKind
    state: ActionState
    id: str = read_from("action_id")


class ListingState(Answer):
    """A listing as the service knows it."""

    external_id: str
    version: int
    first_known_at: Moment
    action: LastAction | None


class Contract(Answer):
    """An OpenAPI document."""

    openapi: str
    info: dict[str, Any]
    servers: list[dict[str, Any]]
    tags: list[dict[str, Any]]
    paths: dict[str, Any]
    webhooks: dict[str, Any]
    components: dict[str, Any]


@router.head("/livez", dependencies=[public("a supervisor must ask without a key")])
@router.get("/livez", response_model=Status, dependencies=[public("a supervisor must ask without a key")])
async def live() -> dict[str, str]:
    """Whether the process responds. It asks no database, so that no supervisor ends a process for another's fault."""
    return {"status": "ok"}


@router.head("/healthz", dependencies=[public("a supervisor must ask without a key")])
@router.get("/healthz", response_model=Status, dependencies=[public("a supervisor must ask without a key")])
async def health(request: Request) -> dict[str, str]:
    """Whether the process responds and can read its database."""
    await PROBES.run(runtime_of(request).store.probe)
    return {"status": "ok"}


@router.head("/readyz", dependencies=[public("a balancer must ask without a key")])
@router.get("/readyz", response_model=Status, dependencies=[public("a balancer must ask without a key")])
async def readiness(request: Request) -> JSONResponse:
    """Whether the process may get requests: it can store them and has every champion. If not, 503 with reasons."""
    try:
        reasons = await PROBES.run(ready.not_ready_reasons, runtime_of(request))
    except StorageFault as silent:
        reasons = [ready.NotReadyReason(silent.code, silent.phrase)]
    if not reasons:
        return JSONResponse({"status": "ready"})
    refusal = NotReady(status="not ready", reasons=reasons)
    return JSONResponse(refusal.model_dump(), 503, headers={"retry-after": str(Unavailable.retry_after_seconds)})


@router.get("/api/v1/figures", response_model=Figures)
def get_figures(request: Request, caller: Sender) -> dict[str, Any]:
    """The figures that must add up."""
    return service_figures(runtime_of(request), caller.marketplace)


@router.get("/api/v1/actions")
def get_actions(
    request: Request,
    caller: Sender,
    kind: ActionKind | None = None,
    state: ActionState | None = None,
    most: int = 100,
    after: After = None,
) -> Actions:
    """The actions sent to a marketplace, newest first, for comparison with its records; a page has at most 5,000."""
    marketplace_id, most = caller.marketplace.marketplace_id, min(max(most, 1), 5_000)
    with runtime_of(request).store.read() as connection:
        latest = actions.latest(connection, marketplace_id, kind=kind, state=state, most=most + 1, before=after)
        page, following = cut(latest, most, lambda action: action.action_id)
        checks = removal_checks.of_actions(connection, marketplace_id, [action.action_id for action in page])
    return Actions(next=following, actions=[_ActionWithCheck(action, checks.get(action.action_id)) for action in page])


@router.get("/api/v1/actions/{action_id}/statement")
def get_statement(action_id: str, request: Request, caller: Sender) -> ActionStatement:
    """The statement to the seller about one action, field by field, and its replacement after an undo."""
    marketplace_id = caller.marketplace.marketplace_id
    with runtime_of(request).store.read() as connection:
        action = actions.get(connection, marketplace_id, action_id[:40])
        overturn = overturns.in_force(connection, marketplace_id, action.action_id)
    return ActionStatement(
        action_id=action.action_id,
        kind=action.kind,
        state=action.state,
        listing_external_id=action.external_id,
        statement=action.statement,
        amendment=None if overturn is None else overturn.amendment,
    )


@router.get("/api/v1/listings/{external_id:path}")
def get_listing(external_id: str, request: Request, caller: Sender) -> ListingState:
    """The state of one listing: its version, and whether it is shown according to our actions."""
    marketplace_id = caller.marketplace.marketplace_id
    with runtime_of(request).store.read() as connection:
        latest = listings.latest_states(connection, marketplace_id, [external_id]).get(external_id)
        listing = require(latest, "There is no such listing.")
        acted = actions.of_listing(connection, marketplace_id, listing.listing_id)
    sent = [action for action in acted if action.state is not ActionState.WITHDRAWN]
    return ListingState(
        external_id=external_id,
        version=listing.version,
        first_known_at=listing.first_known_at,
        action=sent[-1] if sent else None,
    )


@router.get("/api/v1/openapi.json", response_model=Contract)
def openapi(request: Request, _caller: Annotated[Any, any_caller()]) -> Any:
    """The contract of this API, for every API key and signed-in user."""
    return request.app.openapi()
