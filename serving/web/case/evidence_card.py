"""Evidence of a listing at the time of an action: shown with its digest, downloadable with its proofs."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from models.errors import NotFound, required
from models.verdict import Side
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.cases.store.cases import Case
from serving.guards import may, runtime_of
from serving.review.service.case_access import visible_case
from serving.takedowns.rules.evidence import Part
from serving.takedowns.service.evidence import as_file, page_of
from serving.takedowns.store import evidence
from serving.takedowns.store.evidence import Taken
from serving.web.forms import CaseId
from serving.web.wording import words

router = APIRouter(include_in_schema=False)
# The marketplace's data about its sellers is not given to brands.
Analyst = Annotated[Session, may(Permission.REVIEW_CASES)]
_EVIDENCE_ID = re.compile(r"evd_[0-9a-z]{26}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class KeptSnapshot:
    """A snapshot: its time, its digest, what was erased from it, and its download address."""

    taken: str
    digest: str
    erased: str
    page_address: str | None
    data_address: str


def evidence_card(connection: Connection, case: Case, now: datetime) -> tuple[KeptSnapshot, ...]:
    """The snapshots of a case's listing, newest first."""
    found = evidence.of_listing(connection, case.marketplace_id, case.listing_id)
    return tuple(_shown(one, case, now) for one in found)


def _shown(taken: Taken, case: Case, now: datetime) -> KeptSnapshot:
    gone = [one.part for one in taken.snapshot.parts if one.body is None]
    address = f"/cases/{case.case_id}/evidence/{taken.evidence_id}"
    return KeptSnapshot(
        taken=words.moment(taken.captured_at, now),
        digest=taken.snapshot.digest,
        erased=words.listed([part.value for part in gone]),
        page_address=None if Part.PAGE in gone else f"{address}/page",
        data_address=f"{address}/data",
    )


@router.get("/cases/{case_id}/evidence/{evidence_id}/page")
def get_page(case_id: CaseId, evidence_id: str, request: Request, session: Analyst) -> Response:
    """Download the page of a snapshot; a browser must never render it as one of ours."""
    taken = _taken(request, session, case_id, evidence_id)
    body = required(page_of(taken), "The page of this snapshot was erased.")
    return _file(body, "text/html; charset=utf-8", f"{taken.evidence_id}.html")


@router.get("/cases/{case_id}/evidence/{evidence_id}/data")
def get_data(case_id: CaseId, evidence_id: str, request: Request, session: Analyst) -> Response:
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
