"""What sellers handed in, for whoever decides: named as text, given out as files that no browser shows as ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.appeals.store.seller_uploads import SellerUpload
from serving.guards import may, runtime_of
from serving.review.service.seller_evidence import Document, for_analyst, for_rights_holder
from serving.rights.rules.document import ending_of
from serving.web import text_view
from serving.web.downloads import document
from serving.web.forms import CaseId
from serving.web.text_view import Shown
from serving.web.wording import own_words

router = APIRouter(include_in_schema=False)
Analyst = Annotated[Session, may(Permission.REVIEW_CASES)]
Answerer = Annotated[Session, may(Permission.ANSWER_QUESTIONS)]


@dataclass(frozen=True, slots=True)
class ShownDocument:
    """One document: its name as the seller gave it, what it is, when it came, its digest and where to get it.

    `address` is None where it was erased, and on the seller's own page, where it is not given out again.
    """

    name: Shown
    what: str
    when: str
    digest: str
    erased: bool
    address: str | None


@dataclass(frozen=True, slots=True)
class DocumentShown:
    """A document on an analyst's page, with the listing it was handed in for and what came of that."""

    document: ShownDocument
    listing: str
    came_of: str
    at_issue: bool


def shown_document(upload: SellerUpload, now: datetime, address: str | None = None) -> ShownDocument:
    """A document for a page; `address` leads to the documents of what the page is about."""
    erased = upload.erased_at is not None
    return ShownDocument(
        name=text_view.show(upload.name),
        what=f"{ending_of(upload.media_type).upper()}, {_size(upload.size)}",
        when=own_words.moment(upload.known_at, now),
        digest=upload.digest,
        erased=erased,
        address=None if erased or address is None else f"{address}/documents/{upload.upload_id}",
    )


def documents_card(documents: Sequence[Document], case_id: str, now: datetime) -> tuple[DocumentShown, ...]:
    """The documents of a case's seller."""
    return tuple(
        DocumentShown(shown_document(one.upload, now, f"/cases/{case_id}"), one.listing, one.came_of, one.at_issue)
        for one in documents
    )


@router.get("/cases/{case_id}/documents/{upload_id}")
def get_of_case(case_id: CaseId, upload_id: str, request: Request, session: Analyst) -> Response:
    """A document that a case shows, as a file."""
    return _file(*for_analyst(runtime_of(request), session.person, case_id, upload_id))


@router.get("/counter-notices/{counter_notice_id}/documents/{upload_id}")
def get_of_counter_notice(counter_notice_id: str, upload_id: str, request: Request, session: Answerer) -> Response:
    """A document that stands with a seller's answer, as a file."""
    return _file(*for_rights_holder(runtime_of(request), session.person, counter_notice_id, upload_id))


def _file(upload: SellerUpload, content: bytes) -> Response:
    return document(upload.upload_id, upload.media_type, content)


def _size(size: int) -> str:
    """A size in the unit in which people think of files."""
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{max(1, round(size / 1_000))} kB"
