"""The arrays from which `models.share_kernels` computes the shares of a forest's columns."""

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from models.share_kernels import POINTS, LookedUpTrees, Shares, TraversedTrees, write_ways
from models.treetext import Tree

MOST_SPLITS: Final = 6  # One of 64 ways; the table of 400 such trees takes up to a megabyte.
_NONE: Final = -1
_FIELDS: Final = 5  # Of a node, and of a small tree.


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
    small = [tree for tree in trees if len(tree.columns) <= MOST_SPLITS]
    large = [tree for tree in trees if len(tree.columns) > MOST_SPLITS]
    return Shares(_lookup_arrays(small), _traversal_arrays(large), math.fsum(map(_expected_value, trees)))


def _expected_value(tree: Tree) -> float:
    total = sum(tree.leaf_counts)
    return sum(leaf * count / total for leaf, count in zip(tree.leaves, tree.leaf_counts, strict=True))


def _lookup_arrays(trees: Sequence[Tree]) -> LookedUpTrees:
    traversed = _traversal_arrays(trees)
    is_split = traversed.nodes[:, 1] >= 0
    places: list[tuple[int, ...]] = []
    ends: list[tuple[int, int]] = []
    columns: list[int] = []
    split = node = table_size = 0
    for tree in trees:
        different, splits = sorted(set(tree.columns)), len(tree.columns)
        places.append((split, split + splits, len(columns), len(columns) + len(different), table_size))
        ends.append((node, node + splits + len(tree.leaves)))
        columns += different
        split, node, table_size = split + splits, ends[-1][1], table_size + (len(different) << splits)
    looked_up = LookedUpTrees(
        np.array(places, np.int64).reshape(-1, _FIELDS),
        np.ascontiguousarray(traversed.nodes[is_split][:, 1:3]),
        traversed.values[is_split],
        np.array(columns, np.int32),
        np.empty(table_size),
    )
    write_ways(traversed, np.array(ends, np.int64).reshape(-1, 2), looked_up, np.zeros(max(columns, default=0) + 1))
    return looked_up


def _traversal_arrays(trees: Sequence[Tree]) -> TraversedTrees:
    nodes: list[tuple[int, int, int, int, int]] = []
    values: list[float] = []
    unknown: list[float] = []
    longest = 1
    for tree in trees:
        begin = len(nodes)
        for node in _tree_nodes(tree):
            is_leaf = node.split < 0
            nodes.append(
                (
                    node.above if node.above == _NONE else begin + node.above,
                    _NONE if is_leaf else tree.columns[node.split],
                    not is_leaf and tree.missing_left[node.split],
                    node.right,
                    node.before if node.before == _NONE else begin + node.before,
                )
            )
            values.append(tree.leaves[~node.split] if is_leaf else tree.thresholds[node.split])
            unknown.append(node.unknown)
            longest = max(longest, node.columns)
    many = POINTS * -(-longest // (2 * POINTS))
    places, weights = np.polynomial.legendre.leggauss(many)
    known = (places + 1) / 2
    return TraversedTrees(
        np.array(nodes, np.int32).reshape(-1, _FIELDS),
        np.array(values),
        np.array(unknown),
        1 / (np.outer(unknown, 1 - known) + known),
        known,
        1 / (1 - known),
        weights / 2,
    )


def _tree_nodes(tree: Tree) -> Iterator[_Node]:
    """The nodes of a tree, each behind the one above it."""
    waiting: list[tuple[_Node, dict[int, tuple[int, float]]]] = [
        (_Node(_NONE, tree.root, False, _NONE, 1.0, _NONE, 0), {})
    ]
    number = 0
    while waiting:
        node, edges = waiting.pop()
        yield node
        if node.above != _NONE:
            edges = {**edges, node.column: (number, node.unknown)}
        if node.split >= 0:
            column = tree.columns[node.split]
            before, opening = edges.get(column, (_NONE, 1.0))
            for child, right in ((tree.left_child[node.split], False), (tree.right_child[node.split], True)):
                count = tree.leaf_counts[~child] if child < 0 else tree.counts[child]
                unknown = opening * count / tree.counts[node.split]
                waiting.append((_Node(number, child, right, before, unknown, column, len({*edges, column})), edges))
        number += 1
