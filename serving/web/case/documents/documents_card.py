"""Sellers' documents for reviewers: names are shown as text, and files are only downloaded, never rendered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from serving.appeals.store.seller_uploads import SellerUpload
from serving.brands.rules.rights_document import file_extension_of
from serving.cases.service.seller_evidence import Document, analyst_document, rights_holder_document
from serving.cases.store.cases import Case
from serving.guards import Answerer, Reviewer, runtime_of
from serving.platform.database.documents import StoredFile
from serving.reports.service.status import document_for_analyst, documents_of, test_buys_of
from serving.web import text_view
from serving.web.downloads import document
from serving.web.forms import CaseId
from serving.web.test_buy_part import test_buy_shown
from serving.web.text_view import ShownText
from serving.web.wording import words

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class ShownDocument:
    """A document: its name as its sender gave it, its type, its time, its digest and its download address.

    `address` is None if it was erased, and on the seller's own page, which has no download. That page has no use for a
    digest either: None.
    """

    name: ShownText
    what: str
    when: str
    digest: str | None
    erased: bool
    address: str | None


def shown_document(file: StoredFile, now: datetime, address: str | None = None) -> ShownDocument:
    """A document for a page, with its download address."""
    erased = file.erased_at is not None
    return ShownDocument(
        name=text_view.show(file.name),
        what=type_and_size(file.media_type, file.size),
        when=words.moment(file.known_at, now),
        digest=file.digest,
        erased=erased,
        address=None if erased else address,
    )


def documents_card(documents: Sequence[Document], case_id: str, now: datetime) -> list[tuple[Document, ShownDocument]]:
    """The documents of a case's seller."""
    address = f"/cases/{case_id}/documents"
    return [
        (document, shown_document(document.upload, now, f"{address}/{document.upload.upload_id}"))
        for document in documents
    ]


@router.get("/cases/{case_id}/documents/{upload_id}")
def get_of_case(case_id: CaseId, upload_id: str, request: Request, session: Reviewer) -> Response:
    return _download(*analyst_document(runtime_of(request), session.person, case_id, upload_id))


@router.get("/counter-notices/{counter_notice_id}/documents/{upload_id}")
def get_of_counter_notice(counter_notice_id: str, upload_id: str, request: Request, session: Answerer) -> Response:
    return _download(*rights_holder_document(runtime_of(request), session.person, counter_notice_id, upload_id))


def _download(upload: SellerUpload, content: bytes) -> Response:
    return document(upload.upload_id, upload.media_type, content)


def type_and_size(media_type: str, size: int) -> str:
    return f"{file_extension_of(media_type).upper()}, {_size_in_words(size)}"


def _size_in_words(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{max(1, round(size / 1_000))} kB"


def report_card(connection: Connection, case: Case, now: datetime) -> SimpleNamespace | None:
    """The card; None where no report carries anything for the case."""
    documents, bought = documents_of(connection, case), test_buys_of(connection, case)
    if not documents and not bought:
        return None
    address = f"/cases/{case.case_id}/report-documents"
    return SimpleNamespace(
        documents=tuple(shown_document(document, now, f"{address}/{document.document_id}") for document in documents),
        test_buys=tuple((test_buy_shown(buy, buy.location), buy.is_of(case.case_id)) for buy in bought),
    )


@router.get("/cases/{case_id}/report-documents/{document_id}")
def get_document(case_id: CaseId, document_id: str, request: Request, session: Reviewer) -> Response:
    stored_document, content = document_for_analyst(runtime_of(request), session.person, case_id, document_id)
    return document(stored_document.document_id, stored_document.media_type, content)
