"""Any supported file as a stream of numbered rows; an unreadable row is yielded with its problem."""

import csv
import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import IO, AnyStr, BinaryIO, Final, cast
from xml.etree.ElementTree import ParseError

import pyarrow as pa
import pyarrow.parquet as pq
from defusedxml.common import DefusedXmlException

from features.fields import FieldError, printable
from features.phrase import Parameter, Phrase
from training.adapters import xml_items
from training.adapters.cells import Row
from training.adapters.dialect import UTF_8, guessed_delimiter, guessed_encoding

_LONGEST_CELL: Final = 8_000_000  # Longer than any listing accepts, so that validation rejects the cell and names it.
LONGEST_LINE: Final = 64_000_000  # Several of the longest cells. A small compressed file can have a line of gigabytes.
_BATCH: Final = 1_000
_SMALLEST_BATCH: Final = 20
_BATCH_BYTES: Final = 500_000_000
# A wide header costs its width again in every row. Known feeds have fewer than a tenth of these columns.
MOST_COLUMNS: Final = 2_000
_SAMPLE_BYTES: Final = 1_000_000
_HEAD_BYTES: Final = 50_000
_GZIP: Final = ".gz"
_BEYOND: Final = "beyond the header"  # Not blank: a column may have no name, such as the index that pandas writes.


class UnreadableFile(ValueError):
    """The whole file cannot be read: wrong kind, damaged, or empty. `str()` begins with the file's name."""

    def __init__(self, file: object, sentence: str, /, **parameters: Parameter) -> None:
        self.phrase = Phrase(sentence, **parameters)
        why = str(self.phrase)
        super().__init__(f"{file}: {why[:1].lower()}{why[1:]}")


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row with its number, from 1 for the first row of data. `problem` is set where the row could not be read."""

    number: int
    cells: Row
    problem: FieldError | None = None


def file_digest(path: Path) -> str:
    """SHA-256 of the file, for ids that are derived from a row's number."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_rows(
    path: Path,
    advanced: Callable[[int], None] = lambda _: None,
    *,
    most_columns: int = MOST_COLUMNS,
    guess_dialect: bool = False,
) -> Iterator[RawRow]:
    """Rows of a CSV, TSV, NDJSON, Parquet or XML file; the name's ending selects the reader.

    Any but Parquet may be compressed, with `.gz` after its ending. `advanced` receives the number of bytes read so far,
    at least every thousand rows. `most_columns` limits the header of a file with one header for all rows. A delimited
    file is UTF-8 with commas or, as its ending says, tabs, unless its dialect is to be guessed.

    Raises Unreadable (the ending is unknown, the content does not match it, the header is too wide, or the system
    denies access).
    """
    readers: dict[str, Callable[[Path, Callable[[int], None]], Iterator[RawRow]]] = {
        ".csv": partial(_read_delimited, ",", most_columns, guess_dialect),
        ".tsv": partial(_read_delimited, "\t", most_columns, guess_dialect),
        ".txt": partial(_read_delimited, "\t", most_columns, guess_dialect),
        ".ndjson": _read_ndjson,
        ".jsonl": _read_ndjson,
        ".parquet": partial(_read_parquet, most_columns),
        ".xml": _read_xml,
    }
    name = Path(path.stem) if path.suffix.lower() == _GZIP else path
    reader = readers.get(name.suffix.lower())
    if reader is None:
        raise UnreadableFile(path.name, "The name must end in {endings}.", endings=", ".join(readers))
    try:
        if not path.is_file():
            raise UnreadableFile(path, "There is no such file.")
        yield from reader(path, advanced)
        advanced(path.stat().st_size)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UnreadableFile(path.name, "Not a readable gzip file ({why}).", why=str(error)) from None
    except OSError as error:
        raise UnreadableFile(path.name, "The file cannot be read: {why}.", why=str(error.strerror)) from None


@contextmanager
def _open_stream(path: Path) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """The content of a file as a stream, and the file itself, which tells how much of it is read."""
    is_gzip = path.suffix.lower() == _GZIP
    with path.open("rb") as raw, gzip.open(raw) if is_gzip else nullcontext(raw) as stream:
        yield cast(BinaryIO, stream), raw  # It reads as one, but is not declared as one.


def _bounded_lines(stream: IO[AnyStr]) -> Iterator[AnyStr]:
    """The lines of a stream; a longer one comes in parts, so that a line without an end takes bounded memory."""
    while line := stream.readline(LONGEST_LINE):
        yield line


def refuse_wide(path: Path, columns: int, most: int) -> None:
    """Refuse a file with too many columns. Raises Unreadable (there are more)."""
    if columns > most:
        raise UnreadableFile(
            path.name, "The header has {n:,} columns; at most {most:,} are accepted.", n=columns, most=most
        )


