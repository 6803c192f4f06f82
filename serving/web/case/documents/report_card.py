"""What the brand's report carries for a case: documents, which are only downloaded, and the record of a test buy."""

from datetime import datetime
from types import SimpleNamespace

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from serving.cases.store.cases import Case
from serving.guards import Reviewer, runtime_of
from serving.reports.service.status import document_for_analyst, documents_of, test_buys_of
from serving.web.case.documents.documents_card import shown_document
from serving.web.downloads import document
from serving.web.forms import CaseId
from serving.web.test_buy_part import test_buy_shown

router = APIRouter(include_in_schema=False)


def report_card(connection: Connection, case: Case, now: datetime) -> SimpleNamespace | None:
    """The card; None where no report carries anything for the case."""
    documents, bought = documents_of(connection, case), test_buys_of(connection, case)
    if not documents and not bought:
        return None
    address = f"/cases/{case.case_id}/report-documents"
    return SimpleNamespace(
        documents=tuple(shown_document(one, now, f"{address}/{one.document_id}") for one in documents),
        test_buys=tuple((test_buy_shown(one, one.location), one.case_id == case.case_id) for one in bought),
    )


@router.get("/cases/{case_id}/report-documents/{document_id}")
def get_document(case_id: CaseId, document_id: str, request: Request, session: Reviewer) -> Response:
    found, content = document_for_analyst(runtime_of(request), session.person, case_id, document_id)
    return document(found.document_id, found.media_type, content)
