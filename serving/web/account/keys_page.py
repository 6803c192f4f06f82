"""The API keys of a marketplace, for administrators: list, creation and revocation."""

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import DomainError, Invalid
from serving.accounts.policy import SecretPolicy
from serving.accounts.rules.access import Scope
from serving.accounts.service.people import administered_marketplaces
from serving.accounts.service.provisioning import add_key
from serving.accounts.store import accounts
from serving.accounts.store.accounts import Session
from serving.api.errors import status_of
from serving.guards import Administrator, runtime_of
from serving.marketplaces.service import keys
from serving.marketplaces.service.kill_switches import administered_marketplace as one_place
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_ID, Fields, confirm_identity, days_of, factor_kinds, full_address
from serving.web.rendering import StaffPage, respond

router = APIRouter(include_in_schema=False)
_SCOPES: Final = {
    Scope.INTAKE: "send listings, outcomes and sellers' answers; read statistics",
    Scope.SCORE: "request scores that are not stored",
    Scope.BACKFILL: "set the time of receipt, to import history",
    Scope.ENDPOINTS: "manage webhook endpoints and rotate their signing secrets",
    Scope.TRAIN: "start trainings and follow them; promotes nothing",
    Scope.CLOCK: "move the simulated clock; not in production",
}


@router.get("/keys")
def get_keys(request: Request, session: Administrator) -> HTMLResponse:
    """The page; its address may tick a scope, and the set-up's does."""
    ticked = [scope for scope in Scope if scope.value == request.query_params.get("scope")]
    return respond(request, keys_page(request, session, scopes=ticked), session)


@router.post("/keys")
def post_key(request: Request, session: Administrator, fields: Fields) -> Response:
    """Create a key after a proof of who it is. The response shows its text, which is not stored: no redirect."""
    runtime, name = runtime_of(request), fields.get("name", "").strip()[:200]
    scopes = [scope for scope in Scope if f"scope.{scope.value}" in fields]
    try:
        if not scopes:
            raise Invalid("A key needs at least one scope. Tick one.")
        place = one_place(runtime, session.person, fields.get("marketplace_id", "")[:LONGEST_ID] or None)
        confirm_identity(runtime, session, fields)
        by, days = session.person.actor, days_of(fields)
        key_text = add_key(runtime, name=name, scopes=scopes, marketplace=place.name, by=by, days=days)
    except DomainError as refused:
        page = keys_page(request, session, name=name, scopes=scopes, error=refused.sentence)
        return respond(request, page, session, status=status_of(refused))
    intake = full_address(request, "/api/v1/listings") if Scope.INTAKE in scopes else None
    return respond(request, keys_page(request, session, key_text=key_text, intake=intake), session)


@router.post("/keys/{key_id}/revoke")
def post_revoke(key_id: str, request: Request, session: Administrator) -> Response:
    keys.revoke(runtime_of(request), session.person, key_id[:LONGEST_ID])
    return go_to(request, "/keys", Flash.KEY_REVOKED)


def keys_page(
    request: Request,
    session: Session,
    *,
    name: str = "",
    scopes: Sequence[Scope] = (),
    error: str | None = None,
    key_text: str | None = None,
    intake: str | None = None,
) -> StaffPage:
    """The content of the page; the form keeps typed and ticked values. `intake` is where a new key sends listings."""
    runtime = runtime_of(request)
    places = {place.marketplace_id: place.name for place in administered_marketplaces(runtime, session.person)}
    offered = [scope for scope in Scope if scope is not Scope.CLOCK or not runtime.settings.production]
    rows = keys.keys_of(runtime, session.person)
    with runtime.store.read() as connection:
        makers = accounts.names(connection, [row.user_id for row in rows if row.user_id is not None])
    return StaffPage(
        "keys.html",
        "/people",
        rows=tuple(rows),
        names={**places, **makers},
        wall=runtime.wall.now(),
        places=places,
        scopes={scope: _SCOPES[scope] for scope in offered},
        ticked=scopes,
        policy=runtime.policies[SecretPolicy],
        factors=factor_kinds(runtime, session),
        name=name,
        error=error,
        made=key_text,
        intake=intake,
    )
