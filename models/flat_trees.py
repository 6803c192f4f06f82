"""The trees of a forest in one flat array, and their traversal: the raw value that LightGBM gives, to the last bit.

LightGBM asks at each split whether the value is missing before it compares. Here each split reads its value from a
slot, which holds what makes the comparison alone go the right way: a missing value is below all thresholds in a slot of
splits that send it to the left, and above all in a slot of those that send it to the right. A split that only tells
missing from known has a slot for that. The traversal therefore has no branch, and the loads of several rows, or of
several trees for one row, do not wait for each other.

A tree of up to six splits has one of 64 ways through it. For one row, all its splits are compared, also those that the
row does not reach, and the way's leaf is looked up: nothing waits for anything, which is faster still.

Thresholds stay in 64 bits, as features do. The leaves are added in LightGBM's order, tree after tree.

All is in one array of words of 64 bits, because each further argument adds a tenth to the time of a row:

* the number of slots, the number of trees, the first slot in which a missing value is above all, the first that only
  tells missing from known, and the place of the ways, zero where a tree has more than six splits;
* the column of each slot. The first has no column: it is the one that leaves read, below every threshold, and its word
  has the number of columns;
* the root and the depth of each tree;
* the nodes, two words each. The first is the threshold of a split or the value of a leaf. The second has the slot in
  its lower half and the place of the first child in its upper half. The second child is next to the first. A leaf is
  its own child;
* the ways of each tree: a word with the slots of its splits, ten bits each, their thresholds, the leaves, and the
  number of the leaf in which each way ends, a byte each. Bit i of a way is whether split i goes to its second child.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

from models.arrays import Floats
from models.treetext import Tree

_ROWS: Final = 16  # Traversed together.
_HEAD: Final = 5  # Words before the slots.
_NODE: Final = 2  # Words.
_HALF, _LOWER = 32, 0xFFFFFFFF
_MOST_SPLITS: Final = 6
_LEAVES: Final = 1 + _MOST_SPLITS
_ENDS: Final = _LEAVES + 1 + _MOST_SPLITS  # The numbers of the leaves in which the ways end, eight in a word.
_TREE_WORDS: Final = _ENDS + (1 << _MOST_SPLITS) // 8
_SLOT_BITS: Final = 10
_SLOT: Final = (1 << _SLOT_BITS) - 1
_BELOW, _ABOVE, _TELLING = range(3)
_KNOWN: Final = 0.5  # Between 0, known, and 1, missing.
# LightGBM reads values as close to zero as this as zero: `kZeroThreshold`, a float of 32 bits, in meta.h.
ZERO: Final = float(np.float32(1e-35))

Words = NDArray[np.uint64]


def flatten(checked_trees: Iterable[Tree], columns: int) -> Floats:
    """The array of checked trees that split rows of so many columns."""
    trees = list(checked_trees)
    slots = sorted({_split_slot(tree, node) for tree in trees for node in range(len(tree.columns))})
    number = {slot: i for i, slot in enumerate(slots, start=1)}
    kinds = [_BELOW, *(kind for kind, _ in slots)]
    head = [len(kinds), len(trees), kinds.count(_BELOW), len(kinds) - kinds.count(_TELLING), 0]
    head += [columns, *(column for _, column in slots)]
    first = len(head) + 2 * len(trees)
    values: list[float] = []
    ways: list[int] = []
    for tree in trees:
        root, depth, level = len(values), 0, [tree.root]
        while level:
            below: list[int] = []
            after = len(values) + len(level)
            for node in level:
                slot, child = 0, len(values)
                if node < 0:
                    values.append(tree.leaves[~node])
                else:
                    kind, _ = read = _split_slot(tree, node)
                    values.append(_KNOWN if kind == _TELLING else tree.thresholds[node])
                    slot, child = number[read], after + len(below)
                    below += [tree.left_child[node], tree.right_child[node]]
                ways.append(slot | (first + _NODE * child) << _HALF)
            level, depth = below, depth + bool(below)
        head += [first + _NODE * root, depth]
    flat = np.empty(first + _NODE * len(values))
    words = flat.view(np.uint64)
    words[:first], words[first + 1 :: _NODE] = head, ways
    flat[first::_NODE] = values
    if len(kinds) > _SLOT or any(len(tree.columns) > _MOST_SPLITS for tree in trees):
        return flat
    words[_HEAD - 1] = len(flat)
    return np.concatenate([flat, *(_small_tree_words(tree, number) for tree in trees)])


def _small_tree_words(tree: Tree, number: Mapping[tuple[int, int], int]) -> Floats:
    """The words of a small tree. Where it has no split, a slot of leaves is below infinity."""
    read = [_split_slot(tree, node) for node in range(len(tree.columns))]
    words = np.full(_TREE_WORDS, np.inf)
    words.view(np.uint64)[0] = sum(number[slot] << _SLOT_BITS * i for i, slot in enumerate(read))
    words[1 : 1 + len(read)] = [_KNOWN if kind == _TELLING else tree.thresholds[i] for i, (kind, _) in enumerate(read)]
    words[_LEAVES : _LEAVES + len(tree.leaves)] = tree.leaves
    words[_ENDS:].view(np.uint8)[:] = [~_leaf_of_way(tree, way) for way in range(1 << _MOST_SPLITS)]
    return words


def _leaf_of_way(tree: Tree, way: int) -> int:
    node = tree.root
    while node >= 0:
        node = tree.right_child[node] if way >> node & 1 else tree.left_child[node]
    return node


def _split_slot(tree: Tree, node: int) -> tuple[int, int]:
    """Kind and column of the slot that a split reads.

    To the right of a threshold of infinity there is only the missing value.
    """
    if tree.missing_left[node]:
        return _BELOW, tree.columns[node]
    return _TELLING if tree.thresholds[node] == np.inf else _ABOVE, tree.columns[node]


@numba.njit(cache=True, nogil=True)
def sum_leaves(matrix: Floats, flat: Floats, out: Floats) -> None:
    """Write the sum of each row's leaves to `out`, shape (n,); `matrix` has shape (n, columns), C order.

    Raises ValueError (the rows have another number of columns than those of training).
    """
    words = flat.view(np.uint64)
    if np.uint64(matrix.shape[1]) != words[_HEAD]:
        raise ValueError("the rows have another number of columns than the forest")
    many = np.uint64(out.size)
    alone = many % np.uint64(_ROWS)
    values = np.empty(words[0] * np.uint64(_ROWS if many > alone else 1))
    row = np.uint64(0)
    while row < many - alone:
        _sum_rows(matrix, row, flat, words, values, out)
        row += np.uint64(_ROWS)
    while row < many:
        if words[_HEAD - 1]:
            out[row] = _sum_small_trees(matrix, row, flat, words, values)
        else:
            out[row] = _sum_row(matrix, row, flat, words, values)
        row += np.uint64(1)


@numba.njit(cache=True, nogil=True)
def _sum_rows(matrix: Floats, first: np.uint64, flat: Floats, words: Words, values: Floats, out: Floats) -> None:
    """One tree after the other, all rows a step at a time."""
    at = np.empty(_ROWS, np.uint64)
    for i in range(_ROWS):
        lane = np.uint64(i)
        _fill_slots(matrix, first + lane, words, values, np.uint64(_ROWS), lane)
        out[first + lane] = 0.0
    tree = np.uint64(_HEAD) + words[0]
    for _ in range(words[1]):
        for i in range(_ROWS):
            at[np.uint64(i)] = words[tree]
        for _ in range(words[tree + np.uint64(1)]):
            for i in range(_ROWS):
                lane = np.uint64(i)
                at[lane] = _child_node(at[lane], flat, words, values, np.uint64(_ROWS), lane)
        for i in range(_ROWS):
            lane = np.uint64(i)
            out[first + lane] += flat[at[lane]]
        tree += np.uint64(2)


@numba.njit(cache=True, nogil=True)
def _sum_row(matrix: Floats, row: np.uint64, flat: Floats, words: Words, values: Floats) -> float:
    """Eight trees a step at a time, to the depth of the deepest; their places stay in registers."""
    unit, none = np.uint64(1), np.uint64(0)
    _fill_slots(matrix, row, words, values, unit, none)
    total = 0.0
    tree = np.uint64(_HEAD) + words[0]
    end = tree + np.uint64(2) * words[1]
    while tree + np.uint64(16) <= end:
        a, b, c, d = words[tree], words[tree + np.uint64(2)], words[tree + np.uint64(4)], words[tree + np.uint64(6)]
        tree += np.uint64(8)
        e, f, g, h = words[tree], words[tree + np.uint64(2)], words[tree + np.uint64(4)], words[tree + np.uint64(6)]
        tree += np.uint64(8)
        depth = none
        for other in range(np.uint64(1), np.uint64(16), np.uint64(2)):
            depth = max(depth, words[tree - other])
        for _ in range(depth):
            a = _child_node(a, flat, words, values, unit, none)
            b = _child_node(b, flat, words, values, unit, none)
            c = _child_node(c, flat, words, values, unit, none)
            d = _child_node(d, flat, words, values, unit, none)
            e = _child_node(e, flat, words, values, unit, none)
            f = _child_node(f, flat, words, values, unit, none)
            g = _child_node(g, flat, words, values, unit, none)
            h = _child_node(h, flat, words, values, unit, none)
        total = total + flat[a] + flat[b] + flat[c] + flat[d] + flat[e] + flat[f] + flat[g] + flat[h]
    while tree < end:
        a = words[tree]
        for _ in range(words[tree + unit]):
            a = _child_node(a, flat, words, values, unit, none)
        total += flat[a]
        tree += np.uint64(2)
    return total


@numba.njit(cache=True, nogil=True)
def _sum_small_trees(matrix: Floats, row: np.uint64, flat: Floats, words: Words, values: Floats) -> float:
    _fill_slots(matrix, row, words, values, np.uint64(1), np.uint64(0))
    total = 0.0
    at = words[_HEAD - 1]
    for _ in range(words[1]):
        slots, way = words[at], np.uint64(0)
        for split in range(np.uint64(_MOST_SPLITS)):
            slot = slots >> np.uint64(_SLOT_BITS) * split & np.uint64(_SLOT)
            way |= np.uint64(values[slot] > flat[at + np.uint64(1) + split]) << split
        ends = words[at + np.uint64(_ENDS) + (way >> np.uint64(3))]
        total += flat[at + np.uint64(_LEAVES) + (ends >> ((way & np.uint64(7)) << np.uint64(3)) & np.uint64(255))]
        at += np.uint64(_TREE_WORDS)
    return total


@numba.njit(cache=True, inline="always")
def _child_node(
    at: np.uint64, flat: Floats, words: Words, values: Floats, stride: np.uint64, lane: np.uint64
) -> np.uint64:
    """The child of a node: the second where the value is above the threshold."""
    way = words[at + np.uint64(1)]
    above = values[(way & np.uint64(_LOWER)) * stride + lane] > flat[at]
    return np.uint64((way >> np.uint64(_HALF)) + np.uint64(_NODE) * np.uint64(above))


@numba.njit(cache=True, inline="always")
def _fill_slots(
    matrix: Floats, row: np.uint64, words: Words, values: Floats, stride: np.uint64, lane: np.uint64
) -> None:
    """Fill the slots of one row; slot s is values[s * stride + lane]."""
    above, telling = words[2], words[3]
    values[lane] = -np.inf
    for slot in range(np.uint64(1), words[0]):
        cell = matrix[row, words[np.uint64(_HEAD) + slot]]
        missing = np.isnan(cell)
        if abs(cell) <= ZERO:
            cell = 0.0
        if slot < above:
            cell = -np.inf if missing else cell
        elif slot < telling:
            cell = np.inf if missing else cell
        else:
            cell = 1.0 if missing else 0.0
        values[slot * stride + lane] = cell
