"""Shared files in the database, in parts."""

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, Table, select

from serving.platform.artifacts.rules import Kind
from serving.platform.artifacts.tables import artifact, artifact_part
from serving.platform.database.store import add, insert_or_ignore

_PART_BYTES: Final = 1_000_000


def has(connection: Connection, kind: Kind, digest: str) -> bool:
    """Whether the file is there, whole."""
    return connection.execute(select(artifact.c.size).where(_with_digest(artifact, kind, digest))).first() is not None


def get(connection: Connection, kind: Kind, digest: str) -> bytes | None:
    """The content; None where there is no such file."""
    if not has(connection, kind, digest):
        return None
    query = (
        select(artifact_part.c.content)
        .where(_with_digest(artifact_part, kind, digest))
        .order_by(artifact_part.c.number)
    )
    return b"".join(connection.execute(query).scalars())


def save(connection: Connection, kind: Kind, digest: str, content: bytes, at: datetime) -> None:
    """Keep the content; a file that is there stays as it is."""
    named = {"kind": kind.value, "digest": digest}
    row = {**named, "size": len(content), "stored_at": at}
    added = insert_or_ignore(connection, artifact).values(row).returning(artifact.c.digest)
    if connection.execute(added).first() is None:
        return
    starts = enumerate(range(0, len(content), _PART_BYTES))
    parts = [{**named, "number": n, "content": content[start : start + _PART_BYTES]} for n, start in starts]
    add(connection, artifact_part, parts)


def _with_digest(table: Table, kind: Kind, digest: str) -> ColumnElement[bool]:
    return (table.c.kind == kind.value) & (table.c.digest == digest)
