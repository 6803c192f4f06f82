"""Brands' documents. A document is stored once for a brand at a marketplace, by its digest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from models.errors import require
from serving.brands.store.rights import belongs_to
from serving.brands.tables import brand_document
from serving.platform.database.scope import Pair
from serving.platform.database.store import insert_or_ignore


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document of a brand without its bytes."""

    digest: str
    name: str
    media_type: str
    size: int
    supplied_by: str
    known_at: datetime


@dataclass(frozen=True, slots=True)
class DocumentFile:
    name: str
    media_type: str
    content: bytes


def add_document(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Store a document of a brand; False where the brand has supplied it before."""
    added = insert_or_ignore(connection, brand_document).values(**row).returning(brand_document.c.digest)
    return connection.execute(added).first() is not None


def document(connection: Connection, pair: Pair, digest: str) -> DocumentFile:
    """A document of a brand. Raises NotFound (the brand has no document with this digest here)."""
    file = brand_document.c
    query = select(file.name, file.media_type, file.content).where(
        belongs_to(brand_document, pair), file.digest == digest
    )
    row = require(connection.execute(query).one_or_none(), "There is no such document.")
    return DocumentFile(*row)


def documents_of(connection: Connection, pair: Pair) -> list[StoredDocument]:
    """A brand's documents, the newest first."""
    file = brand_document.c
    size = func.length(file.content).label("size")
    query = (
        select(file.digest, file.name, file.media_type, size, file.supplied_by, file.known_at)
        .where(belongs_to(brand_document, pair))
        .order_by(file.known_at.desc(), file.digest)
    )
    return [StoredDocument(*row) for row in connection.execute(query)]
