"""Validation of a file's rows: each becomes a listing or a rejection, and none is lost."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Self, TypeVar

import pyarrow as pa

from features.fields import FieldError, with_nearest
from features.listing import Listing, Rejection, check
from training.adapters.cells import Row, filled_cell
from training.adapters.column_mapping import ColumnMapping, guessed_mapping, with_fields
from training.adapters.files import MOST_COLUMNS, RawRow, file_digest, read_rows
from training.adapters.formats import FORMATS, Format, Layout, mapped_format, recognised_format

_BATCH: Final = 1_000
_BATCH_CHARACTERS: Final = 5_000_000  # A command has at most 100 MB: 6 per control character, and one long row more.

R = TypeVar("R", "CheckedRow", RawRow)


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """One row of a file: its values, the result of validation, and its label where the format has one."""

    number: int
    cells: Mapping[str, object]
    mapping: Mapping[str, object]
    listing: Listing | Rejection
    label: int | None

    @property
    def external_id(self) -> str | None:
        """The row's own id as valid UTF-8, also for a rejected row; None where it could not be read."""
        row_id = self.mapping.get("external_id")
        return row_id.encode("utf-8", "backslashreplace").decode() if isinstance(row_id, str) else None


@dataclass(frozen=True, slots=True)
class FileHead:
    """The columns of a file and its first rows, by which its format is guessed."""

    columns: tuple[str, ...]
    rows: tuple[RawRow, ...]

    @classmethod
    def of(cls, path: Path) -> Self:
        """The head of a file. Raises Unreadable."""
        rows = tuple(next(batches(read_rows(path, guess_dialect=True)), []))
        return cls(tuple(dict.fromkeys(name for row in rows if row.problem is None for name in row.cells)), rows)


@dataclass(frozen=True, slots=True)
class GuessedFormat:
    """What a file seems to be: one of the named formats, or columns that a mapping names."""

    named: Format | None
    mapping: ColumnMapping

    @property
    def format(self) -> Format:
        """The format to read the file by. Raises UnknownLayout (no column says what is for sale)."""
        return self.named or mapped_format(self.mapping)


@dataclass(frozen=True, slots=True)
class Reading:
    """How the rows of one file are read; `has_ids` is set where the file has a column of ids."""

    format: Format
    layout: Layout
    digest: str
    has_ids: bool
    received_at: datetime

    @classmethod
    def of(cls, named: str | GuessedFormat, columns: Iterable[str], *, digest: str, received_at: datetime) -> Self:
        """The reading of a file with this digest, whose first row has these columns.

        Raises UnknownLayout (they are none of this format).
        """
        file_format, names = FORMATS[named] if isinstance(named, str) else named.format, tuple(columns)
        layout = file_format.layout_of(names)
        has_ids = layout.id_column in {file_format.column_named(name) for name in names}
        return cls(file_format, layout, digest, has_ids, received_at)


def batches(rows: Iterable[R], most: int = _BATCH, most_characters: int = _BATCH_CHARACTERS) -> Iterator[list[R]]:
    """Batches of at most so many rows, smaller where rows are long."""
    batch: list[R] = []
    characters = 0
    for row in rows:
        batch.append(row)
        characters += sum(len(cell) for cell in row.cells.values() if isinstance(cell, str))
        if len(batch) == most or characters >= most_characters:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def guess_format(head: FileHead, currency: str | None = None) -> GuessedFormat:
    """The format of a file; `currency` is that of amounts which name none.

    A feed is read as one if that leaves out at most as many columns as their names do.
    """
    cells = [row.cells for row in head.rows if row.problem is None]
    mapping, known = guessed_mapping(head.columns, cells, currency), recognised_format(head.columns)
    if known is not None and (used := known.layout_of(head.columns).used) is not None:
        read = sum(known.column_named(name) in used for name in head.columns)
        known = known if read >= len(mapping.fields) else None
    return GuessedFormat(known, mapping)


def correct_format(guess: GuessedFormat, head: FileHead, fields: Mapping[str, str | None]) -> GuessedFormat:
    """The format with the fields of columns that a person has corrected, None for a column that is not to be read.

    Raises FieldError (a correction names no column or no field; two columns are one field).
    """
    for column in fields:
        if column not in head.columns:
            name = with_nearest(column, head.columns)
            raise FieldError("unknown_field", column, "There is no column {name}.", name=name)
    if not fields:
        return guess
    cells = [row.cells for row in head.rows if row.problem is None]
    corrected = {column: field for column, field in {**guess.mapping.fields, **fields}.items() if field}
    return GuessedFormat(None, with_fields(guess.mapping, corrected, cells))


