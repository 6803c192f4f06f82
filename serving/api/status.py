"""Status requests of a marketplace: the state of its listings, and the figures."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from models.errors import Unavailable, required
from serving.accounts.rules.access import Scope
from serving.api.requests.after import After
from serving.appeals.store import overturns
from serving.guards import Caller, any_caller, key, public, runtime_of
from serving.listings.store import listings
from serving.operations.service.figures import figures
from serving.operations.service.readiness import NotReady, not_ready
from serving.platform.database.faults import StorageFault
from serving.platform.database.pages import cut
from serving.platform.database.pools import PROBES
from serving.takedowns.store import actions, removal_checks
from serving.takedowns.store.removal_checks import RemovalCheck
from serving.webhooks.rules.action import ActionKind, ActionState

router = APIRouter()
Reader = Annotated[Caller, key(Scope.INTAKE)]


@router.head("/livez", dependencies=[public("a supervisor must ask without a key")])
@router.get("/livez", dependencies=[public("a supervisor must ask without a key")])
async def live() -> dict[str, str]:
    """Whether the process responds. It asks no database, so that no supervisor ends a process for another's fault."""
    return {"status": "ok"}


@router.head("/healthz", dependencies=[public("a supervisor must ask without a key")])
@router.get("/healthz", dependencies=[public("a supervisor must ask without a key")])
async def health(request: Request) -> dict[str, str]:
    """Whether the process responds and can read its database."""
    await PROBES.run(runtime_of(request).store.probe)
    return {"status": "ok"}


@router.head("/readyz", dependencies=[public("a balancer must ask without a key")])
@router.get("/readyz", dependencies=[public("a balancer must ask without a key")])
async def readiness(request: Request) -> JSONResponse:
    """Whether the process may get requests: it can store them and has every champion. If not, 503 with reasons."""
    try:
        reasons = await PROBES.run(not_ready, runtime_of(request))
    except StorageFault as silent:
        reasons = [NotReady(silent.code, silent.phrase)]
    if not reasons:
        return JSONResponse({"status": "ready"})
    listed = [{"code": one.code, "sentence": str(one.phrase)} for one in reasons]
    retry = {"retry-after": str(Unavailable.retry_after_seconds)}
    return JSONResponse({"status": "not ready", "reasons": listed}, 503, headers=retry)


@router.get("/api/v1/figures")
def get_figures(request: Request, caller: Reader) -> dict[str, Any]:
    """The figures that must add up."""
    return figures(runtime_of(request), caller.marketplace)


@router.get("/api/v1/actions")
def get_actions(
    request: Request,
    caller: Reader,
    kind: ActionKind | None = None,
    state: ActionState | None = None,
    most: int = 100,
    after: After = None,
) -> dict[str, Any]:
    """The actions sent to a marketplace, newest first, for comparison with its records; a page has at most 5,000."""
    here, most = caller.marketplace.marketplace_id, min(max(most, 1), 5_000)
    with runtime_of(request).store.read() as connection:
        latest = actions.latest(connection, here, kind=kind, state=state, most=most + 1, before=after)
        found, following = cut(latest, most, lambda action: action.action_id)
        checks = removal_checks.of_actions(connection, here, [one.action_id for one in found])
    return {
        "next": following,
        "actions": [
            {
                "action_id": one.action_id,
                "kind": one.kind.value,
                "state": one.state.value,
                "listing_external_id": one.external_id,
                "sequence": one.sequence,
                "leaves_at": one.leaves_at.isoformat(),
                "acknowledged_at": one.acknowledged_at.isoformat() if one.acknowledged_at else None,
                "verified": _verified(checks.get(one.action_id)),
            }
            for one in found
        ],
    }


@router.get("/api/v1/actions/{action_id}/statement")
def get_statement(action_id: str, request: Request, caller: Reader) -> dict[str, Any]:
    """The statement to the seller about one action, field by field, and its replacement after an undo."""
    here = caller.marketplace.marketplace_id
    with runtime_of(request).store.read() as connection:
        found = actions.get(connection, here, action_id[:40])
        undone = overturns.in_force(connection, here, found.action_id)
    return {
        "action_id": found.action_id,
        "kind": found.kind.value,
        "state": found.state.value,
        "listing_external_id": found.external_id,
        "statement": dict(found.statement),
        "amendment": None if undone is None else dict(undone.amendment),
    }


@router.get("/api/v1/listings/{external_id:path}")
def get_listing(external_id: str, request: Request, caller: Reader) -> dict[str, Any]:
    """The state of one listing: its version, and whether it is shown according to our actions."""
    here = caller.marketplace.marketplace_id
    with runtime_of(request).store.read() as connection:
        found = required(listings.latest(connection, here, [external_id]).get(external_id), "There is no such listing.")
        acted = actions.of_listing(connection, here, found.listing_id)
    standing = [one for one in acted if one.state is not ActionState.WITHDRAWN]
    last = standing[-1] if standing else None
    return {
        "external_id": external_id,
        "version": found.version,
        "first_known_at": found.first_known_at.isoformat(),
        "action": None if last is None else {"kind": last.kind.value, "state": last.state.value, "id": last.action_id},
    }


@router.get("/api/v1/openapi.json")
def openapi(request: Request, _caller: Annotated[Any, any_caller()]) -> dict[str, Any]:
    """The contract of this API, for every API key and signed-in user."""
    found: dict[str, Any] = request.app.openapi()
    return found


def _verified(check: RemovalCheck | None) -> dict[str, Any] | None:
    """The results of the checks of a removed listing; None where no check was possible."""
    if check is None:
        return None
    return {
        "state": check.state.value,
        "looks": check.looks,
        "looked_at": check.looked_at.isoformat() if check.looked_at else None,
        "gone_at": check.gone_at.isoformat() if check.gone_at else None,
        "seconds_to_removal": check.seconds_to_removal,
    }
