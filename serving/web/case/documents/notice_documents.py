"""The documents of notices for analysts: names are shown as text, and files are only downloaded, never rendered."""

from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from serving.cases.service.notice_evidence import analyst_document
from serving.guards import Reviewer, runtime_of
from serving.notices.store.notice_documents import NoticeDocument
from serving.web.case.documents.documents_card import ShownDocument, shown_document
from serving.web.downloads import document
from serving.web.forms import CaseId

router = APIRouter(include_in_schema=False)


def document_of_notice(notice_document: NoticeDocument, case_id: str, now: datetime) -> ShownDocument:
    """A document on the page of a case."""
    return shown_document(notice_document, now, f"/cases/{case_id}/notice-documents/{notice_document.document_id}")


@router.get("/cases/{case_id}/notice-documents/{document_id}")
def get_document(case_id: CaseId, document_id: str, request: Request, session: Reviewer) -> Response:
    stored_document, content = analyst_document(runtime_of(request), session.person, case_id, document_id)
    return document(stored_document.document_id, stored_document.media_type, content)
