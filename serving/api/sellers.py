"""Strikes, sanctions and risks of sellers for tools."""

from typing import Annotated, Any

from fastapi import APIRouter, Request

from models.messages.english import in_english
from models.strikes import Count
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.api.learning import marketplace_for
from serving.api.requests.after import After
from serving.api.requests.repeating import Repeatable
from serving.guards import may, runtime_of
from serving.sellers.service.sanctioning import PAGE, Sanctioned, count_of, in_force, undecided
from serving.sellers.service.seller_risk import riskiest_answer

router = APIRouter(route_class=Repeatable)
Speaker = Annotated[Session, may(Permission.REVIEW_CASES, Permission.LOOK_AFTER_BRANDS)]
Reviewer = Annotated[Session, may(Permission.REVIEW_CASES)]


@router.get("/api/v1/sellers/{seller:path}/strikes")
def get_strikes(seller: str, request: Request, session: Reviewer) -> dict[str, Any]:
    """The current strikes of a seller by incident, and the removals that do not count."""
    runtime = runtime_of(request)
    here = marketplace_for(runtime, session.person, Permission.REVIEW_CASES).marketplace_id
    with runtime.store.read() as connection:
        return strikes_answer(seller, count_of(runtime, connection, here, seller[:200], runtime.clock.now()))


@router.get("/api/v1/sanctions")
def get_sanctions(
    request: Request, session: Speaker, undecided_after: After = None, in_force_after: After = None
) -> dict[str, Any]:
    """The undecided sanctions, the longest waiting first, and those in force; a page has at most 500 of each."""
    runtime, person = runtime_of(request), session.person
    pages = {
        "undecided": undecided(runtime, person, undecided_after),
        "in_force": in_force(runtime, person, in_force_after),
    }
    return {name: [_sanction(one) for one in page] for name, page in pages.items()} | {
        f"next_{name}": page[-1].sanction.sanction_id if len(page) == PAGE else None for name, page in pages.items()
    }


def strikes_answer(seller: str, found: Count) -> dict[str, Any]:
    """A count as JSON."""
    return {
        "seller": seller,
        "total": found.total,
        "reasons": list(map(in_english, found.reasons)),
        "incidents": [
            {
                "kind": one.kind.value,
                "weight": one.weight,
                "began_at": one.began_at.isoformat(),
                "spent_at": one.spent_at.isoformat(),
                "removals": [hit.action_id for hit in one.hits],
            }
            for one in found.incidents
        ],
    }


def _sanction(one: Sanctioned) -> dict[str, Any]:
    found = one.sanction
    return {
        "sanction_id": found.sanction_id,
        "seller": found.seller_external_id,
        "measure": found.measure.value,
        "cause": found.cause.value,
        "state": found.state.value,
        "path": found.path,
        "reasons": list(found.reasons),
        "strikes_now": one.count.total,
        "linked": list(found.linked),
        "proposed_at": found.proposed_at.isoformat(),
        "due_at": found.due_at.isoformat() if found.due_at else None,
        "said": [{"organisation": text.organisation, "agrees": text.agrees} for text in one.votes],
    }


@router.get("/api/v1/seller-risks")
def get_riskiest(request: Request, session: Reviewer, most: int = 100, after: After = None) -> dict[str, Any]:
    """Sellers with a percentile, the riskiest first; a page has at most 500."""
    runtime = runtime_of(request)
    found = marketplace_for(runtime, session.person, Permission.REVIEW_CASES)
    with runtime.store.read() as connection:
        return riskiest_answer(connection, found.marketplace_id, min(max(most, 1), 500), after)
