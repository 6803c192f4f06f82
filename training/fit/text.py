"""The n-gram weights, by logistic regression with dual coordinate ascent.

The objective is that of liblinear: half the squared length of the weights plus the weighted log-losses, each times a
cost. At convergence the weights equal those of liblinear. Each step solves the problem exactly for one listing with all
others fixed (Yu, Huang and Lin 2011; Shalev-Shwartz and Zhang 2013), so there is no learning rate. A few epochs over
many listings come close; `make bench` reports how close, and the time that liblinear takes.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from features.ngrams import BUCKETS
from features.text_kernel import COLUMNS, FIELDS, Indices
from models.arrays import Floats, Labels, Rows
from models.classifier import SCALES, TextModel
from training.fit.text_matrix import TextMatrix, dot

Singles = NDArray[np.float32]

# Up to 500 rows, the cost is that of the character baseline, which was chosen for 500 rows. With more rows, the cost of
# one row falls with their number, so that the total cost against the regularisation stays constant.
TEXT_COST: Final = 10.0
TEXT_COST_ROWS: Final = 500
# Small data are solved to near convergence; large data get as many steps as take seconds.
MOST_EPOCHS: Final = 100
FEWEST_EPOCHS: Final = 5
STEPS: Final = 70_000
_SOLVED: Final = 1e-4  # Stop after an epoch in which no multiplier moves by more than this share of its range.
_ORDER_SEED: Final = 0  # The steps are shuffled in an order that is the same in every fit.


@dataclass(frozen=True, slots=True)
class FittedText:
    """A text model together with the weights that training uses on its scaled matrix."""

    model: TextModel
    weights: Singles

    def many_rows(self, texts: TextMatrix, rows: Rows) -> Floats:
        """Log-odds of the rows of a matrix, shape (len(rows),)."""
        return texts.times(self.weights, rows) + self.model.intercept


def row_cost(rows: int, cost: float = TEXT_COST) -> float:
    """The cost of one row's log-loss, among `rows` rows, relative to half the squared length of the weights."""
    return cost * min(1.0, TEXT_COST_ROWS / rows)


