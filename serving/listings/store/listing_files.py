"""Uploaded files of listings: their content until it is taken in, the fields of their columns, and the counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, exists, insert, select, update

from models.errors import Conflict, require
from serving.listings.rules import FileState
from serving.listings.tables import listing_file
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import columns, inside


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingFile:
    """An uploaded file; `fields` has the corrected columns by position in the header, `rows` those taken in so far."""

    marketplace_id: str
    file_id: str
    name: str
    columns_digest: str
    fields: Mapping[str, str]
    currency: str | None
    state: FileState
    rows: int = 0
    accepted: int = 0
    refused: int = 0
    problem: str | None = None
    uploaded_by: str
    uploaded_at: datetime

    @property
    def source(self) -> str:
        """As rows in quarantine name it."""
        return f"file {self.name}"


def add_file(connection: Connection, file: ListingFile, content: bytes) -> None:
    row = {name: getattr(file, name) for name in ListingFile.__slots__}
    connection.execute(insert(listing_file), {**row, "state": file.state.value, "content": content})


def file(connection: Connection, marketplace_id: str, file_id: str) -> ListingFile:
    """Raises NotFound (the marketplace has no such file)."""
    query = select(listing_file).where(inside(listing_file, marketplace_id, file_id=file_id))
    return require(reader(ListingFile).single(connection, query), "There is no such file.")


def content(connection: Connection, file: ListingFile) -> bytes:
    """The file as uploaded. Raises Conflict (it was taken in, or deleted after a day)."""
    query = select(listing_file.c.content).where(inside(listing_file, file.marketplace_id, file_id=file.file_id))
    stored: bytes | None = connection.execute(query).scalar()
    if stored is None:
        raise Conflict("The file was imported or deleted meanwhile. Upload it again.")
    return stored


def latest(connection: Connection, marketplace_id: str, most: int) -> list[ListingFile]:
    """The newest files of a marketplace, newest first."""
    query = select(*columns(listing_file, *ListingFile.__slots__)).where(inside(listing_file, marketplace_id))
    return reader(ListingFile).all(connection, query.order_by(listing_file.c.file_id.desc()).limit(most))


def imported_like(connection: Connection, marketplace_id: str, columns_digest: str) -> ListingFile | None:
    """The newest file with these columns that somebody imported."""
    query = select(listing_file).where(
        inside(listing_file, marketplace_id, columns_digest=columns_digest),
        listing_file.c.state != FileState.DRAFT.value,
    )
    return reader(ListingFile).single(connection, query.order_by(listing_file.c.uploaded_at.desc()).limit(1))


def importing(connection: Connection, most: int) -> list[ListingFile]:
    """Files of any marketplace with rows to take in, oldest first."""
    query = select(*columns(listing_file, *ListingFile.__slots__))
    query = query.where(*_open(FileState.IMPORTING)).order_by(listing_file.c.uploaded_at)
    return reader(ListingFile).all(connection, query.limit(most))


def begin_import(connection: Connection, file: ListingFile) -> None:
    """Leave a draft to be taken in. Raises Conflict (it is no draft any more)."""
    begun = update(listing_file).where(
        inside(listing_file, file.marketplace_id, file_id=file.file_id, state=FileState.DRAFT.value)
    )
    values = {"fields": file.fields, "currency": file.currency, "state": FileState.IMPORTING.value}
    if connection.execute(begun.values(values)).rowcount != 1:
        raise Conflict("This file is being imported already.")


def advance(connection: Connection, file: ListingFile) -> None:
    """Store the counts and the state of a file; its content is deleted with the last row."""
    values = {"rows": file.rows, "accepted": file.accepted, "refused": file.refused, "problem": file.problem}
    if file.state is not FileState.IMPORTING:
        values["content"] = None
    connection.execute(
        update(listing_file)
        .where(inside(listing_file, file.marketplace_id, file_id=file.file_id))
        .values(**values, state=file.state.value)
    )


def has_drafts(connection: Connection, before: datetime) -> bool:
    """Whether a file uploaded before this was never imported."""
    return connection.execute(select(exists().where(*_drafts(before)))).scalar_one()


def delete_drafts(connection: Connection, before: datetime) -> int:
    """Delete these files; returns how many."""
    return connection.execute(delete(listing_file).where(*_drafts(before))).rowcount


def _drafts(before: datetime) -> tuple[ColumnElement[bool], ...]:
    return *_open(FileState.DRAFT), listing_file.c.uploaded_at < before


def _open(state: FileState) -> tuple[ColumnElement[bool], ...]:
    return listing_file.c.state == state.value, listing_file.c.content.is_not(None)
