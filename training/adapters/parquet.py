"""Rows of a Parquet file by row group, for processes that each read a part of the file."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from training.adapters.files import MOST_COLUMNS, UnreadableFile, refuse_wide

_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Groups:
    """The columns of a Parquet file, and the number of rows of each row group."""

    columns: tuple[str, ...]
    rows: tuple[int, ...]


def row_groups_of(path: Path) -> Groups:
    """The row groups of a file. Raises Unreadable (it is not a Parquet file, or its header is too wide)."""
    try:
        if not path.is_file():
            raise UnreadableFile(path, "There is no such file.")
        metadata = pq.ParquetFile(path).metadata
        refuse_wide(path, metadata.num_columns, MOST_COLUMNS)
        names = tuple(metadata.schema.to_arrow_schema().names)
        return Groups(names, tuple(metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)))
    except OSError as error:
        raise UnreadableFile(path.name, "The file cannot be read: {why}.", why=str(error.strerror)) from None
    except pa.ArrowException as error:
        raise not_parquet_error(path, error) from None


def not_parquet_error(path: Path, error: Exception) -> UnreadableFile:
    return UnreadableFile(path.name, "Not a readable Parquet file ({kind}).", kind=type(error).__name__)


@dataclass(slots=True)
class RowGroupReader:
    """Reads slices of row groups. Slices that follow one another in a group cost one pass over the group."""

    path: Path
    _file: pq.ParquetFile | None = None
    _group: int = -1
    _at: int = 0
    _batches: Iterator[pa.RecordBatch] = field(default_factory=lambda: iter(()))

    def batches(self, group: int, start: int, count: int) -> Iterator[pa.RecordBatch]:
        """`count` rows of a group from `start`, a multiple of five hundred, five hundred at a time.

        Raises Unreadable (the group is damaged).
        """
        try:
            yield from self._read(group, start, count)
        except pa.ArrowException as error:
            raise not_parquet_error(self.path, error) from None

    def _read(self, group: int, start: int, count: int) -> Iterator[pa.RecordBatch]:
        if self._file is None:
            self._file = pq.ParquetFile(self.path, pre_buffer=False)
        if group != self._group or start < self._at:
            self._group, self._at = group, 0
            self._batches = self._file.iter_batches(_BATCH, row_groups=[group], use_threads=False)
        while self._at < start + count:
            batch = next(self._batches)
            self._at += batch.num_rows
            if self._at > start:
                yield batch

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
