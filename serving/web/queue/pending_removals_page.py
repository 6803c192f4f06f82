"""Pending removals: their reasons, the votes so far, and the form to vote."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import Invalid
from serving.accounts.store.accounts import Session
from serving.cases.service.removal_approvals import VOTERS, pending_removals, record_vote
from serving.guards import may, runtime_of
from serving.platform.database.pools import in_fair_pool
from serving.platform.runtime import Runtime
from serving.takedowns.rules.approval import Decision
from serving.takedowns.store import removal_checks
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_ID, Fields
from serving.web.rendering import StaffPage, respond

router = APIRouter(include_in_schema=False)
Speaker = Annotated[Session, may(*VOTERS)]
_SHOWN = 100


@router.get("/pending-removals")
@in_fair_pool
def get_pending_removals(request: Request, session: Speaker) -> HTMLResponse:
    return respond(request, pending_removals_page(runtime_of(request), session), session)


@router.post("/pending-removals/{action_id}")
def post_vote(action_id: str, request: Request, session: Speaker, fields: Fields) -> Response:
    decision = fields.get("decision", "")
    if decision not in set(Decision):
        raise Invalid("Approve or withdraw the removal.")
    reason = fields.get("reason", "")[:500]
    agreed = record_vote(runtime_of(request), session.person, action_id[:LONGEST_ID], Decision(decision), reason)
    flashes = {
        None: Flash.REMOVAL_VOTED,
        Decision.APPROVE: Flash.REMOVAL_APPROVED,
        Decision.WITHDRAW: Flash.REMOVAL_WITHDRAWN,
    }
    return go_to(request, "/pending-removals", flashes[agreed])


def pending_removals_page(runtime: Runtime, session: Session) -> StaffPage:
    removals = pending_removals(runtime, session.person)
    places = frozenset[str]().union(*(session.person.marketplaces(permission) for permission in VOTERS))
    with runtime.store.read() as connection:
        still_shown = removal_checks.still_shown(connection, places, _SHOWN)
    return StaffPage(
        "pending_removals.html",
        "/pending-removals",
        removals=removals[:_SHOWN],
        size=len(removals),
        still_shown=still_shown,
    )
