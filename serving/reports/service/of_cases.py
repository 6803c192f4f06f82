"""What reports carry for the case that is about one of their listings; analysts of its marketplace see it."""

from collections.abc import Sequence

from sqlalchemy import Connection

from models.case import CaseLane
from models.verdict import Side
from serving.accounts.rules.access import Person
from serving.cases.store.cases import Case
from serving.platform.runtime import Runtime
from serving.reports.service.attaching import with_content
from serving.reports.store import report_documents, report_test_buys
from serving.reports.store.report_documents import ReportDocument
from serving.reports.store.report_test_buys import ReportTestBuy
from serving.review.service.case_access import visible_case


def documents_of(connection: Connection, case: Case) -> Sequence[ReportDocument]:
    """The documents of the reports that a case is about; none for a second review, which they would influence."""
    return report_documents.of_case(connection, case.marketplace_id, case.case_id) if _shows(case) else ()


def test_buys_of(connection: Connection, case: Case) -> Sequence[ReportTestBuy]:
    """The test buys of those reports."""
    return report_test_buys.of_case(connection, case.marketplace_id, case.case_id) if _shows(case) else ()


def _shows(case: Case) -> bool:
    return case.lane is not CaseLane.SECOND_REVIEW


def for_analyst(runtime: Runtime, person: Person, case_id: str, document_id: str) -> tuple[ReportDocument, bytes]:
    """A document of a report that a case is about, with its content.

    Raises NotFound (the person is no analyst of the case, the case has no such document, or it was erased).
    """
    with runtime.store.read() as connection:
        case, side = visible_case(connection, person, case_id)
        shown = documents_of(connection, case) if side is Side.ANALYST else ()
        return with_content(connection, shown, document_id)
