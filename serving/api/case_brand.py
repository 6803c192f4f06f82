"""The brand of a case, for analysts' tools: search the registered brands, name or correct the brand."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from features.brands import Brand
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.api.people import NamingBody
from serving.api.requests.repeating import Repeatable
from serving.cases.store.cases import Case
from serving.guards import may, runtime_of
from serving.review.service.brand_search import LONGEST_SEARCH, search_brands
from serving.review.service.naming import name_brand
from serving.review.service.naming_undo import undo_naming

router = APIRouter(route_class=Repeatable)
Analyst = Annotated[Session, may(Permission.REVIEW_CASES)]


@router.get("/api/v1/cases/{case_id}/brands")
def get_brands(
    case_id: str, request: Request, session: Analyst, q: Annotated[str, Query(max_length=LONGEST_SEARCH)] = ""
) -> dict[str, Any]:
    """The brand of a case, the registered brands that its listing hints at, and those found by name or alias."""
    case, choices = search_brands(runtime_of(request), session.person, case_id, q)
    return {
        "brand": _named(case),
        "candidates": [_brand(one) for one in choices.candidates],
        "found": [_brand(one) for one in choices.found],
    }


@router.post("/api/v1/cases/{case_id}/brand")
def post_brand(case_id: str, body: NamingBody, request: Request, session: Analyst) -> dict[str, Any]:
    """Name the brand of an open case, or correct it with a reason; returns the brand and the lane from then on."""
    case = name_brand(runtime_of(request), session.person, case_id, body.naming)
    return {"brand": _named(case), "lane": None if case.score_masked else case.lane.value}


@router.post("/api/v1/cases/{case_id}/brand/undo")
def post_brand_undo(case_id: str, request: Request, session: Analyst) -> dict[str, Any]:
    """Undo the person's own last naming on an open case; returns the brand before it and the lane from then on."""
    case = undo_naming(runtime_of(request), session.person, case_id)
    return {"brand": _named(case), "lane": None if case.score_masked else case.lane.value}


def _named(case: Case) -> dict[str, Any]:
    return {"brand_id": case.brand_id, "mark": case.mark, "owner": case.mark_owner}


def _brand(one: Brand) -> dict[str, Any]:
    return {"brand_id": one.brand_id, "name": one.name, "aliases": list(one.aliases)}
