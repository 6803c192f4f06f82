"""The documents of the notices about a case, which analysts of its marketplace see and nobody else."""

from collections.abc import Sequence

from sqlalchemy import Connection

from models.errors import NotFound
from models.verdict import Side
from serving.accounts.rules.access import Person
from serving.cases.store.cases import Case
from serving.notices.store import notice_documents, notices
from serving.notices.store.notice_documents import NoticeDocument
from serving.platform.runtime import Runtime
from serving.review.service.case_access import visible_case


def documents_of(connection: Connection, case: Case) -> Sequence[NoticeDocument]:
    """The documents of the notices that a case decides, oldest first."""
    about = {one.notice_id for one in notices.of_case(connection, case.marketplace_id, case.case_id)}
    return notice_documents.of_notices(connection, case.marketplace_id, about)


def for_analyst(runtime: Runtime, person: Person, case_id: str, document_id: str) -> tuple[NoticeDocument, bytes]:
    """A document of a notice about a case, with its content.

    Raises NotFound (the person is no analyst of the case, the case has no such document, or it was erased).
    """
    with runtime.store.read() as connection:
        case, side = visible_case(connection, person, case_id)
        shown = documents_of(connection, case) if side is Side.ANALYST else ()
        for one in shown:
            if one.document_id == document_id:
                return one, notice_documents.content_of(connection, one)
    raise NotFound("There is no such document.")
