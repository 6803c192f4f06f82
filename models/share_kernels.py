"""Each column's share in the raw value of a forest: LightGBM's `pred_contrib`, exact SHAP values, in less time.

Where a row takes the side of an edge, the edge is open, otherwise closed; to somebody who does not know the column, it
is open to the share of training rows that took it. A leaf counts by the product of its path's openings, one for each
column: if a column splits a path several times, that of its last edge.

The Shapley value of such a product is an integral over t from 0 to 1: of the column's difference between known and
unknown, times the product of the other columns' openings, each mixed from unknown (1 - t) and known (t). The integrand
is a polynomial, so Gauss and Legendre's few points give the integral exactly. A pass down a tree multiplies the
openings at each point. A pass up adds the leaves below each edge and divides the edge's own opening out again.
"""

from typing import Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from models.arrays import Floats, Places
from models.flat_trees import ZERO

POINTS: Final = 4  # Taken at once; as many are exact for twice as many columns on a path.

Numbers = NDArray[np.int32]
State = NDArray[np.int64]


class TraversedTrees(NamedTuple):
    """Trees as a traversal needs them, with a row for each node; a node stands behind the one above it.

    `nodes` has the node above, the column of the node's own split, whether missing values go left there, whether the
    node is on the right of the one above, and the last node before whose edge splits the same column; -1 is none.
    `values` has the threshold of a split or the value of a leaf, `unknown` an edge's opening without knowledge.
    `known` are the points of the integral, `weights` theirs, `inverse` (nodes, points) one over an open edge's opening
    and `closed` one over 1 - t.
    """

    nodes: Numbers
    values: Floats
    unknown: Floats
    inverse: Floats
    known: Floats
    closed: Floats
    weights: Floats


class LookedUpTrees(NamedTuple):
    """Trees with the shares of each way through them, in `values`: a tree's columns, way after way.

    `trees` has, by tree, the first of its splits and the place behind the last, the same of its different columns, and
    the place of its first value. `splits` has the column of each split and whether missing values go left. Bit i of a
    way is whether the tree's split i goes right. Every split is asked, also those that a row does not reach: six
    comparisons take less time than a branch. Ways that no row can take have values that nobody reads.
    """

    trees: Places
    splits: Numbers
    thresholds: Floats
    columns: Numbers
    values: Floats


class Shares(NamedTuple):
    """A forest as its shares need it: small trees are looked up, others are traversed. `base` is the expected value."""

    looked_up: LookedUpTrees
    traversed: TraversedTrees
    base: float


@numba.njit(cache=True, nogil=True)
def write_shares(matrix: Floats, shares: Shares, out: Floats) -> None:
    """Write each row's shares to `out`, shape (n, columns + 1), the expected value last; `matrix` has C order.

    Raises ValueError (the shapes differ).
    """
    if matrix.shape[0] != out.shape[0] or matrix.shape[1] + 1 != out.shape[1]:
        raise ValueError("the rows have another number of columns than the forest")
    products, below, state = _new_buffers(shares.traversed)
    for row in range(out.shape[0]):
        out[row] = 0.0
        out[row, -1] = shares.base
        _add_looked_up(matrix[row], shares.looked_up, out[row])
        _add_traversed(matrix[row], shares.traversed, products, below, state, out[row])


@numba.njit(cache=True)
def _add_looked_up(row: Floats, looked_up: LookedUpTrees, out: Floats) -> None:
    trees, splits, thresholds = looked_up.trees, looked_up.splits, looked_up.thresholds
    columns, values = looked_up.columns, looked_up.values
    for i in range(trees.shape[0]):
        tree = np.uint64(i)
        way, bit = np.uint64(0), np.uint64(0)
        for split in range(np.uint64(trees[tree, 0]), np.uint64(trees[tree, 1])):
            right = _goes_right(row[np.uint64(splits[split, 0])], thresholds[split], splits[split, 1])
            way |= np.uint64(right) << bit
            bit += np.uint64(1)
        first, behind = np.uint64(trees[tree, 2]), np.uint64(trees[tree, 3])
        place = np.uint64(trees[tree, 4]) + way * (behind - first)
        for column in range(first, behind):
            out[np.uint64(columns[column])] += values[place]
            place += np.uint64(1)


@numba.njit(cache=True)
def _add_traversed(
    row: Floats, traversed: TraversedTrees, products: Floats, below: Floats, state: State, out: Floats
) -> None:
    nodes, many = traversed.nodes, traversed.values.size
    for i in range(many):
        node = np.uint64(i)
        column = nodes[node, 1]
        if column >= 0:
            state[node, 1] = _goes_right(row[np.uint64(column)], traversed.values[node], nodes[node, 2])
    _multiply_down(traversed, 0, many, products, below, state)
    _add_up(traversed, 0, many, below, state, out)


