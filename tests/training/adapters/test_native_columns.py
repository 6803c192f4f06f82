"""Columns of Parquet that are converted at once are read as cell by cell."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from features.fields import Rejected
from training.adapters.native import columns_to_listings, to_listing

TYPED: Mapping[str, Any] = {
    "external_id": ["MP-1", "MP-2", None, " "],
    "title": ["Tote", "  ", None, " Tote, grey "],
    "gtin": [4006381333931.0, None, float("nan"), 12.5],
    "mpn": [17, None, 0, -1],
    "price": [5.8100000000000005, float("nan"), None, 10.0],
    "list_price": [Decimal("9.90"), None, None, Decimal("10.00")],
    "currency": ["EUR", "", None, "eur"],
    "age_days": [3, None, 0, -1],
    "comments_count": [1.0, 2.5, float("nan"), None],
    "image_link": ["https://a.example/1, https://a.example/2", None, "", "x"],
    "sales.d7": [1, None, 2, 3],
    "sales.d30": ["4", " ", None, "5"],
    "seller.external_id": ["closet-mia", None, "", "x"],
    "seller.gmv.d90": [Decimal("1.50"), None, None, Decimal("0")],
    "condition": pa.array(["new", None, "used", "broken"]).dictionary_encode(),
    "our_remark": ["x", None, "", "y"],
}
UNREADABLE: Mapping[str, Any] = {
    "external_id": ["MP-1", "MP-2", "MP-3"],
    "age_days": ["three", "3", ""],
    "comments_count": [float("inf"), 1.0, float("inf")],
}


def one_by_one(batch: pa.RecordBatch) -> list[Mapping[str, object] | None]:
    found: list[Mapping[str, object] | None] = []
    for row in batch.to_pylist():
        try:
            found.append(to_listing(row))
        except Rejected:
            found.append(None)
    return found


@pytest.mark.parametrize("columns", [TYPED, UNREADABLE, {"title": ["a", None]}], ids=["typed", "unreadable", "title"])
def test_columns_are_read_as_cells_are(columns: Mapping[str, Any]) -> None:
    batch = pa.record_batch(dict(columns))
    assert columns_to_listings(batch) == one_by_one(batch)


def test_each_column_is_read_alike_alone() -> None:
    for name, values in TYPED.items():
        batch = pa.record_batch({name: values, "title": ["a", "b", "c", "d"]} if name != "title" else {name: values})
        assert columns_to_listings(batch) == one_by_one(batch), name


@pytest.mark.parametrize("column", ["seller", "label", "rating_counts.3"])
def test_columns_that_belong_together_are_read_row_by_row(column: str) -> None:
    assert columns_to_listings(pa.record_batch({"title": ["a"], column: [1]})) is None


def test_nested_and_doubled_columns_are_read_row_by_row() -> None:
    assert columns_to_listings(pa.record_batch({"title": ["a"], "sales": [{"d7": 1}]})) is None
    doubled = pa.RecordBatch.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["title", "title"])
    assert columns_to_listings(doubled) is None
