"""The limits of a brand's confirmations and reports, for its tools."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from models.errors import Invalid, NotFound
from models.messages.english import in_english
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.guards import may, runtime_of
from serving.reports.policy import ReportPolicy
from serving.reports.rules.outcomes import LONGEST_LOCATION
from serving.reports.service.limits import Limits, limits_of
from serving.takedowns.policy import BurstPolicy, StepUpPolicy
from serving.takedowns.rules.bursts import Cap

router = APIRouter()
Answerer = Annotated[Session, may(Permission.ANSWER_QUESTIONS)]
Id = Annotated[str | None, Query(max_length=40)]


@router.get("/api/v1/brand/limits")
def get_limits(
    request: Request,
    session: Answerer,
    marketplace_id: Id = None,
    brand_id: Id = None,
    listing: Annotated[str | None, Query(max_length=LONGEST_LOCATION)] = None,
) -> dict[str, Any]:
    """The limits that a confirmation or report by this person meets now, and why; of one listing where it is named."""
    pairs = sorted(
        pair
        for pair in session.person.brands(Permission.ANSWER_QUESTIONS)
        if marketplace_id in {None, pair[0]} and brand_id in {None, pair[1]}
    )
    if not pairs:
        raise NotFound("There is no such brand.")
    if len(pairs) > 1:
        raise Invalid("Name the marketplace and the brand: you answer for several.")
    runtime = runtime_of(request)
    found = limits_of(runtime, session.person, pairs[0], listing)
    bursts, step_up = runtime.policies[BurstPolicy], runtime.policies[StepUpPolicy]
    return {
        "marketplace_id": found.marketplace_id,
        "brand_id": found.brand_id,
        "as_of": found.at.isoformat(),
        "leave_now": found.leave_now,
        "removes_at_once": found.effect.at_once,
        "reason": in_english(found.effect.reason),
        "refused": list(map(in_english, found.refused)),
        "holds": [{"cause": one.cause.value, "reason": in_english(one.message)} for one in found.holds],
        "person": _cap(found.caps.user),
        "brand": _cap(found.caps.brand),
        "seller": _cap(found.caps.seller),
        "daily": _daily(found),
        "listing_external_id": found.listing,
        "high_impact": {"sales_12m": bursts.high_sales_12m, "dollars_12m": bursts.high_dollars_12m},
        "step_up": {
            "available": not found.step_up,
            "reasons": list(map(in_english, found.step_up)),
            "most_listings": runtime.policies[ReportPolicy].most_listings,
            "most_of_one_seller": step_up.per_seller,
            "undo_minutes": step_up.undo_minutes,
        },
    }


def _cap(found: Cap | None) -> dict[str, Any] | None:
    if found is None:
        return None
    frees = None if found.frees_at is None else found.frees_at.isoformat()
    return {"limit": found.limit, "used": found.used, "left": found.left, "frees_at": frees}


def _daily(found: Limits) -> dict[str, Any] | None:
    return None if found.quota is None else {"left": found.quota.left, "renewed_at": found.quota.renewed_at.isoformat()}
