"""A file that is to be scored, as parts: slices of row groups of Parquet, batches of rows of other files."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, chain
from pathlib import Path
from typing import Final

from training.adapters.files import RawRow, file_digest, read_rows
from training.adapters.parquet import groups_of
from training.dataset import Reading
from training.score_parts import Part

PART_ROWS: Final = 5_000
PART_CHARACTERS: Final = 5_000_000  # Long rows make smaller parts, because some parts wait in memory.


@dataclass(frozen=True, slots=True)
class Source:
    """The parts of a file, in order. `columns` are those of the first readable row, None where there is none.

    `done` is called with each part that is scored.
    """

    columns: tuple[str, ...] | None
    digest: str
    parts: Iterator[Part]
    done: Callable[[Part], object]


def source_of(path: Path, format_name: str, *, received_at: datetime, advanced: Callable[[int], None]) -> Source:
    """The parts of a file of a format; `advanced` receives the number of bytes done.

    Raises
    ------
    Unreadable, UnknownLayout
        The whole file cannot be read as this format.
    """
    source = _groups(path, advanced) if path.suffix.lower() == ".parquet" else _stream(path, advanced)
    if source.columns is not None:
        Reading.of(format_name, source.columns, digest=source.digest, received_at=received_at)
    return source


def _groups(path: Path, advanced: Callable[[int], None]) -> Source:
    groups = groups_of(path)
    size, total = path.stat().st_size, sum(groups.rows)
    return Source(
        groups.columns if total else None,
        file_digest(path),
        _slices(groups.rows),
        lambda part: advanced(size * (part.first_row - 1 + part.count) // total),
    )


def _slices(groups: tuple[int, ...]) -> Iterator[Part]:
    number = 0
    for group, (before, rows) in enumerate(zip(accumulate(groups, initial=0), groups, strict=False)):
        for start in range(0, rows, PART_ROWS):
            count = min(PART_ROWS, rows - start)
            yield Part(number, before + start + 1, count, row_group=group, start=start)
            number += 1


def _stream(path: Path, advanced: Callable[[int], None]) -> Source:
    rows, first = read_rows(path, advanced), list[RawRow]()
    for row in rows:
        first.append(row)
        if row.problem is None:
            break
    columns = tuple(first[-1].cells) if first and first[-1].problem is None else None
    return Source(columns, file_digest(path), _batches(chain(first, rows)), lambda _: None)


def _batches(rows: Iterable[RawRow]) -> Iterator[Part]:
    waiting: list[RawRow] = []
    number = characters = 0
    for row in rows:
        waiting.append(row)
        characters += sum(len(value) for value in row.cells.values() if isinstance(value, str))
        if len(waiting) == PART_ROWS or characters >= PART_CHARACTERS:
            yield Part(number, waiting[0].number, len(waiting), rows=tuple(waiting))
            waiting, characters, number = [], 0, number + 1
    if waiting:
        yield Part(number, waiting[0].number, len(waiting), rows=tuple(waiting))