def read_listings(
    path: Path,
    file_format: str | GuessedFormat,
    *,
    received_at: datetime,
    advanced: Callable[[int], None] = lambda _: None,
    unused: Callable[[Sequence[str]], object] = lambda _: None,
) -> Iterator[CheckedRow]:
    """The rows of a file, in order, as of the time when they are received.

    A row without an id field gets one derived from the file's digest and the row number; in a feed, only if no item
    has one. An empty id field is refused. `unused` is called with the names of columns that are not read, each once and
    with the nearest field.

    Raises Unreadable, UnknownLayout (the whole file cannot be read as this format).
    """
    reading: Reading | None = None
    named: set[str] = set()
    for row in read_rows(path, advanced, guess_dialect=not isinstance(file_format, str)):
        if reading is None and row.problem is None:
            reading = Reading.of(file_format, row.cells, digest=file_digest(path), received_at=received_at)
        if reading and row.problem is None and len(named) < MOST_COLUMNS and not row.cells.keys() <= named:
            unused(_unused_columns([name for name in row.cells if name not in named], reading))
            named |= row.cells.keys()
        yield check_row(row, reading)


def _unused_columns(columns: Iterable[str], reading: Reading) -> list[str]:
    used, column_named = reading.layout.used, reading.format.column_named
    return [] if used is None else [with_nearest(name, used) for name in columns if column_named(name) not in used]


def check_row(row: RawRow, reading: Reading | None) -> CheckedRow:
    """A row of a file with the result of its validation; without a reading no row can be read."""
    if row.problem is not None or reading is None:
        problem = row.problem or FieldError("unreadable_row", "", "The row cannot be read.")
        return CheckedRow(row.number, row.cells, {}, _as_rejection(problem), None)
    mapping: dict[str, object] = {}
    try:
        mapping = dict(reading.layout.to_listing(_cells_by_attribute(row, reading.format), reading.received_at))
        if "external_id" not in mapping:
            mapping["external_id"] = _derive_id(row, reading)
        label = _read_label(row, reading.layout.label_column)
    except FieldError as refused:
        return CheckedRow(row.number, row.cells, mapping, _as_rejection(refused), None)
    return CheckedRow(row.number, row.cells, mapping, check(mapping, received_at=reading.received_at), label)


def check_batch(batch: pa.RecordBatch, numbers: Sequence[int], reading: Reading) -> list[CheckedRow]:
    """The rows of a record batch as `checked_row` reads them, but without their cells where a column at a time did."""
    mappings = reading.layout.columns_to_listings(batch) if reading.layout.columns_to_listings else None
    if mappings is None:
        rows = zip(numbers, batch.to_pylist(), strict=True)
        return [check_row(RawRow(number, cells), reading) for number, cells in rows]
    checked_rows: list[CheckedRow] = []
    for i, (number, mapping) in enumerate(zip(numbers, mappings, strict=True)):
        if mapping is None or "external_id" not in mapping:
            (cells,) = batch.slice(i, 1).to_pylist()
            checked_rows.append(check_row(RawRow(number, cells), reading))
        else:
            listing = check(mapping, received_at=reading.received_at)
            checked_rows.append(CheckedRow(number, {}, mapping, listing, None))
    return checked_rows


def _cells_by_attribute(row: RawRow, file_format: Format) -> Row:
    if file_format.column_named is str:
        return row.cells
    named = {file_format.column_named(name): cell for name, cell in row.cells.items()}
    if len(named) != len(row.cells):
        raise FieldError("duplicate_key", "", "Two columns of the row have one name.")
    return named


def _derive_id(row: RawRow, reading: Reading) -> str:
    column = reading.layout.id_column
    named = {reading.format.column_named(name) for name in row.cells}
    if column not in named and not (reading.has_ids and reading.layout.is_feed):
        return derived_id(reading.digest, row.number)
    raise FieldError("missing_field", column, "{name} is empty; give every row an id.", name=column)


def _as_rejection(refused: FieldError) -> Rejection:
    return Rejection(refused.code, refused.field, refused.sentence)


def derived_id(digest: str, number: int) -> str:
    """The id of a row that has none; the prefix marks it as derived."""
    return f"row-{digest[:16]}-{number}"


def _read_label(row: RawRow, column: str | None) -> int | None:
    cell = None if column is None else filled_cell(row.cells, column)
    if cell is None:
        return None
    if str(cell) not in {"0", "1", "0.0", "1.0"}:
        raise FieldError("bad_label", column or "", f"{column} must be 0 or 1.")
    return int(float(str(cell)))
