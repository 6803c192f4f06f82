"""The supporting documents of reports and of answered questions; those of a report are drafts until it is sent."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, select, update

from serving.appeals.rules.seller_evidence import DocumentsOnFile
from serving.platform.database.documents import StoredFile, bytes_of, number_and_size
from serving.platform.database.erasing import delete_some
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import inside
from serving.platform.database.store import insert_or_ignore
from serving.reports.store.carriers import Carrier, carried_by, key_of
from serving.reports.tables import report_document

_MOST_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class ReportDocument(StoredFile):
    """One document of a report, of an answered question by its case, or of a draft."""

    document_id: str
    report_id: str | None


@dataclass(frozen=True, slots=True)
class DraftKey:
    """A report that a user has begun for a brand, and not sent; `pair` is (marketplace, brand)."""

    pair: tuple[str, str]
    user_id: str
    key: str

    @property
    def condition(self) -> ColumnElement[bool]:
        own = {"brand_id": self.pair[1], "user_id": self.user_id, "draft_key": self.key}
        return inside(report_document, self.pair[0], **own)


def add_document(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Store a document; False where the report, or the draft, has the same one already."""
    statement = insert_or_ignore(connection, report_document).values(**row).returning(report_document.c.document_id)
    return connection.execute(statement).first() is not None


def documents_total(connection: Connection, of: Carrier | DraftKey) -> DocumentsOnFile:
    return DocumentsOnFile(*number_and_size(connection, report_document, _of_carrier_or_draft(of)))


def bytes_since(connection: Connection, pair: tuple[str, str], since: datetime) -> int:
    """The bytes of a brand's documents since a moment, those of drafts among them."""
    of_brand = inside(report_document, pair[0], brand_id=pair[1])
    return number_and_size(connection, report_document, of_brand & (report_document.c.known_at > since))[1]


def documents_of(connection: Connection, of: Carrier | DraftKey) -> list[ReportDocument]:
    """The documents of a report, an answered question or a draft, oldest first."""
    return _select_documents(connection, _of_carrier_or_draft(of))


def of_case(connection: Connection, marketplace_id: str, case_id: str) -> list[ReportDocument]:
    """The documents of the reports that a case is about and of the question that it follows, oldest first."""
    return _select_documents(connection, carried_by(report_document, marketplace_id, case_id))


def digests_of_case(connection: Connection, marketplace_id: str, case_id: str) -> list[str]:
    """The digests of those documents, each once, in their order as texts."""
    query = select(report_document.c.digest).where(carried_by(report_document, marketplace_id, case_id)).distinct()
    return sorted(connection.execute(query).scalars())


def content_of(connection: Connection, document: ReportDocument) -> bytes:
    """The bytes of a document. Raises NotFound (they were erased)."""
    this = inside(report_document, document.marketplace_id, document_id=document.document_id)
    return bytes_of(connection, report_document, this)


def attach_draft(connection: Connection, draft: DraftKey, report_id: str) -> list[str]:
    """Make the documents of a draft those of the report that was sent; returns their digests."""
    sent = update(report_document).where(draft.condition).values(report_id=report_id, draft_key=None)
    return sorted(connection.execute(sent.returning(report_document.c.digest)).scalars())


def delete_from_draft(connection: Connection, draft: DraftKey, document_ids: Collection[str]) -> None:
    connection.execute(delete(report_document).where(draft.condition, report_document.c.document_id.in_(document_ids)))


def has_drafts(connection: Connection, before: datetime) -> bool:
    """Whether a document of a report was begun before a moment and not sent."""
    query = select(report_document.c.document_id).where(*_is_unsent(before)).limit(1)
    return connection.execute(query).first() is not None


def delete_drafts(connection: Connection, before: datetime) -> int:
    """Delete documents of reports that were begun before a moment and not sent; returns how many."""
    return delete_some(connection, report_document, report_document.c.document_id, _is_unsent(before), _MOST_AT_ONCE)


def _is_unsent(before: datetime) -> tuple[ColumnElement[bool], ...]:
    return report_document.c.draft_key.is_not(None), report_document.c.known_at < before


def _of_carrier_or_draft(of: Carrier | DraftKey) -> ColumnElement[bool]:
    if isinstance(of, DraftKey):
        return of.condition
    return inside(report_document, of.marketplace_id, **key_of(of))


def _select_documents(connection: Connection, which: ColumnElement[bool]) -> list[ReportDocument]:
    query = select(*reader(ReportDocument).columns(report_document)).where(which)
    return reader(ReportDocument).all(
        connection, query.order_by(report_document.c.known_at, report_document.c.document_id)
    )
