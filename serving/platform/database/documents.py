"""Documents in tables of their own: the row of each, how many a subject has, and the bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, func, select

from models.errors import NotFound


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A stored document without its bytes; `size` in bytes, `name` as its sender gave it and for display only."""

    marketplace_id: str
    digest: str
    name: str
    media_type: str
    size: int
    known_at: datetime
    erased_at: datetime | None


def document_row(
    name: str, media_type: str, content: bytes, digest: str, known_at: datetime, **of: str | None
) -> Mapping[str, Any]:
    """The row of a new document; `of` are the columns of its table that name its subject."""
    return {
        **of,
        "digest": digest,
        "name": name,
        "media_type": media_type,
        "size": len(content),
        "content": content,
        "known_at": known_at,
    }


def number_and_size(connection: Connection, table: Table, which: ColumnElement[bool]) -> tuple[int, int]:
    """The number of these documents, and their bytes together."""
    query = select(func.count(), func.coalesce(func.sum(table.c.size), 0)).where(which)
    many, size = connection.execute(query).one()
    return int(many), int(size)


def bytes_of(connection: Connection, table: Table, which: ColumnElement[bool]) -> bytes:
    """The bytes of one document. Raises NotFound (they were erased)."""
    content: bytes | None = connection.execute(select(table.c.content).where(which)).scalar_one()
    if content is None:
        raise NotFound("This document was erased.")
    return content
