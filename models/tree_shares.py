"""Each column's share in the raw value of a forest: LightGBM's `pred_contrib`, exact SHAP values, in less time.

Where a row takes the side of an edge, the edge is open, otherwise closed; to somebody who does not know the column, it
is open to the share of training rows that took it. A leaf counts by the product of its path's openings, one for each
column: if a column splits a path several times, that of its last edge.

The Shapley value of such a product is an integral over t from 0 to 1: of the column's difference between known and
unknown, times the product of the other columns' openings, each mixed from unknown (1 - t) and known (t). The integrand
is a polynomial, so Gauss and Legendre's few points give the integral exactly. A pass down a tree multiplies the
openings at each point. A pass up adds the leaves below each edge and divides the edge's own opening out again.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from models.flat_trees import ZERO
from models.treetext import Tree

_NONE: Final = -1
_POINTS: Final = 4  # Taken at once; as many are exact for twice as many columns on a path.

Floats = NDArray[np.float64]
Numbers = NDArray[np.int32]
State = NDArray[np.int64]


class Shares(NamedTuple):
    """Trees as the shares need them, with a row for each node; a node stands behind the one above it.

    `nodes` has the node above, the column of the node's own split, whether missing values go left there, whether the
    node is on the right of the one above, and the last node before whose edge splits the same column; -1 is none.
    `values` has the threshold of a split or the value of a leaf, `unknown` an edge's opening without knowledge.
    `known` are the points of the integral, `weights` theirs, `inverse` (nodes, points) one over an open edge's opening
    and `closed` one over 1 - t. `base` is the expected value.
    """

    nodes: Numbers
    values: Floats
    unknown: Floats
    inverse: Floats
    known: Floats
    closed: Floats
    weights: Floats
    base: float


class _Node(NamedTuple):
    above: int
    split: int  # Of the tree; below zero a leaf.
    right: bool
    before: int
    unknown: float
    column: int  # Of the edge.
    columns: int  # On the path.


def shares_of(trees: Sequence[Tree]) -> Shares:
    """The arrays of checked trees."""
    nodes: list[tuple[int, int, int, int, int]] = []
    values: list[float] = []
    unknown: list[float] = []
    base, longest = 0.0, 1
    for tree in trees:
        begin = len(nodes)
        for one in _nodes(tree):
            is_leaf = one.split < 0
            nodes.append(
                (
                    one.above if one.above == _NONE else begin + one.above,
                    _NONE if is_leaf else tree.columns[one.split],
                    not is_leaf and tree.missing_left[one.split],
                    one.right,
                    one.before if one.before == _NONE else begin + one.before,
                )
            )
            values.append(tree.leaves[~one.split] if is_leaf else tree.thresholds[one.split])
            unknown.append(one.unknown)
            longest = max(longest, one.columns)
        total = sum(tree.leaf_counts)
        base += sum(value * count / total for value, count in zip(tree.leaves, tree.leaf_counts, strict=True))
    many = _POINTS * -(-longest // (2 * _POINTS))
    places, weights = np.polynomial.legendre.leggauss(many)
    known = (places + 1) / 2
    return Shares(
        np.array(nodes, np.int32),
        np.array(values),
        np.array(unknown),
        1 / (np.outer(unknown, 1 - known) + known),
        known,
        1 / (1 - known),
        weights / 2,
        base,
    )


def _nodes(tree: Tree) -> Iterator[_Node]:
    """The nodes of a tree, each behind the one above it."""
    waiting: list[tuple[_Node, dict[int, tuple[int, float]]]] = [
        (_Node(_NONE, tree.root, False, _NONE, 1.0, _NONE, 0), {})
    ]
    number = 0
    while waiting:
        one, edges = waiting.pop()
        yield one
        if one.above != _NONE:
            edges = {**edges, one.column: (number, one.unknown)}
        if one.split >= 0:
            column = tree.columns[one.split]
            before, opening = edges.get(column, (_NONE, 1.0))
            for child, right in ((tree.left[one.split], False), (tree.right[one.split], True)):
                count = tree.leaf_counts[~child] if child < 0 else tree.counts[child]
                unknown = opening * count / tree.counts[one.split]
                waiting.append((_Node(number, child, right, before, unknown, column, len({*edges, column})), edges))
        number += 1


@numba.njit(cache=True, nogil=True)
def write_shares(matrix: Floats, shares: Shares, out: Floats) -> None:
    """Write each row's shares to `out`, shape (n, columns + 1), the expected value last; `matrix` has C order.

    Raises
    ------
    ValueError
        The shapes differ.
    """
    if matrix.shape[0] != out.shape[0] or matrix.shape[1] + 1 != out.shape[1]:
        raise ValueError("the rows have another number of columns than the forest")
    shape = (shares.values.size, shares.weights.size)
    products, below = np.empty(shape), np.empty(shape)
    state = np.empty((shape[0], 2), np.int64)  # Whether an edge is open, and whether the row goes right from a node.
    for row in range(out.shape[0]):
        _down(matrix[row], shares, products, below, state)
        out[row] = 0.0
        out[row, -1] = shares.base
        _up(shares, below, state, out[row])


@numba.njit(cache=True)
def _down(row: Floats, shares: Shares, products: Floats, below: Floats, state: State) -> None:
    nodes, values, unknown, inverse = shares.nodes, shares.values, shares.unknown, shares.inverse
    known, weights = shares.known, shares.weights
    points = weights.size
    for i in range(values.size):
        node = np.uint64(i)
        above, column, before = nodes[node, 0], nodes[node, 1], nodes[node, 4]
        leaf = 0.0
        if column < 0:
            leaf = values[node]
        else:
            value = row[np.uint64(column)]
            right = np.int64((0.0 if abs(value) <= ZERO else value) > values[node])
            state[node, 1] = 1 - nodes[node, 2] if np.isnan(value) else right
        if above < 0:
            for j in range(points):
                products[node, j] = weights[j]
                below[node, j] = weights[j] * leaf
            continue
        up = np.uint64(above)
        is_open = np.int64(state[up, 1] == nodes[node, 3])
        z = unknown[node]
        if before < 0:
            state[node, 0] = is_open
            slope = np.float64(is_open) - z
            for first in range(0, points, _POINTS):
                for j in range(_POINTS):
                    q = np.uint64(first + j)
                    product = products[up, q] * (z + slope * known[q])
                    products[node, q] = product
                    below[node, q] = product * leaf
        else:
            b = np.uint64(before)
            earlier = state[b, 0]
            is_open &= earlier
            state[node, 0] = is_open
            slope = np.float64(is_open) - z
            ratio = z / unknown[b]
            for first in range(0, points, _POINTS):
                for j in range(_POINTS):
                    q = np.uint64(first + j)
                    factor = (z + slope * known[q]) * inverse[b, q]
                    product = products[up, q] * (factor if earlier else ratio)
                    products[node, q] = product
                    below[node, q] = product * leaf


@numba.njit(cache=True)
def _up(shares: Shares, below: Floats, state: State, out: Floats) -> None:
    nodes, unknown, inverse, closed = shares.nodes, shares.unknown, shares.inverse, shares.closed
    points = shares.weights.size
    for i in range(shares.values.size - 1, -1, -1):
        node = np.uint64(i)
        above, before = nodes[node, 0], nodes[node, 4]
        if above < 0:
            continue
        up = np.uint64(above)
        is_open = state[node, 0]
        total = 0.0
        for first in range(0, points, _POINTS):
            for j in range(_POINTS):
                q = np.uint64(first + j)
                total += below[node, q] * (inverse[node, q] if is_open else closed[q])
                below[up, q] += below[node, q]
        total *= 1.0 - unknown[node] if is_open else -1.0
        if before >= 0:
            b = np.uint64(before)
            is_open = state[b, 0]
            earlier = 0.0
            for first in range(0, points, _POINTS):
                for j in range(_POINTS):
                    q = np.uint64(first + j)
                    earlier += below[node, q] * (inverse[b, q] if is_open else closed[q])
            total -= earlier * (1.0 - unknown[b] if is_open else -1.0)
        out[np.uint64(nodes[up, 1])] += total
