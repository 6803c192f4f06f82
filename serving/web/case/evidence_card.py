"""Evidence of a listing at the time of an action: shown with its digest, downloadable with its proofs."""

import re

from fastapi import APIRouter, Request
from fastapi.responses import Response

from models.errors import NotFound, required
from models.verdict import Side
from serving.accounts.store.accounts import Session
from serving.cases.service.case_access import visible_case
from serving.guards import Reviewer, runtime_of
from serving.takedowns.service.evidence import as_file, page_of
from serving.takedowns.store import evidence
from serving.takedowns.store.evidence import Taken
from serving.web.forms import CaseId

router = APIRouter(include_in_schema=False)
# The marketplace's data about its sellers is not given to brands.
_EVIDENCE_ID = re.compile(r"evd_[0-9a-z]{26}\Z", re.ASCII)


@router.get("/cases/{case_id}/evidence/{evidence_id}/page")
def get_page(case_id: CaseId, evidence_id: str, request: Request, session: Reviewer) -> Response:
    """Download the page of a snapshot; a browser must never render it as one of ours."""
    taken = _taken(request, session, case_id, evidence_id)
    body = required(page_of(taken), "The page of this snapshot was erased.")
    return _file(body, "text/html; charset=utf-8", f"{taken.evidence_id}.html")


@router.get("/cases/{case_id}/evidence/{evidence_id}/data")
def get_data(case_id: CaseId, evidence_id: str, request: Request, session: Reviewer) -> Response:
    """Download the whole snapshot with salts and digests."""
    taken = _taken(request, session, case_id, evidence_id)
    return _file(as_file(taken), "application/json", f"{taken.evidence_id}.json")


def _taken(request: Request, session: Session, case_id: str, evidence_id: str) -> Taken:
    """A snapshot of the case's listing; one of another listing counts as missing."""
    with runtime_of(request).store.read() as connection:
        case, side = visible_case(connection, session.person, case_id)
        if side is Side.ANALYST and _EVIDENCE_ID.match(evidence_id):
            found = evidence.get(connection, case.marketplace_id, evidence_id)
            if found.listing_id == case.listing_id:
                return found
    raise NotFound("There is no such evidence.")


def _file(body: bytes, kind: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"', "content-security-policy": "sandbox"}
    return Response(body, media_type=kind, headers=headers)
