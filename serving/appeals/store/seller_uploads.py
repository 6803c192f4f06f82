"""The documents of sellers for their removals. A document is stored once by its digest; each upload of it is a row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, update

from models.errors import NotFound
from serving.appeals.rules.seller_evidence import DocumentsOnFile
from serving.appeals.tables import seller_document, seller_upload
from serving.platform.database.documents import StoredFile
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import inside, same
from serving.platform.database.store import insert_or_ignore


@dataclass(frozen=True, slots=True)
class SellerUpload(StoredFile):
    """One document as uploaded for one removal."""

    upload_id: str
    action_id: str
    listing_id: str
    seller_external_id: str | None


def add_upload(connection: Connection, row: Mapping[str, Any], media_type: str, content: bytes) -> bool:
    """Store an uploaded document; False where the removal has the same one already."""
    document = {
        "marketplace_id": row["marketplace_id"],
        "digest": row["digest"],
        "media_type": media_type,
        "size": len(content),
        "content": content,
    }
    connection.execute(insert_or_ignore(connection, seller_document).values(**document))
    # The same bytes may have been erased for another removal.
    connection.execute(
        update(seller_document)
        .where(*_document_conditions(row["marketplace_id"], row["digest"]), seller_document.c.content.is_(None))
        .values(content=content)
    )
    insertion = insert_or_ignore(connection, seller_upload).values(**row).returning(seller_upload.c.upload_id)
    return connection.execute(insertion).first() is not None


def documents_on_file(connection: Connection, marketplace_id: str, action_id: str) -> DocumentsOnFile:
    """The number and size of a removal's documents."""
    query = (
        select(func.count(), func.coalesce(func.sum(seller_document.c.size), 0))
        .select_from(seller_upload)
        .join(seller_document, _same_document())
        .where(inside(seller_upload, marketplace_id, action_id=action_id))
    )
    many, size = connection.execute(query).one()
    return DocumentsOnFile(int(many), int(size))


def of_action(connection: Connection, marketplace_id: str, action_id: str) -> list[SellerUpload]:
    """The uploads for a removal, oldest first."""
    uploads = _read(connection, inside(seller_upload, marketplace_id), seller_upload.c.action_id == action_id, most=100)
    return uploads[::-1]


def of_listing_or_seller(
    connection: Connection, marketplace_id: str, listing_id: str, seller: str | None, *, most: int
) -> list[SellerUpload]:
    """The uploads for removals of a listing, or of any listing of its seller if known, newest first."""
    theirs = seller_upload.c.listing_id == listing_id
    if seller is not None:
        theirs |= seller_upload.c.seller_external_id == seller
    return _read(connection, seller_upload.c.marketplace_id == marketplace_id, theirs, most=most)


def content_of(connection: Connection, upload: SellerUpload) -> bytes:
    """The bytes of a document. Raises NotFound (they were erased)."""
    query = select(seller_document.c.content).where(*_document_conditions(upload.marketplace_id, upload.digest))
    content: bytes | None = None if upload.erased_at else connection.execute(query).scalar()
    if content is None:
        raise NotFound("This document was erased.")
    return content


def _read(connection: Connection, *conditions: ColumnElement[bool], most: int) -> list[SellerUpload]:
    query = (
        select(seller_upload, seller_document.c.media_type, seller_document.c.size)
        .join(seller_document, _same_document())
        .where(*conditions)
        .order_by(seller_upload.c.known_at.desc(), seller_upload.c.upload_id.desc())
        .limit(most)
    )
    return reader(SellerUpload).all(connection, query)


def _same_document() -> ColumnElement[bool]:
    return same(seller_document, seller_upload, "digest")


def _document_conditions(marketplace_id: str, digest: str) -> tuple[ColumnElement[bool], ...]:
    return seller_document.c.marketplace_id == marketplace_id, seller_document.c.digest == digest
