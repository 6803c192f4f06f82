"""The columns of a file of scores, built from buffers: Arrow's conversion of Python lists would import pandas."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final

import numpy as np
import pyarrow as pa

SCHEMA: Final = pa.schema(
    [
        ("row", pa.int64()),
        ("listing_id", pa.string()),
        ("probability", pa.float64()),
        ("route", pa.string()),
        ("reasons", pa.list_(pa.string())),
    ]
)


def scores_batch(
    rows: Sequence[int],
    listing_ids: Sequence[str | None],
    probabilities: Sequence[float | None],
    routes: Sequence[str],
    reasons: Sequence[Sequence[str]],
) -> pa.RecordBatch:
    """The scores of some rows; each argument has a value for each row."""
    lists = pa.Array.from_buffers(
        pa.list_(pa.string()),
        len(reasons),
        [None, _offsets_buffer(map(len, reasons), len(reasons))],
        children=[_text_array(list(chain.from_iterable(reasons)))],
    )
    numbers = pa.Array.from_buffers(pa.int64(), len(rows), [None, pa.py_buffer(np.asarray(rows, np.int64))])
    doubles = np.array([np.nan if probability is None else probability for probability in probabilities], np.float64)
    shares = pa.Array.from_buffers(
        pa.float64(),
        len(doubles),
        [_validity_buffer(probability is not None for probability in probabilities), pa.py_buffer(doubles)],
    )
    arrays = [numbers, _text_array(listing_ids), shares, _text_array(routes), lists]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def _text_array(values: Sequence[str | None]) -> pa.Array:
    encoded = [b"" if text is None else text.encode() for text in values]
    known = _validity_buffer(text is not None for text in values) if None in values else None
    return pa.Array.from_buffers(
        pa.string(),
        len(values),
        [known, _offsets_buffer(map(len, encoded), len(values)), pa.py_buffer(b"".join(encoded))],
    )


def _offsets_buffer(lengths: Iterable[int], number: int) -> pa.Buffer:
    offsets = np.zeros(number + 1, np.int32)
    np.cumsum(np.fromiter(lengths, np.int32, number), out=offsets[1:])
    return pa.py_buffer(offsets)


def _validity_buffer(known: Iterable[bool]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(np.fromiter(known, np.bool_), bitorder="little"))
