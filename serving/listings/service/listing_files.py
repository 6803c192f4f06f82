"""Files of listings that a person uploads: their columns are guessed and shown, and their rows are taken in by sweeps.

A sweep takes the next rows of each file, so that a file of any length delays nobody, and a restart goes on where the
last sweep ended.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib import resources
from itertools import islice
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Final

from features.fields import FieldError
from features.listing import Rejection
from models.errors import Invalid
from serving.audit.store import audit
from serving.brands.rules.rights_document import readable_name
from serving.listings.rules import FileState
from serving.listings.service.intake import RowStatus, receive_rows
from serving.listings.store import listing_files
from serving.listings.store.listing_files import ListingFile
from serving.marketplaces.store import marketplaces
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.runtime import Runtime
from training.adapters.files import RawRow, UnreadableFile
from training.adapters.formats import UnknownLayout
from training.dataset import CheckedRow, FileHead, GuessedFormat, batches, correct_format, guess_format, read_listings

SHOWN_ROWS: Final = 10
LARGEST_FILE: Final = 4_500_000  # Bytes: a request can have 5 MB.
MOST_COLUMNS: Final = 200
_SAMPLE: Final = "sample.csv"
_ENDINGS: Final = (".csv", ".tsv", ".txt", ".ndjson", ".jsonl", ".parquet", ".xml")
_KEPT: Final = timedelta(hours=24)
_MOST_AT_ONCE: Final = 4


@dataclass(frozen=True, slots=True)
class FilePreview:
    """What a draft is read as: its columns, its first rows as cells and as listings, or why they are none."""

    file: ListingFile
    columns: tuple[str, ...]
    cells: tuple[RawRow, ...]
    guess: GuessedFormat
    rows: tuple[CheckedRow, ...]
    problem: str | None


def store_file(runtime: Runtime, marketplace: Marketplace, name: str, content: bytes, *, by: str) -> str:
    """Store a file as a draft, with the corrections of the last one that had its columns; returns its id.

    Prices that name no currency are in that of their heading, or else of the marketplace.

    Raises Invalid (it is empty, has another ending, or cannot be read).
    """
    name = readable_name(name)
    if len(content) > LARGEST_FILE:
        raise Invalid("A file can have at most {most:,} bytes here. Import it by command.", most=LARGEST_FILE)
    if not content.strip():
        raise Invalid("Choose a file that is not empty.")
    if PurePath(name).suffix.lower() not in _ENDINGS:
        raise Invalid("The file's name must end in {endings}.", endings=", ".join(_ENDINGS))
    with _on_disk(name, content) as path, _as_invalid():
        head = FileHead.of(path)
        columns, currency = head.columns, guess_format(head).mapping.currency or marketplace.base_currency
    if len(columns) > MOST_COLUMNS:
        raise Invalid("A file can have at most {most:,} columns here. Import it by command.", most=MOST_COLUMNS)
    if not columns:
        raise Invalid("The file has no row that can be read.")
    digest = hashlib.sha256("\0".join(columns).encode("utf-8", "surrogatepass")).hexdigest()
    with runtime.store.write() as connection:
        like = listing_files.imported_like(connection, marketplace.marketplace_id, digest)
        file = ListingFile(
            marketplace_id=marketplace.marketplace_id,
            file_id=runtime.ids.new("fil"),
            name=name,
            columns_digest=digest,
            fields=like.fields if like else {},
            currency=like.currency if like else currency,
            state=FileState.DRAFT,
            uploaded_by=by,
            uploaded_at=runtime.clock.now(),
        )
        listing_files.add_file(connection, file, content)
    return file.file_id


def store_sample(runtime: Runtime, marketplace: Marketplace, *, by: str) -> str:
    """Store simulated listings as a draft; returns its id."""
    content = resources.files("serving.listings").joinpath(_SAMPLE).read_bytes()
    return store_file(runtime, marketplace, _SAMPLE, content, by=by)


def preview(
    file: ListingFile, content: bytes, received_at: datetime, chosen: Mapping[int, str] | None = None
) -> FilePreview:
    """What a draft is read as, with the fields that a person has chosen for columns by position, or else its own.

    Raises Invalid (a choice names no field; two columns are one field).
    """
    with _on_disk(file.name, content) as path, _as_invalid():
        head = FileHead.of(path)
        guess = guess_format(head, file.currency)
        if chosen is not None:
            guessed = [guess.mapping.fields.get(column, "") for column in head.columns]
            fields = {str(at): field for at, field in chosen.items() if at < len(guessed) and field != guessed[at]}
            file = replace(file, fields=fields)
        guess = _corrected(guess, head, file)
        cells, problem = head.rows[:SHOWN_ROWS], None
        rows: tuple[CheckedRow, ...] = ()
        try:
            rows = tuple(islice(read_listings(path, guess, received_at=received_at), SHOWN_ROWS))
        except UnknownLayout as unknown:
            problem = str(unknown)
    return FilePreview(file, head.columns, cells, guess, rows, problem)


def begin_import(runtime: Runtime, previewed: FilePreview, *, by: str) -> None:
    """Leave a draft to be taken in as its preview reads it.

    Raises Invalid (no column says what is for sale), Conflict (it is no draft any more).
    """
    if previewed.problem is not None:
        raise Invalid("{problem} Choose the field of a column.", problem=previewed.problem)
    file, now = previewed.file, runtime.clock.now()
    with runtime.store.write() as connection:
        listing_files.begin_import(connection, file)
        fields = dict(file.fields)
        audit.record(connection, now, file.marketplace_id, by, "listing_file.imported", file.file_id, fields=fields)


def import_files(runtime: Runtime) -> int:
    """Take in the next rows of files that are being imported; returns how many rows."""
    with runtime.store.read() as connection:
        files = listing_files.importing(connection, _MOST_AT_ONCE)
    return sum(_import_next(runtime, file) for file in files)


def delete_file_drafts(runtime: Runtime) -> int:
    """Delete files that nobody imported within a day; returns how many."""
    before = runtime.clock.now() - _KEPT
    return runtime.store.delete_if_any(listing_files.has_drafts, listing_files.delete_drafts, before)


def _import_next(runtime: Runtime, file: ListingFile) -> int:
    """Take in up to a batch of a file's rows. A row is sent again if the process ends before they are counted, and is
    then unchanged."""
    with runtime.store.read() as connection:
        content = listing_files.content(connection, file)
        marketplace = marketplaces.get(connection, file.marketplace_id)
    rows: list[CheckedRow] = []
    problem = None
    with _on_disk(file.name, content) as path:
        try:
            head = FileHead.of(path)
            guess = _corrected(guess_format(head, file.currency), head, file)
            listings = read_listings(path, guess, received_at=runtime.clock.now())
            rows = next(batches(islice(listings, file.rows, None)), [])
        except UnreadableFile as unreadable:
            problem = str(unreadable.phrase)
    refused = {i: row.listing for i, row in enumerate(rows) if isinstance(row.listing, Rejection)}
    payloads = [row.cells if i in refused else row.mapping for i, row in enumerate(rows)]
    answers = receive_rows(
        runtime, marketplace, payloads, source=file.source, rejections=refused, first_row=file.rows + 1
    )
    ended = FileState.IMPORTED if problem is None else FileState.UNREADABLE
    counted = replace(
        file,
        rows=file.rows + len(rows),
        accepted=file.accepted + sum(answer.status is RowStatus.ACCEPTED for answer in answers),
        refused=file.refused + sum(answer.status is RowStatus.QUARANTINED for answer in answers),
        problem=problem,
        state=FileState.IMPORTING if rows and problem is None else ended,
    )
    with runtime.store.write() as connection:
        listing_files.advance(connection, counted)
    return len(rows)


def _corrected(guess: GuessedFormat, head: FileHead, file: ListingFile) -> GuessedFormat:
    return correct_format(guess, head, {head.columns[int(at)]: field or None for at, field in file.fields.items()})


@contextmanager
def _on_disk(name: str, content: bytes) -> Iterator[Path]:
    """The content as a file under a name of ours, because readers read files."""
    with TemporaryDirectory() as folder:
        path = Path(folder, f"listings{PurePath(name).suffix.lower()}")
        path.write_bytes(content)
        yield path


@contextmanager
def _as_invalid() -> Iterator[None]:
    try:
        yield
    except UnreadableFile as unreadable:
        raise Invalid(unreadable.phrase) from None
    except FieldError as wrong:
        raise Invalid(wrong.phrase) from None
