"""Tables as files for spreadsheets: no cell becomes a formula, and every number stays a number."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from io import BytesIO, StringIO
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq


class Kind(StrEnum):
    """The type of a column's values. None is a missing value of any kind."""

    TEXT = "text"
    COUNT = "count"
    NUMBER = "number"
    MONEY = "money"
    MOMENT = "moment"


class Format(StrEnum):
    """A file's format, which is also its suffix."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


Columns = Mapping[str, Kind]
# Prefixes that make a spreadsheet read text as a formula (OWASP, CSV injection), or that it skips before one.
_LEADS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", " ", "\uff1d", "\uff0b", "\uff0d", "\uff20", "'")
# No currency of ISO 4217 has more than four decimals.
_DIGITS, _DECIMALS = 38, 4


def as_file(form: Format, columns: Columns, rows: Iterable[Sequence[Any]]) -> bytes:
    """The rows as a file of that format, every value under the name of its column."""
    match form:
        case Format.CSV:
            return as_csv(columns, rows)
        case Format.JSONL:
            return as_jsonl(columns, rows)
        case Format.PARQUET:
            return as_parquet(columns, rows)


def as_csv(columns: Columns, rows: Iterable[Sequence[Any]]) -> bytes:
    """UTF-8 with a byte order mark, which spreadsheets recognise. Text that could be a formula follows an apostrophe.

    So does text that begins with one: a reader who removes one apostrophe from the front has the original text.
    """
    stream = StringIO()
    writer = csv.writer(stream)
    writer.writerow(columns)
    kinds = list(columns.values())
    writer.writerows([_csv_cell(kind, cell) for kind, cell in zip(kinds, row, strict=True)] for row in rows)
    return stream.getvalue().encode("utf-8-sig")


def _csv_cell(kind: Kind, cell: Any) -> str:
    if cell is None:
        return ""
    match kind:
        case Kind.TEXT:
            return inert_text(str(cell))
        case Kind.MOMENT:
            return str(cell.isoformat())
        case Kind.MONEY:
            return format(Decimal(cell), "f")
        case Kind.COUNT | Kind.NUMBER:
            return repr(cell)


def inert_text(text: str) -> str:
    """Text that no spreadsheet reads as a formula."""
    return f"'{text}" if text.startswith(_LEADS) else text


def as_jsonl(columns: Columns, rows: Iterable[Sequence[Any]]) -> bytes:
    """One object a line. Missing values are null, money is text so that no cent is lost, moments are ISO 8601."""
    lines = []
    for row in rows:
        plain = [_json_value(kind, cell) for kind, cell in zip(columns.values(), row, strict=True)]
        lines.append(json.dumps(dict(zip(columns, plain, strict=True)), separators=(",", ":")) + "\n")
    return "".join(lines).encode()


def _json_value(kind: Kind, cell: Any) -> Any:
    if cell is None or kind in {Kind.COUNT, Kind.NUMBER}:
        return cell
    if kind is Kind.MONEY:
        return format(Decimal(cell), "f")
    return cell.isoformat() if kind is Kind.MOMENT else str(cell)


def as_parquet(columns: Columns, rows: Iterable[Sequence[Any]]) -> bytes:
    """Typed columns; Parquet has no formulas, so text is unchanged."""
    types = {
        Kind.TEXT: pa.string(),
        Kind.COUNT: pa.int64(),
        Kind.NUMBER: pa.float64(),
        Kind.MONEY: pa.decimal128(_DIGITS, _DECIMALS),
        Kind.MOMENT: pa.timestamp("us", tz="UTC"),
    }
    schema = pa.schema([(name, types[kind]) for name, kind in columns.items()])
    listed = [dict(zip(columns, row, strict=True)) for row in rows]
    stream = BytesIO()
    pq.write_table(pa.Table.from_pylist(listed, schema=schema), stream)
    return stream.getvalue()
