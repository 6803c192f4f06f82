"""The risk of sellers compared with others, for analysts' tools only."""

from typing import Annotated, Any

from fastapi import APIRouter, Request

from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.api.learning import marketplace_for
from serving.api.requests.after import After
from serving.guards import may, runtime_of
from serving.sellers.service.seller_risk import one_answer, riskiest_answer

router = APIRouter()
Analyst = Annotated[Session, may(Permission.REVIEW_CASES)]


@router.get("/api/v1/seller-risks")
def get_riskiest(request: Request, session: Analyst, most: int = 100, after: After = None) -> dict[str, Any]:
    """Sellers with a percentile, the riskiest first; a page has at most 500."""
    runtime = runtime_of(request)
    found = marketplace_for(runtime, session.person, Permission.REVIEW_CASES)
    with runtime.store.read() as connection:
        return riskiest_answer(connection, found.marketplace_id, min(max(most, 1), 500), after)


@router.get("/api/v1/seller-risks/{seller:path}")
def get_seller_risk(seller: str, request: Request, session: Analyst) -> dict[str, Any]:
    """One seller's figures, with an explanation."""
    runtime = runtime_of(request)
    found = marketplace_for(runtime, session.person, Permission.REVIEW_CASES)
    with runtime.store.read() as connection:
        return one_answer(runtime, connection, found.marketplace_id, seller)
