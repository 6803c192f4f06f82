"""Rows of a file as Arrow batches with their numbers in the file, also as bytes that are sent to another process."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

NumberedBatch = tuple[pa.RecordBatch, Sequence[int]]
AT_ONCE: Final = 500  # Rows of a batch: the objects of a row take ten kilobytes.
_NAME: Final = "row"  # Of the last column. The file may have a column of this name too.
_COMPRESSED: Final = pa.ipc.IpcWriteOptions(compression="lz4")


def integer_array(values: Iterable[int]) -> pa.Array:
    """An Arrow array; Arrow's own conversion of a list would import pandas."""
    numbers = np.fromiter(values, np.int64)
    return pa.Array.from_buffers(pa.int64(), len(numbers), [None, pa.py_buffer(numbers)])


def integer_values(array: pa.Array) -> NDArray[np.int64]:
    """The values of an array of 64-bit integers without nulls."""
    return np.frombuffer(array.buffers()[1], np.int64, len(array), 8 * array.offset)


def with_numbers(batch: pa.RecordBatch, numbers: Iterable[int]) -> pa.RecordBatch:
    """The batch with the numbers of its rows as the last column."""
    field = pa.field(_NAME, pa.int64())
    return pa.RecordBatch.from_arrays([*batch.columns, integer_array(numbers)], schema=batch.schema.append(field))


def pack_batches(batches: Sequence[pa.RecordBatch]) -> bytes:
    """Batches of one schema as a compressed Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batches[0].schema, options=_COMPRESSED) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]  # Arrow has no types


def unpack_batches(stream: bytes) -> Iterator[NumberedBatch]:
    """The batches of such a stream, without their last column, which is that of the numbers."""
    for batch in pa.ipc.open_stream(stream):
        columns = range(batch.num_columns - 1)
        rest = pa.RecordBatch.from_arrays(
            [batch.column(i) for i in columns], schema=pa.schema([batch.schema.field(i) for i in columns])
        )
        yield rest, integer_values(batch.column(len(columns))).tolist()