def _read_delimited(
    delimiter: str, most_columns: int, guess_dialect: bool, path: Path, advanced: Callable[[int], None]
) -> Iterator[RawRow]:
    """Rows of a delimited file. Bytes of another encoding become lone surrogates, which validation rejects.

    Quoting is strict: with lenient quoting, an unclosed quote makes the rest of the file one long cell.
    """
    csv.field_size_limit(_LONGEST_CELL)
    encoding, errors = UTF_8, "surrogateescape"
    if guess_dialect:
        with _open_stream(path) as (content, _):
            sample = content.read(_SAMPLE_BYTES)
        encoding = guessed_encoding(sample)
        errors = "surrogatepass" if encoding.startswith("utf-16") else errors
        delimiter = guessed_delimiter(sample[:_HEAD_BYTES].decode(encoding, "replace"), delimiter)
    with _open_stream(path) as (content, raw), TextIOWrapper(content, encoding, errors, "") as stream:
        rows = csv.DictReader(_bounded_lines(stream), delimiter=delimiter, restkey=_BEYOND, strict=True)
        try:
            header = rows.fieldnames
        except (csv.Error, UnicodeError) as error:
            raise UnreadableFile(path.name, "The header cannot be read: {words}.", words=str(error)) from None
        if not header:
            raise UnreadableFile(path.name, "The file is empty.")
        refuse_wide(path, len(header), most_columns)
        number = 0
        while True:
            try:
                cells = next(rows, None)
            except UnicodeError as error:
                raise UnreadableFile(path.name, "The text cannot be read: {words}.", words=str(error)) from None
            except csv.Error as error:
                number += 1
                yield RawRow(
                    number, {}, FieldError("unreadable_row", "", "The row cannot be read: {words}.", words=str(error))
                )
                continue
            if cells is None:
                return
            number += 1
            if number % _BATCH == 0:
                advanced(raw.tell())
            problem = None
            if cells.get(_BEYOND):
                problem = FieldError("ragged_row", "", "The row has more cells than the header has columns.")
            yield RawRow(number, cells, problem)


def parse_json(text: str | bytes) -> object:
    """JSON with exact decimals; a repeated key is rejected.

    Raises Rejected (not JSON, a repeated key in one object, nesting too deep, or a number with too many digits).
    """
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_keep_non_finite, object_pairs_hook=_refuse_repeats)
    except FieldError:
        raise
    except RecursionError:
        raise FieldError("bad_json", "", "The JSON is nested too deeply.") from None
    except (ValueError, InvalidOperation) as error:
        raise FieldError("bad_json", "", "This is not JSON: {why}.", why=_error_sentence(error)) from None


def _error_sentence(error: Exception) -> str:
    match error:
        case json.JSONDecodeError():
            return f"{error.msg} at character {error.pos}"
        case UnicodeDecodeError():
            return "not UTF-8"
    return "a number has too many digits"


def _keep_non_finite(name: str) -> float:
    return float(name.replace("Infinity", "inf"))  # Kept, so that validation can name the field.


def _refuse_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        name = printable(twice)
        raise FieldError("duplicate_key", name, "{name} stands twice in one object.", name=name)
    return mapping


def _read_ndjson(path: Path, advanced: Callable[[int], None]) -> Iterator[RawRow]:
    with _open_stream(path) as (stream, raw):
        number = 0
        for line in _bounded_lines(stream):
            if not line.strip():
                continue
            number += 1
            if number % _BATCH == 0:
                advanced(raw.tell())
            try:
                cells = parse_json(line)
                if not isinstance(cells, dict):
                    raise FieldError("wrong_type", "", "A row must be an object.")
                yield RawRow(number, cells)
            except FieldError as problem:
                yield RawRow(number, {}, problem)


def _read_parquet(most_columns: int, path: Path, advanced: Callable[[int], None]) -> Iterator[RawRow]:
    try:
        file = pq.ParquetFile(path)
        refuse_wide(path, file.metadata.num_columns, most_columns)
        total, size, number = max(file.metadata.num_rows, 1), path.stat().st_size, 0
        # A dictionary repeats a cell as long as its column's chunk in any number of rows.
        groups = map(file.metadata.row_group, range(file.metadata.num_row_groups))
        widest = max(
            (group.column(i).total_uncompressed_size for group in groups for i in range(group.num_columns)), default=0
        )
        for batch in file.iter_batches(min(_BATCH, max(_SMALLEST_BATCH, _BATCH_BYTES // max(widest, 1)))):
            for cells in batch.to_pylist():
                number += 1
                yield RawRow(number, cells)
            advanced(size * number // total)
    except pa.ArrowException as error:
        raise UnreadableFile(path.name, "Not a readable Parquet file ({kind}).", kind=type(error).__name__) from None


def _read_xml(path: Path, advanced: Callable[[int], None]) -> Iterator[RawRow]:
    """Items of a product feed. Names lose their namespace; the values of a repeated name are joined with commas."""
    try:
        with _open_stream(path) as (stream, raw):
            for number, feed_item in enumerate(xml_items.items(stream), start=1):
                if number % _BATCH == 0:
                    advanced(raw.tell())
                problem = None
                if feed_item.is_too_long:
                    problem = FieldError("unreadable_row", "", "The item is longer than any listing.")
                yield RawRow(number, feed_item.cells(), problem)
    except DefusedXmlException:
        raise UnreadableFile(
            path.name, "The XML declares entities or a document type, which is not accepted."
        ) from None
    except xml_items.LimitExceeded as beyond:
        raise UnreadableFile(path.name, "The XML is not a product feed ({words}).", words=str(beyond)) from None
    except (ParseError, LookupError, ValueError) as error:  # The last two: an unknown encoding.
        raise UnreadableFile(path.name, "Not well-formed XML ({words}).", words=str(error)) from None
