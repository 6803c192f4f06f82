"""Shards by seller: each row once, and a seller's rows of a window in one part."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.listing import Listing
from tests.fixtures.clocks import NOW
from tests.fixtures.labelled import write_ndjson
from training.adapters.formats import FORMATS
from training.dataset import Reading, check_batch, check_row
from training.score import seller_shards
from training.score import source as score_source
from training.score.file import _Rows
from training.score.numbered import unpack_batches
from training.score.parts import Part
from training.score.source import source_of

ROWS = 900


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_source, "PART_ROWS", 100)
    monkeypatch.setattr(seller_shards, "WINDOW_ROWS", 500)


def a_row(number: int) -> dict[str, Any]:
    """Forty sellers; one has a fifth of the rows, and each ninth row has no seller."""
    seller = None if number % 9 == 0 else f" s-{number * 7919 % 40 if number % 5 else 0}"
    return {"external_id": f"MP-{number}", "title": "Grey tote", "seller": {"external_id": seller}}


def flat_row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "external_id": row["external_id"],
        "title": row["title"],
        "seller.external_id": row["seller"]["external_id"],
    }


def a_file(folder: Path, form: str) -> Path:
    rows = [a_row(number) for number in range(1, ROWS + 1)]
    if form == "lines":
        return write_ndjson(folder / "a.ndjson", rows)
    table = pa.Table.from_pylist(rows if form == "nested" else list(map(flat_row, rows)))
    pq.write_table(table, folder / "a.parquet", row_group_size=350)
    return folder / "a.parquet"


def listings_of(part: Part, reading: Reading) -> dict[int, Listing]:
    """The listings of a part by the number of their row."""
    if isinstance(part.rows, tuple):
        checked = [check_row(row, reading) for row in part.rows]
    else:
        assert isinstance(part.rows, bytes)
        batches = [check_batch(batch, numbers, reading) for batch, numbers in unpack_batches(part.rows)]
        assert max(map(len, batches)) <= 500
        checked = [row for batch in batches for row in batch]
    return {row.number: row.listing for row in checked if isinstance(row.listing, Listing)}


@pytest.mark.parametrize("form", ["flat", "nested", "lines"])
def test_each_row_is_in_one_part_and_a_sellers_rows_of_a_window_are_together(tmp_path: Path, form: str) -> None:
    source = source_of(a_file(tmp_path, form), "native", received_at=NOW, advanced=lambda _: None, by_seller=True)
    assert source.columns is not None
    reading = Reading.of("native", source.columns, digest=source.digest, received_at=NOW)
    parts = [(part, listings_of(part, reading)) for part in source.parts]
    assert [part.number for part, _ in parts] == list(range(len(parts)))
    assert all(part.count == len(rows) for part, rows in parts)
    assert sorted(number for _, rows in parts for number in rows) == list(range(1, ROWS + 1))
    assert all(listing.external_id == f"MP-{number}" for _, rows in parts for number, listing in rows.items())
    window, windows, homes = 0, list[int](), defaultdict(set)
    for part, rows in parts:
        windows += [window] * len(rows)
        for listing in rows.values():
            if listing.seller.external_id is not None:
                homes[window, listing.seller.external_id].add(part.number)
        window += part.ends_window
    assert window == -(-ROWS // max(windows.count(0), 1)) == 2
    assert {len(numbers) for numbers in homes.values()} == {1}
    assert all(100 <= part.count < 250 for part, _ in parts if not part.ends_window)


def test_rows_without_a_seller_are_spread(tmp_path: Path) -> None:
    table = pa.Table.from_pylist([{"external_id": f"MP-{number}", "title": "Grey tote"} for number in range(450)])
    pq.write_table(table, tmp_path / "a.parquet")
    source = source_of(tmp_path / "a.parquet", "native", received_at=NOW, advanced=lambda _: None, by_seller=True)
    assert [part.count for part in source.parts] == [100, 100, 100, 100, 50]


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_the_column_of_the_seller_is_the_one_that_the_format_reads(name: str) -> None:
    for layout in FORMATS[name].layouts:
        seller = layout.to_listing({layout.seller_column: "me"} if layout.seller_column else {}, NOW).get("seller", {})
        assert isinstance(seller, dict)
        assert seller.get("external_id") == ("me" if layout.seller_column else None)


@pytest.mark.parametrize(("numbers", "problem"), [([1, 2, 4], "missing"), ([1, 2, 2], "twice"), ([2, 3, 4], "first")])
def test_scores_of_other_rows_than_those_of_the_file_are_not_written(
    tmp_path: Path, numbers: list[int], problem: str
) -> None:
    table = pa.table({"row": pa.array(numbers, pa.int64())})
    with pq.ParquetWriter(tmp_path / "out.parquet", table.schema) as writer:
        rows = _Rows(writer)
        with pytest.raises(ValueError, match="do not belong to the rows"):
            rows.write(table)
        rows.write(pa.table({"row": pa.array([3, 1, 2], pa.int64())}))
        rows.write(pa.table({"row": pa.array([4], pa.int64())}))
        rows.end()
    assert pq.read_table(tmp_path / "out.parquet")["row"].to_pylist() == [1, 2, 3, 4]
