import csv
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.platform.tabular import Format, Kind, as_csv, as_file, as_jsonl, as_parquet, inert_text

COLUMNS = {"title": Kind.TEXT, "version": Kind.COUNT, "hours": Kind.NUMBER, "price": Kind.MONEY, "at": Kind.MOMENT}
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ROW = ("Aurelle tote", 3, 0.25, Decimal("489.00"), AT)


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("=HYPERLINK(1)", "a formula"),
        ("+1", "a formula by its sign"),
        ("-1+cmd|' /C calc'!A0", "a formula by its other sign"),
        ("@SUM(1)", "a formula of an older program"),
        ("\t=1", "a tab that is skipped"),
        ("\r=1", "a return that is skipped"),
        ("\n=1", "a line break that is skipped"),
        (" =1", "a blank that is skipped"),
        ("＝1", "the wide sign of another keyboard"),
        ("'=1", "an apostrophe, which would be taken for ours"),
    ],
)
def test_text_that_a_spreadsheet_could_run_follows_an_apostrophe(text: str, why: str) -> None:
    assert inert_text(text) == f"'{text}", why
    assert read(as_csv({"title": Kind.TEXT}, [(text,)]))[1] == [f"'{text}"], why


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30))
def test_what_was_there_comes_back_and_no_cell_begins_with_a_sign(text: str) -> None:
    ((cell,),) = read(as_csv({"title": Kind.TEXT}, [(text,)]))[1:] or [[""]]
    assert cell[:1] not in {"=", "+", "-", "@", "\t", "\r", "\n"}
    assert cell.removeprefix("'") == text


@pytest.mark.parametrize(
    ("kind", "value", "cell"),
    [
        (Kind.COUNT, -3, "-3"),
        (Kind.NUMBER, -0.5, "-0.5"),
        (Kind.MONEY, Decimal("-12.50"), "-12.50"),
        (Kind.MONEY, Decimal("1E+3"), "1000"),
        (Kind.MONEY, Decimal("0.0000"), "0.0000"),
        (Kind.MOMENT, AT, "2026-03-02T09:00:00+00:00"),
        *((kind, None, "") for kind in Kind),
    ],
)
def test_a_number_stays_a_number_and_what_is_missing_is_empty(kind: Kind, value: Any, cell: str) -> None:
    assert read(as_csv({"before": Kind.TEXT, "value": kind}, [("x", value)])) == [["before", "value"], ["x", cell]]


def test_parquet_has_types_and_text_as_it_was() -> None:
    table = pq.read_table(BytesIO(as_parquet(COLUMNS, [ROW, ("=1", None, None, None, None)])))
    assert [str(field.type) for field in table.schema] == [
        "string",
        "int64",
        "double",
        "decimal128(38, 4)",
        "timestamp[us, tz=UTC]",
    ]
    first, second = table.to_pylist()
    assert tuple(first.values()) == ROW
    assert tuple(second.values()) == ("=1", None, None, None, None)


def test_a_table_without_rows_has_its_columns() -> None:
    assert read(as_file(Format.CSV, COLUMNS, [])) == [list(COLUMNS)]
    assert pq.read_table(BytesIO(as_file(Format.PARQUET, COLUMNS, []))).column_names == list(COLUMNS)


def test_a_line_of_json_keeps_text_money_and_what_is_missing() -> None:
    columns = {"text": Kind.TEXT, "price": Kind.MONEY, "at": Kind.MOMENT, "share": Kind.NUMBER}
    at = datetime(2026, 3, 2, tzinfo=UTC)
    assert as_jsonl(columns, [("=1", Decimal("0.10"), at, None)]) == (
        b'{"text":"=1","price":"0.10","at":"2026-03-02T00:00:00+00:00","share":null}\n'
    )
    assert as_file(Format.JSONL, columns, []) == b""
