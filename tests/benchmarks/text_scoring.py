"""The text model's scores beside hashing and SGD, and beside the minimum work of any hashed linear model."""

import time
from collections.abc import Callable
from typing import Final

import numba
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse import hstack

from features import text_kernel
from features.listing import Listing
from features.ngrams import BUCKETS
from features.text_kernel import COLUMNS
from tests.benchmarks.long_texts import with_longer_texts
from tests.benchmarks.peers import CompetentPeer
from tests.benchmarks.work import SETTINGS
from training.evaluate.baselines import all_text
from training.fit.text import fit_text
from training.fit.text_matrix import TextMatrix
from training.simulation.synthetic import evaluation_set

_LISTINGS: Final = 4_000
_PEER_BATCH: Final = 250  # The peer takes a hundred times as long, so it scores another part of them in each round.
_PAGE: Final = """\
{many:,} simulated listings, lengthened by descriptions of others to {size:.0f} bytes and {grams:,.0f} n-grams on
average; one thread, processor time, medians of {rounds} rounds, the peer on other rows in each. Wanted of the walk are
at least 120x the peer, at most 3x the limit, and scores that differ by at most 1e-5 from the training matrix times the
weights in 64 bits: they differ by at most {parity:.1e}.

| what | microseconds a listing | the peer's time over it | it over the limit |
| --- | --- | --- | --- |
{rows}"""
_SIDES: Final = {
    "peer": "HashingVectorizer char_wb 3-5 and word 1-2, SGD, batches of 250 texts",
    "strings": "ours, from listings (the text model's `many`, encoding included)",
    "bytes": "ours, the walk alone, from UTF-8",
    "sums": "limit: look up and add the same weights, indices given",
}

Sides = dict[str, tuple[Callable[[int], object], int]]


def section(rounds: int) -> str:
    """The part of the page."""
    listings, labels = evaluation_set(SETTINGS, _LISTINGS)
    long = with_longer_texts(listings, seed=1)
    texts = all_text(long)
    matrix = TextMatrix.of(long)
    fitted = fit_text(matrix, np.arange(_LISTINGS), labels, np.ones(_LISTINGS))
    peer = CompetentPeer.fit(long[:1_000], labels[:1_000])
    weights, packed = fitted.model.weights, text_kernel.pack_texts(text_kernel.listing_texts(long))
    indices, ends = _indices(long)
    out = np.empty(_LISTINGS)

    def by_peer(number: int) -> None:
        batch = texts[number * _PEER_BATCH % _LISTINGS :][:_PEER_BATCH]
        peer.linear.decision_function(hstack([peer.characters.transform(batch), peer.words.transform(batch)]))

    sides: Sides = {
        "peer": (by_peer, _PEER_BATCH),
        "strings": (lambda _: fitted.model.many(long), _LISTINGS),
        "bytes": (lambda _: text_kernel.score_packed(packed, weights, out), _LISTINGS),
        "sums": (lambda _: _gather(indices, ends, weights[:BUCKETS], weights[BUCKETS:], out), _LISTINGS),
    }
    medians = {name: float(np.median(times)) for name, times in _microseconds(sides, rounds).items()}
    by_matrix = sp.csr_matrix((matrix.values, matrix.indices, matrix.starts), (_LISTINGS, COLUMNS)).astype(np.float64)
    expected = by_matrix @ fitted.weights.astype(np.float64) + fitted.model.intercept
    parity = float(np.abs(fitted.model.many(long) - expected).max())
    return _page(
        medians, parity=parity, size=packed.utf8_bytes.size / _LISTINGS, grams=ends[-1] / _LISTINGS, rounds=rounds
    )


def _microseconds(sides: Sides, rounds: int) -> dict[str, list[float]]:
    """Processor time per listing, without the first round, which compiles and warms up."""
    times_by_side: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, (side, many) in sides.items():
            begun = time.thread_time()
            side(number)
            if number:
                times_by_side[name].append((time.thread_time() - begun) / many * 1e6)
    return times_by_side


def _indices(listings: list[Listing]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Indices of every field of every listing within its field's weights, and their ends."""
    index_lists = [text_kernel.indices(text, 0) for text in text_kernel.listing_texts(listings)]
    return np.concatenate(index_lists), np.cumsum([len(index_list) for index_list in index_lists])


@numba.njit(nogil=True)
def _gather(
    indices: NDArray[np.int32],
    ends: NDArray[np.int64],
    heading: NDArray[np.float32],
    description: NDArray[np.float32],
    out: NDArray[np.float64],
) -> None:
    """The same scores from precomputed indices, by only looking up and adding the weights."""
    at = 0
    for i in range(out.size):
        out[i] = 0.0
        for field in range(2):
            weights = heading if field == 0 else description
            end = ends[2 * i + field]
            first = second = third = 0.0
            count = end - at
            while at + 3 <= end:
                first += weights[np.uint64(indices[at])]
                second += weights[np.uint64(indices[at + 1])]
                third += weights[np.uint64(indices[at + 2])]
                at += 3
            while at < end:
                first += weights[np.uint64(indices[at])]
                at += 1
            out[i] += (first + second + third) / np.sqrt(max(count, 1))


def _page(medians: dict[str, float], **figures: float) -> str:
    rows = []
    for name, what in _SIDES.items():
        took = medians[name]
        rows.append(f"| {what} | {took:,.2f} | {medians['peer'] / took:,.0f}x | {took / medians['sums']:,.2f}x |")
    return _PAGE.format(many=_LISTINGS, rows="\n".join(rows), **figures)
