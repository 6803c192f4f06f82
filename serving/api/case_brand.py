"""The brand of a case."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from models.case import CaseLane
from serving.api.answers import Answer, read_from
from serving.api.people import NamingBody
from serving.api.requests.repeating import RepeatableRoute
from serving.cases.service.brand_search import LONGEST_SEARCH, search_brands
from serving.cases.service.naming import name_brand, undo_naming
from serving.cases.store.cases import Case
from serving.guards import Reviewer, runtime_of

router = APIRouter(route_class=RepeatableRoute)


class CaseBrand(Answer):
    """The brand of a case: a registered one by its id, else a mark and its owner; all null while none is named."""

    brand_id: str | None
    mark: str | None
    owner: str | None


class KnownBrand(Answer):
    """A registered brand."""

    brand_id: str
    name: str
    aliases: list[str]


class BrandChoices(Answer):
    """The brand of a case, the registered brands that its listing hints at, and those that a search found."""

    brand: CaseBrand
    candidates: list[KnownBrand]
    matches: list[KnownBrand]


class NamedCase(Answer):
    """The brand of a case and its lane from then on; the lane is null while the score is masked."""

    brand: CaseBrand
    lane: CaseLane | None = read_from("shown_lane")


@router.get("/api/v1/cases/{case_id}/brands")
def get_brands(
    case_id: str, request: Request, session: Reviewer, q: Annotated[str, Query(max_length=LONGEST_SEARCH)] = ""
) -> BrandChoices:
    """The brand of a case, the registered brands that its listing hints at, and those found by name or alias."""
    case, choices = search_brands(runtime_of(request), session.person, case_id, q)
    return BrandChoices(brand=case.brand, candidates=choices.candidates, matches=choices.matches)


@router.post("/api/v1/cases/{case_id}/brand", response_model=NamedCase)
def post_brand(case_id: str, body: NamingBody, request: Request, session: Reviewer) -> Case:
    """Name the brand of an open case, or correct it with a reason; returns the brand and the lane from then on."""
    return name_brand(runtime_of(request), session.person, case_id, body.naming)


@router.post("/api/v1/cases/{case_id}/brand/undo", response_model=NamedCase)
def post_brand_undo(case_id: str, request: Request, session: Reviewer) -> Case:
    """Undo the person's own last naming on an open case; returns the brand before it and the lane from then on."""
    return undo_naming(runtime_of(request), session.person, case_id)
