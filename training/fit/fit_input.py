"""What a fit reads of its rows: their numbers and their n-grams, which are computed row by row."""

import io
from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from features.compute import NAMES, matrix
from features.facts import Facts
from features.text_kernel import COLUMNS
from training.fit.text_matrix import TextMatrix


class FitInput(NamedTuple):
    """Feature vectors, shape (n, n_features), and the text matrix of the same n rows."""

    numbers: NDArray[np.float64]
    texts: TextMatrix

    @classmethod
    def of(cls, facts: Sequence[Facts]) -> Self:
        """The input of these rows."""
        return cls(matrix(facts), TextMatrix.of([row.listing for row in facts]))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The input of the rows of all parts, in order: the same as of all rows at once."""
        lengths = np.concatenate([np.diff(part.texts.starts) for part in parts])
        starts = np.zeros(len(lengths) + 1, np.int64)
        np.cumsum(lengths, out=starts[1:])
        indices, values = (np.concatenate([part.texts[i] for part in parts]) for i in range(2))
        return cls(np.concatenate([part.numbers for part in parts]), TextMatrix(indices, values, starts))

    def to_bytes(self) -> bytes:
        """The arrays, one after another."""
        stream = io.BytesIO()
        for array in (self.numbers, *self.texts):
            np.save(stream, array, allow_pickle=False)
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes, rows: int) -> Self:
        """The input of a number of rows.

        Raises ValueError (the arrays do not fit the rows or one another. Compiled code reads them without checks).
        """
        stream = io.BytesIO(content)
        numbers, indices, values, starts = (np.load(stream, allow_pickle=False) for _ in range(4))
        fit_input = cls(numbers, TextMatrix(indices, values, starts))
        shapes = (numbers.shape, indices.shape, values.shape, starts.shape)
        kinds = (numbers.dtype, indices.dtype, values.dtype, starts.dtype)
        size = int(starts[-1]) if starts.size else 0
        if (
            kinds != (np.float64, np.int32, np.float32, np.int64)
            or shapes != ((rows, len(NAMES)), (size,), (size,), (rows + 1,))
            or starts[0] != 0
            or (np.diff(starts) < 0).any()
            or (size and not 0 <= indices.min() <= indices.max() < COLUMNS)
        ):
            raise ValueError("The arrays are no input of these rows.")
        return fit_input