@numba.njit(cache=True)
def write_ways(traversed: TraversedTrees, ends: Places, looked_up: LookedUpTrees, out: Floats) -> None:
    """Write the values of trees that are looked up, by a traversal for each way.

    `ends` has the first node of each tree and the place behind its last. `out` has zeros for all columns.
    """
    products, below, state = _new_buffers(traversed)
    for tree in range(ends.shape[0]):
        begin, end = ends[tree]
        first_split, behind_split, first, behind, place = looked_up.trees[tree]
        for way in range(1 << (behind_split - first_split)):
            split = 0
            for node in range(begin, end):
                if traversed.nodes[node, 1] >= 0:
                    state[node, 1] = way >> split & 1
                    split += 1
            _multiply_down(traversed, begin, end, products, below, state)
            _add_up(traversed, begin, end, below, state, out)
            for column in looked_up.columns[first:behind]:
                looked_up.values[place] = out[column]
                out[column] = 0.0
                place += 1


@numba.njit(cache=True, inline="always")
def _goes_right(cell: float, threshold: float, missing_left: int) -> int:
    """Whether a row with this value takes the second child of a split, as LightGBM decides."""
    above = np.int64((0.0 if abs(cell) <= ZERO else cell) > threshold)
    return np.int64(1) - missing_left if np.isnan(cell) else above  # type: ignore[return-value]  # an integer of 64 bits


@numba.njit(cache=True)
def _new_buffers(traversed: TraversedTrees) -> tuple[Floats, Floats, State]:
    """Products, sums of leaves, and of each node whether its edge is open and whether the row goes right from it."""
    shape = (traversed.values.size, traversed.weights.size)
    return np.empty(shape), np.empty(shape), np.empty((shape[0], 2), np.int64)


@numba.njit(cache=True)
def _multiply_down(
    traversed: TraversedTrees, begin: int, end: int, products: Floats, below: Floats, state: State
) -> None:
    """Multiply the openings on the way to each node of whole trees, from the node `begin` to the one before `end`."""
    nodes, values, unknown, inverse = traversed.nodes, traversed.values, traversed.unknown, traversed.inverse
    known, weights = traversed.known, traversed.weights
    points = weights.size
    for i in range(begin, end):
        node = np.uint64(i)
        above, column, before = nodes[node, 0], nodes[node, 1], nodes[node, 4]
        leaf = values[node] if column < 0 else 0.0
        if above < 0:
            for j in range(points):
                products[node, j] = weights[j]
                below[node, j] = weights[j] * leaf
            continue
        parent = np.uint64(above)
        is_open = np.int64(state[parent, 1] == nodes[node, 3])
        z = unknown[node]
        if before < 0:
            state[node, 0] = is_open
            slope = np.float64(is_open) - z
            for first in range(0, points, POINTS):
                for j in range(POINTS):
                    q = np.uint64(first + j)
                    product = products[parent, q] * (z + slope * known[q])
                    products[node, q] = product
                    below[node, q] = product * leaf
        else:
            b = np.uint64(before)
            earlier = state[b, 0]
            is_open &= earlier
            state[node, 0] = is_open
            slope = np.float64(is_open) - z
            ratio = z / unknown[b]
            for first in range(0, points, POINTS):
                for j in range(POINTS):
                    q = np.uint64(first + j)
                    factor = (z + slope * known[q]) * inverse[b, q]
                    product = products[parent, q] * (factor if earlier else ratio)
                    products[node, q] = product
                    below[node, q] = product * leaf


@numba.njit(cache=True)
def _add_up(traversed: TraversedTrees, begin: int, end: int, below: Floats, state: State, out: Floats) -> None:
    """Add the share of each edge of these trees to its column."""
    nodes, unknown, inverse, closed = traversed.nodes, traversed.unknown, traversed.inverse, traversed.closed
    points = traversed.weights.size
    for i in range(end - 1, begin - 1, -1):
        node = np.uint64(i)
        above, before = nodes[node, 0], nodes[node, 4]
        if above < 0:
            continue
        parent = np.uint64(above)
        is_open = state[node, 0]
        total = 0.0
        for first in range(0, points, POINTS):
            for j in range(POINTS):
                q = np.uint64(first + j)
                total += below[node, q] * (inverse[node, q] if is_open else closed[q])
                below[parent, q] += below[node, q]
        total *= 1.0 - unknown[node] if is_open else -1.0
        if before >= 0:
            b = np.uint64(before)
            is_open = state[b, 0]
            earlier = 0.0
            for first in range(0, points, POINTS):
                for j in range(POINTS):
                    q = np.uint64(first + j)
                    earlier += below[node, q] * (inverse[b, q] if is_open else closed[q])
            total -= earlier * (1.0 - unknown[b] if is_open else -1.0)
        out[np.uint64(nodes[parent, 1])] += total
