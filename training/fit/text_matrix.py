"""The n-grams of many listings as one sparse matrix, made in one pass by the scan that also scores."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numba
import numpy as np
from numpy.typing import NDArray

from features.alphabet import Alphabet, tables
from features.listing import Listing
from features.ngrams import BUCKETS
from features.text_kernel import (
    FIELDS,
    Indices,
    PackedTexts,
    listing_blocks,
    listing_texts,
    most_ngrams,
    pack_texts,
    scan_text,
)
from models.arrays import Rows
from models.classifier import SCALES


class TextMatrix(NamedTuple):
    """Sparse n-gram counts (n, COLUMNS) over the root of their field's number of n-grams, times the field's scale.

    Row i has `values[starts[i] : starts[i + 1]]` in the columns `indices[starts[i] : starts[i + 1]]`, each column once.
    """

    indices: Indices
    values: NDArray[np.float32]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, listings: Sequence[Listing]) -> Self:
        """The matrix of these listings, 8 bytes an n-gram.

        The texts are scanned twice, first to count, because one allocation comes in large pages. An array that grows
        gradually takes twice the time of the second scan.
        """
        packs = [pack_texts(listing_texts(listings[block])) for block in listing_blocks(len(listings))]
        longest = max((int(np.diff(packed.starts).max()) for packed in packs), default=0)
        scratch = _Scratch(np.empty(most_ngrams(longest), np.int32), np.zeros(BUCKETS, np.int32))
        most = sum(_count_ngrams(packed, tables(), scratch) for packed in packs)
        matrix = cls(np.empty(most, np.int32), np.empty(most, np.float32), np.zeros(len(listings) + 1, np.int64))
        for block, packed in zip(listing_blocks(len(listings)), packs, strict=True):
            rows = matrix._replace(starts=matrix.starts[block.start : block.stop + 1])
            _fill_block(packed, tables(), scratch, rows)
        different = matrix.starts[-1]
        return cls(matrix.indices[:different], matrix.values[:different], matrix.starts)

    def times(self, weights: NDArray[np.float32], rows: Rows) -> NDArray[np.float64]:
        """The product of the rows with weights of shape (COLUMNS,), shape (len(rows),)."""
        return _multiply_rows(self, rows, weights)


class _Scratch(NamedTuple):
    """Buffers for the indices of one text and for its bucket counts, which are zero between texts."""

    indices: Indices
    times: NDArray[np.int32]


@numba.njit(cache=True, nogil=True)
def _count_ngrams(packed: PackedTexts, alphabet: Alphabet, scratch: _Scratch) -> int:
    """The number of n-grams of the texts, including repeats."""
    total = 0
    for text in range(packed.starts.size - 1):
        count, _ = scan_text(
            packed.utf8_bytes, packed.starts[text], packed.starts[text + 1], alphabet, None, scratch.indices
        )
        total += count
    return total


@numba.njit(cache=True, nogil=True)
def _fill_block(packed: PackedTexts, alphabet: Alphabet, scratch: _Scratch, rows: TextMatrix) -> None:
    """Write the rows of a block; its first row begins at starts[0]."""
    buckets, times = scratch
    indices, values, starts = rows
    for row in range(starts.size - 1):
        at = starts[row]
        for field in range(FIELDS):
            text = FIELDS * row + field
            count, _ = scan_text(
                packed.utf8_bytes, packed.starts[text], packed.starts[text + 1], alphabet, None, buckets
            )
            begun = at
            first = np.int32(field * BUCKETS)
            for i in range(count):
                bucket = np.uint64(buckets[i])
                indices[np.uint64(at)] = buckets[i] + first  # The next index overwrites it if this column is not new.
                at += np.int64(times[bucket] == 0)
                times[bucket] += 1
            scale = SCALES[field] / np.sqrt(max(count, 1))
            for i in range(begun, at):
                bucket = np.uint64(indices[i] - first)
                values[i] = times[bucket] * scale
                times[bucket] = 0
        starts[row + 1] = at


@numba.njit(cache=True, nogil=True)
def dot(columns: Indices, values: NDArray[np.float32], weights: NDArray[np.float32]) -> float:
    """The product of one sparse row with the weights."""
    first = second = third = fourth = 0.0  # Four independent sums, so that additions can run in parallel.
    i = np.uint64(0)
    whole = np.uint64(values.size) & ~np.uint64(3)
    while i < whole:
        first += values[i] * weights[np.uint64(columns[i])]
        second += values[i + np.uint64(1)] * weights[np.uint64(columns[i + np.uint64(1)])]
        third += values[i + np.uint64(2)] * weights[np.uint64(columns[i + np.uint64(2)])]
        fourth += values[i + np.uint64(3)] * weights[np.uint64(columns[i + np.uint64(3)])]
        i += np.uint64(4)
    while i < np.uint64(values.size):
        first += values[i] * weights[np.uint64(columns[i])]
        i += np.uint64(1)
    return first + second + third + fourth


@numba.njit(cache=True, nogil=True)
def _multiply_rows(texts: TextMatrix, rows: Rows, weights: NDArray[np.float32]) -> NDArray[np.float64]:
    products = np.empty(rows.size)
    for i in range(rows.size):
        first, last = texts.starts[rows[i]], texts.starts[rows[i] + 1]
        products[i] = dot(texts.indices[first:last], texts.values[first:last], weights)
    return products
