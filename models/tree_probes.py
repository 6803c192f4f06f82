"""Rows that take every split of a forest to its limits, by which a traversal is compared with LightGBM's.

A row reaches a split through the thresholds of those before it, and has the split's own threshold, the next number
above, or a missing value there. Random rows would rarely meet a threshold.
"""

import math
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from models.flat_trees import ZERO
from models.treetext import Tree


def probes(trees: Iterable[Tree], columns: int) -> Iterator[NDArray[np.float64]]:
    """Rows, shape (n, columns), for each tree; every other tree is reached with the other columns missing."""
    yield _everywhere(columns)
    for number, tree in enumerate(trees):
        rest = math.nan if number % 2 else 0.0
        rows: list[NDArray[np.float64]] = []
        reached = [(tree.root, np.full(columns, rest))]
        while reached:
            node, row = reached.pop()
            if node < 0:
                continue
            column, threshold = tree.columns[node], tree.thresholds[node]
            at, above, missing = (_with(row, column, value) for value in _around(threshold))
            rows += [at, above, missing]
            left_if_missing = tree.missing_left[node]
            reached.append((tree.left[node], missing if threshold == -math.inf and left_if_missing else at))
            reached.append((tree.right[node], missing if threshold == math.inf and not left_if_missing else above))
        if rows:
            yield np.stack(rows)


def _around(threshold: float) -> tuple[float, float, float]:
    """The last value to the left of a threshold, the first to the right, and a missing one."""
    return threshold, math.nextafter(threshold, math.inf), math.nan


def _with(row: NDArray[np.float64], column: int, value: float) -> NDArray[np.float64]:
    changed = row.copy()
    changed[column] = value
    return changed


def _everywhere(columns: int) -> NDArray[np.float64]:
    """Rows of one value in every column: among them what LightGBM reads as zero, and what it just does not."""
    beyond = math.nextafter(ZERO, math.inf)
    edges = (0.0, -0.0, ZERO, -ZERO, beyond, -beyond, 5e-324, math.inf, -math.inf, math.nan)
    return np.repeat(np.array(edges)[:, None], columns, axis=1)