def most_epochs(rows: int) -> int:
    """The maximum number of epochs for this number of rows."""
    return min(MOST_EPOCHS, max(FEWEST_EPOCHS, STEPS // rows))


class _Problem(NamedTuple):
    """The rows to fit: row i has values[places[i] : places[i + 1]], in columns from indices[starts[i]] on.

    `signs` are the labels as -1 and 1; `squares` are the rows' squared lengths.
    """

    indices: Indices
    starts: NDArray[np.int64]
    values: Singles
    places: NDArray[np.int64]
    squares: Floats
    signs: Floats
    costs: Floats


def fit_text(texts: TextMatrix, rows: Rows, labels: Labels, weights: Floats, *, cost: float = TEXT_COST) -> FittedText:
    """Balanced logistic regression on idf-weighted n-grams of some rows, with the idf folded into the weights.

    `labels` and `weights` have shape (n,); `rows` selects from them.
    """
    idf = (np.log((1 + len(rows)) / (1 + _row_counts(texts, rows))) + 1).astype(np.float32)
    positive = labels[rows] > 0
    costs = row_cost(len(rows), cost) * _balance_weights(positive, weights[rows])
    places = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(texts.starts[rows + 1] - texts.starts[rows], out=places[1:])
    values = np.empty(places[-1], np.float32)
    squares = _scale_by_idf(texts, rows, idf, places, values)
    problem = _Problem(texts.indices, texts.starts[rows], values, places, squares, np.where(positive, 1.0, -1.0), costs)
    solved, intercept = _solve(problem, most_epochs(len(rows)))
    solved *= idf
    # Scoring uses no matrix, so these weights include the fields' scales.
    scored = solved.reshape(FIELDS, BUCKETS) * np.array(SCALES, np.float32)[:, None]
    return FittedText(TextModel(scored.reshape(COLUMNS), intercept), solved)


def _balance_weights(positive: NDArray[np.bool_], weights: Floats) -> Floats:
    """The weights, scaled so that each class has half of the total."""
    share = float(weights[positive].sum() / weights.sum())
    return np.asarray(weights / (2 * np.where(positive, share, 1 - share)))


def _solve(problem: _Problem, epochs: int) -> tuple[Singles, float]:
    """Weights, shape (COLUMNS,), and intercept."""
    weights, intercept = np.zeros(COLUMNS, np.float32), 0.0
    multipliers = np.zeros(len(problem.costs))
    random = np.random.default_rng(_ORDER_SEED)
    for _ in range(epochs):
        order = random.permutation(len(multipliers))
        intercept, moved = _run_epoch(problem, order, weights, multipliers, intercept)
        if moved < _SOLVED:
            break
    return weights, intercept


@numba.njit(cache=True, nogil=True)
def _row_counts(texts: TextMatrix, rows: Rows) -> NDArray[np.int64]:
    """The number of rows in which each column occurs."""
    counts = np.zeros(COLUMNS, np.int64)
    for row in rows:
        for i in range(texts.starts[row], texts.starts[row + 1]):
            counts[np.uint64(texts.indices[i])] += 1
    return counts


@numba.njit(cache=True, nogil=True)
def _scale_by_idf(texts: TextMatrix, rows: Rows, idf: Singles, places: NDArray[np.int64], out: Singles) -> Floats:
    """Write the rows' values times idf to `out`; returns each row's squared length.

    The intercept is the weight of an extra column of ones, as in liblinear.
    """
    squares = np.ones(rows.size)
    for i in range(rows.size):
        shift = texts.starts[rows[i]] - places[i]
        for at in range(places[i], places[i + 1]):
            weight = texts.values[at + shift] * idf[np.uint64(texts.indices[at + shift])]
            out[at] = weight
            squares[i] += np.float64(weight) * weight
    return squares


@numba.njit(cache=True, nogil=True)
def _run_epoch(
    problem: _Problem, order: Rows, weights: Singles, multipliers: Floats, intercept: float
) -> tuple[float, float]:
    """Take one step for each row in this order and change `weights` and `multipliers` in place.

    Returns the intercept and the largest step, as a share of the multiplier's range.
    """
    indices, starts, values, places, squares, signs, costs = problem
    largest = 0.0
    for i in order:
        if costs[i] <= 0.0:
            continue
        size = places[i + 1] - places[i]
        columns = indices[starts[i] : starts[i] + size]
        row = values[places[i] : places[i + 1]]
        margin = signs[i] * (dot(columns, row, weights) + intercept)
        moved = _multiplier(margin, multipliers[i], costs[i], squares[i]) - multipliers[i]
        multipliers[i] += moved
        largest = max(largest, abs(moved) / costs[i])
        intercept += signs[i] * moved
        step = np.float32(signs[i] * moved)
        for j in range(size):
            weights[np.uint64(columns[j])] += step * row[j]
    return intercept, largest


@numba.njit(cache=True)
def _multiplier(margin: float, before: float, cost: float, square: float) -> float:
    """The best multiplier of one row with all others fixed, between 0 and `cost`.

    The row's margin z then satisfies z = margin + square x (cost / (1 + exp(z)) - before). The right side decreases in
    z, so z is unique. Newton's method finds it, with bisection where a step would leave the bracket.
    """
    low, high = margin - square * before, margin + square * (cost - before)
    z = min(max(margin, low), high)
    for _ in range(60):
        loss = 1.0 / (1.0 + np.exp(z))
        excess = z - margin - square * (cost * loss - before)
        if excess > 0.0:
            high = z
        else:
            low = z
        following = z - excess / (1.0 + square * cost * loss * (1.0 - loss))
        if not low < following < high:
            following = 0.5 * (low + high)
        if abs(following - z) <= 1e-9 * (1.0 + abs(z)):
            break
        z = following
    return float(cost / (1.0 + np.exp(z)))
