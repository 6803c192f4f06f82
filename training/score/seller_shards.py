"""Shards by seller: the rows of each window of a file, cut so that a seller's rows are in one part.

A seller's history is read from the database for the rows that are scored together, so it is read once for all of a
seller's rows there instead of once for each. The order of the rows does not affect their scores.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from hashlib import blake2b
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa

from training.adapters.files import RawRow
from training.adapters.parquet import RowGroupReader
from training.dataset import Reading, batches
from training.score.numbered import AT_ONCE, integer_array, pack_batches, with_numbers
from training.score.parts import Part, Slice

WINDOW_ROWS: Final = 50_000
WINDOW_CHARACTERS: Final = 50_000_000  # A window waits in memory, some kilobytes a row of a file of lines.


class _Shard(NamedTuple):
    """Some rows of a window, in the form in which they are sent."""

    rows: tuple[RawRow, ...] | bytes
    size: int


def shards_of_rows(rows: Iterable[RawRow], reading: Reading, most: int) -> Iterator[Part]:
    """The rows as parts of about `most`, more only where one seller has more."""
    return _parts_of_windows(
        _row_shards(window, reading, most) for window in batches(rows, WINDOW_ROWS, WINDOW_CHARACTERS)
    )


def shards_of_groups(path: Path, groups: Sequence[int], reading: Reading, most: int) -> Iterator[Part]:
    """The rows of a Parquet file, given the number of rows of each row group, as such parts."""
    return _parts_of_windows(_batch_shards(window, reading, most) for window in _batch_windows(path, groups))


def _parts_of_windows(windows: Iterable[Iterator[_Shard]]) -> Iterator[Part]:
    number = 0
    for window in windows:
        shard = next(window)
        for following in window:
            yield Part(number, shard.size, shard.rows, ends_window=False)
            shard, number = following, number + 1
        yield Part(number, shard.size, shard.rows)
        number += 1


def _row_shards(window: Sequence[RawRow], reading: Reading, most: int) -> Iterator[_Shard]:
    for places in _group_by_seller([_named_seller(row.cells, reading) for row in window], most):
        yield _Shard(tuple(window[i] for i in places), len(places))


def _batch_windows(path: Path, groups: Sequence[int]) -> Iterator[pa.Table]:
    window: list[pa.RecordBatch] = []
    rows = characters = 0
    for batch in _numbered_batches(path, groups):
        window.append(batch)
        rows += batch.num_rows
        characters += batch.nbytes
        if rows >= WINDOW_ROWS or characters >= WINDOW_CHARACTERS:
            yield pa.Table.from_batches(window)
            window, rows, characters = [], 0, 0
    if window:
        yield pa.Table.from_batches(window)


def _numbered_batches(path: Path, groups: Sequence[int]) -> Iterator[pa.RecordBatch]:
    with closing(RowGroupReader(path)) as reader:
        number = 1
        for group, rows in enumerate(groups):
            for record_batch, numbers in Slice(number, rows, group, 0).batches(reader):
                yield with_numbers(record_batch, numbers)
            number += rows


def _batch_shards(window: pa.Table, reading: Reading, most: int) -> Iterator[_Shard]:
    named = {reading.format.column_named(name): i for i, name in enumerate(window.schema.names)}
    seller_columns = [named[name] for name in (reading.layout.seller_column, "seller") if name in named]
    for places in _group_by_seller(
        [_named_seller(cells, reading) for cells in window.select(seller_columns).to_pylist()], most
    ):
        rows = window.take(integer_array(places)).combine_chunks()
        yield _Shard(pack_batches(rows.to_batches(max_chunksize=AT_ONCE)), len(places))


def _named_seller(cells: Mapping[str, object], reading: Reading) -> str | None:
    """The seller as the cells name it, which need not be valid; None where they name none."""
    named = {reading.format.column_named(name): cell for name, cell in cells.items()}
    seller_cell = named.get(reading.layout.seller_column or "")
    if isinstance(around := named.get("seller"), Mapping):
        seller_cell = around.get("external_id")
    return None if seller_cell is None else str(seller_cell).strip() or None


def _group_by_seller(sellers: Sequence[str | None], most: int) -> Iterator[list[int]]:
    """The places of the rows by the hash of their seller, each seller's together; a row without one is by itself."""
    keys = [_hash(f"{i} " if seller is None else f" {seller}") for i, seller in enumerate(sellers)]
    shard: list[int] = []
    for _, places in groupby(sorted(range(len(keys)), key=keys.__getitem__), keys.__getitem__):
        shard += places
        if len(shard) >= most:
            yield shard
            shard = []
    if shard:
        yield shard


def _hash(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
