"""A file that is to be scored, as parts: slices of row groups of Parquet, batches of rows of other files."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, chain
from pathlib import Path
from typing import Final

from training.adapters.files import RawRow, file_digest, read_rows
from training.adapters.parquet import row_groups_of
from training.dataset import Reading
from training.score.parts import Part, Slice
from training.score.seller_shards import shards_of_groups, shards_of_rows

PART_ROWS: Final = 5_000
PART_CHARACTERS: Final = 5_000_000  # Long rows make smaller parts, because some parts wait in memory.
_ReadingOf = Callable[[tuple[str, ...], str], Reading]  # From the columns and the digest of a file.


@dataclass(frozen=True, slots=True)
class Source:
    """The parts of a file, in order. `columns` are those of the first readable row, None where there is none.

    `done` is called with the number of rows that are scored.
    """

    columns: tuple[str, ...] | None
    digest: str
    parts: Iterator[Part]
    done: Callable[[int], object]


def source_of(
    path: Path, format_name: str, *, received_at: datetime, advanced: Callable[[int], None], by_seller: bool = False
) -> Source:
    """The parts of a file of a format; `advanced` receives the number of bytes done.

    Parts are consecutive rows, or with `by_seller` shards (`training.score.seller_shards`).

    Raises Unreadable, UnknownLayout (the whole file cannot be read as this format).
    """

    def reading(columns: tuple[str, ...], digest: str) -> Reading:
        return Reading.of(format_name, columns, digest=digest, received_at=received_at)

    is_parquet = path.suffix.lower() == ".parquet"
    return (_source_of_groups if is_parquet else _source_of_stream)(path, advanced, reading, by_seller=by_seller)


def _source_of_groups(
    path: Path, advanced: Callable[[int], None], reading_of: _ReadingOf, *, by_seller: bool
) -> Source:
    groups, digest = row_groups_of(path), file_digest(path)
    size, total = path.stat().st_size, sum(groups.rows)
    if not total:
        return Source(None, digest, iter(()), lambda _: None)
    reading = reading_of(groups.columns, digest)
    parts = shards_of_groups(path, groups.rows, reading, PART_ROWS) if by_seller else _slice_parts(groups.rows)
    return Source(groups.columns, digest, parts, lambda rows: advanced(size * rows // total))


def _slice_parts(groups: tuple[int, ...]) -> Iterator[Part]:
    number = 0
    for group, (before, rows) in enumerate(zip(accumulate(groups, initial=0), groups, strict=False)):
        for start in range(0, rows, PART_ROWS):
            count = min(PART_ROWS, rows - start)
            yield Part(number, count, Slice(before + start + 1, count, group, start))
            number += 1


def _source_of_stream(
    path: Path, advanced: Callable[[int], None], reading_of: _ReadingOf, *, by_seller: bool
) -> Source:
    rows, first = read_rows(path, advanced), list[RawRow]()
    for row in rows:
        first.append(row)
        if row.problem is None:
            break
    columns = tuple(first[-1].cells) if first and first[-1].problem is None else None
    digest, every = file_digest(path), chain(first, rows)
    reading = None if columns is None else reading_of(columns, digest)
    parts = shards_of_rows(every, reading, PART_ROWS) if by_seller and reading else _batch_parts(every)
    return Source(columns, digest, parts, lambda _: None)


def _batch_parts(rows: Iterable[RawRow]) -> Iterator[Part]:
    waiting: list[RawRow] = []
    number = characters = 0
    for row in rows:
        waiting.append(row)
        characters += sum(len(cell) for cell in row.cells.values() if isinstance(cell, str))
        if len(waiting) == PART_ROWS or characters >= PART_CHARACTERS:
            yield Part(number, len(waiting), tuple(waiting))
            waiting, characters, number = [], 0, number + 1
    if waiting:
        yield Part(number, len(waiting), tuple(waiting))
