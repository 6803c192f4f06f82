"""The documents of notices: stored for one notice each, and emptied when the notifier is erased."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from serving.appeals.rules.seller_evidence import DocumentsOnFile
from serving.notices.tables import notice, notice_document
from serving.platform.database.documents import StoredFile, bytes_of, number_and_size
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import inside
from serving.platform.database.store import insert_or_ignore
from serving.platform.database.types import ERASED


@dataclass(frozen=True, slots=True)
class NoticeDocument(StoredFile):
    document_id: str
    notice_id: str


def add_document(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Store a document; False where the notice has the same one already."""
    statement = insert_or_ignore(connection, notice_document).values(**row).returning(notice_document.c.document_id)
    return connection.execute(statement).first() is not None


def documents_total(connection: Connection, marketplace_id: str, notice_id: str) -> DocumentsOnFile:
    return DocumentsOnFile(
        *number_and_size(connection, notice_document, inside(notice_document, marketplace_id, notice_id=notice_id))
    )


def of_notices(connection: Connection, marketplace_id: str, notice_ids: Collection[str]) -> list[NoticeDocument]:
    """The documents of these notices, oldest first."""
    query = (
        select(*reader(NoticeDocument).columns(notice_document))
        .where(inside(notice_document, marketplace_id), notice_document.c.notice_id.in_(sorted(notice_ids)))
        .order_by(notice_document.c.known_at, notice_document.c.document_id)
    )
    return reader(NoticeDocument).all(connection, query)


def content_of(connection: Connection, document: NoticeDocument) -> bytes:
    """The bytes of a document. Raises NotFound (they were erased)."""
    this = inside(notice_document, document.marketplace_id, document_id=document.document_id)
    return bytes_of(connection, notice_document, this)


def erase_documents(connection: Connection, marketplace_id: str, reporter_id: str, at: datetime) -> int:
    """Empty the documents of a reporter's notices; returns how many there were."""
    theirs = select(notice.c.notice_id).where(inside(notice, marketplace_id, reporter_id=reporter_id))
    emptied = (
        update(notice_document)
        .where(
            inside(notice_document, marketplace_id),
            notice_document.c.notice_id.in_(theirs),
            notice_document.c.erased_at.is_(None),
        )
        .values(content=None, name=ERASED, erased_at=at)
    )
    return connection.execute(emptied).rowcount
