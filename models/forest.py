"""The boosted trees, from LightGBM's text form without its run-time settings.

Raw values come from the trees in a flat array, a tenth of LightGBM's time for one row, and contributions from
`models.tree_shares`. Each forest is compared with LightGBM when it is read. Should a value differ by a bit, or a
contribution by more than rounding, LightGBM computes that forest. It also computes those that were just fitted, most of
which are read by nobody: a fit has one for each fold.

LightGBM is imported when the first forest is read. It imports scikit-learn, pandas and SciPy, which take a second, and
most processes never score.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from models.errors import BundleRefused
from models.flat_trees import ZERO, flatten, sum_leaves
from models.share_kernels import write_shares
from models.tree_shares import shares_of
from models.treetext import Tree, check_trees, trees_of

if TYPE_CHECKING:
    from lightgbm import Booster

_SETTINGS_START, _SETTINGS_END = "\nparameters:", "end of parameters\n"
_MISSING_TYPE_BITS: Final = 2
_MISSING_NAN: Final = 2
_FILE: Final = "forest.txt"
_TRIED: Final = 16  # Rows whose contributions are compared.
# Trees whose rows are compared in one call: for few rows, most of a call's time is its start.
_AT_ONCE: Final = 128
_TOLERANCE: Final = 1e-9


def without_settings(text: str) -> str:
    """The model text less its `parameters:` block, which holds thread counts and would change the digest."""
    start, end = text.find(_SETTINGS_START), text.find(_SETTINGS_END)
    return text if start < 0 or end < 0 else text[: start + 1] + text[end + len(_SETTINGS_END) :]


def splits_without_missing(text: str) -> int:
    """The number of splits that would treat NaN as zero: LightGBM makes them for columns that had no NaN in training.

    `decision_type` holds the missing type in bits 2 and 3: 0 none, 1 zero, 2 NaN (LightGBM, tree.h).
    """
    split_count = 0
    for line in text.splitlines():
        if line.startswith("decision_type="):
            kinds = [int(decision_type) >> _MISSING_TYPE_BITS & 3 for decision_type in line.partition("=")[2].split()]
            split_count += sum(kind != _MISSING_NAN for kind in kinds)
    return split_count


class Forest:
    """Raw log-odds and their contributions. LightGBM does not validate its input, so the trees are checked first.

    Those that LightGBM has `just_written` are neither checked nor flattened.

    `flattened` is whether our own code computes them: it gave LightGBM's values for rows at every threshold.
    """

    name: ClassVar[str] = "forest"
    file_names: ClassVar[tuple[str, ...]] = (_FILE,)

    def __init__(self, text: str, *, just_written: bool = False) -> None:
        from lightgbm.basic import Booster, LightGBMError  # noqa: PLC0415  # see above

        if not just_written:
            check_trees(text)
        try:
            self._booster = Booster(model_str=text)
        except LightGBMError as error:
            raise BundleRefused(
                "The forest cannot be read: {words}.", words=" ".join(str(error).split()).rstrip(".")
            ) from None
        self.text = text
        self.columns = tuple(self._booster.feature_name())
        self.flattened = not just_written
        if self.flattened:
            trees = list(trees_of(text))
            self._flat, self._shares = flatten(trees, len(self.columns)), shares_of(trees)
            self.flattened = self._agrees(trees)

    def files(self) -> dict[str, bytes]:
        return {_FILE: self.text.encode()}

    @classmethod
    def read(cls, files: Mapping[str, bytes]) -> Self:
        return cls(files[_FILE].decode())

    def _agrees(self, trees: Sequence[Tree]) -> bool:
        """Whether our values and shares are LightGBM's, the shares for some of the rows, because it is slow at them."""
        step = max(1, len(trees) // _TRIED)
        probed = enumerate(probe_rows(trees, len(self.columns)))
        while batch := list(islice(probed, _AT_ONCE)):
            rows = np.concatenate([tree_rows for _, tree_rows in batch])
            by_lightgbm = self._by_lightgbm(rows, 1)
            alone = np.concatenate([self.raw(rows[i : i + 1]) for i in range(len(rows))])
            if not np.array_equal(self.raw(rows), by_lightgbm) or not np.array_equal(alone, by_lightgbm):
                return False
            chosen = [tree_rows[len(tree_rows) // 2] for number, tree_rows in batch if number % step == 0]
            if chosen:
                tried = np.stack(chosen)
                by_lightgbm = self._contributions_by_lightgbm(tried, 1)
                if not np.allclose(self.contributions(tried), by_lightgbm, rtol=_TOLERANCE, atol=_TOLERANCE):
                    return False
        return True

    def raw(self, matrix: NDArray[np.float64], *, threads: int = 1) -> NDArray[np.float64]:
        """Log-odds, shape (n,), of rows of shape (n, columns); `threads` are LightGBM's, where it computes them.

        Raises ValueError (the rows have another number of columns).
        """
        if not self.flattened:
            return self._by_lightgbm(matrix, threads)
        log_odds = np.empty(len(matrix))
        sum_leaves(np.ascontiguousarray(matrix), self._flat, log_odds)
        return log_odds

    def _by_lightgbm(self, matrix: NDArray[np.float64], threads: int) -> NDArray[np.float64]:
        log_odds = self._booster.predict(matrix, raw_score=True, num_threads=threads)
        return np.asarray(log_odds, dtype=np.float64)

    def contributions(self, matrix: NDArray[np.float64], *, threads: int = 1) -> NDArray[np.float64]:
        """Exact SHAP values, shape (n, columns + 1); the last column is the expected value. Rows sum to `raw`."""
        if not self.flattened:
            return self._contributions_by_lightgbm(matrix, threads)
        shares = np.empty((len(matrix), len(self.columns) + 1))
        write_shares(np.ascontiguousarray(matrix), self._shares, shares)
        return shares

    def _contributions_by_lightgbm(self, matrix: NDArray[np.float64], threads: int) -> NDArray[np.float64]:
        shares = self._booster.predict(matrix, pred_contrib=True, num_threads=threads)
        return np.asarray(shares, dtype=np.float64)


def export_booster(booster: "Booster", names: Sequence[str]) -> str:
    """The text of a trained booster as a bundle keeps it.

    Raises ValueError (a split would read NaN as zero, or the columns are not the feature set).
    """
    text = without_settings(booster.model_to_string())
    if splits_without_missing(text):
        raise ValueError("a column had no missing value in training, so the forest would read NaN as zero")
    if list(booster.feature_name()) != list(names):
        raise ValueError("the forest's columns are not the feature set in its order")
    return text


def probe_rows(trees: Iterable[Tree], columns: int) -> Iterator[NDArray[np.float64]]:
    """Rows, shape (n, columns), for each tree; every other tree is reached with the other columns missing."""
    yield _constant_rows(columns)
    for number, tree in enumerate(trees):
        rest = math.nan if number % 2 else 0.0
        rows: list[NDArray[np.float64]] = []
        reached = [(tree.root, np.full(columns, rest))]
        while reached:
            node, row = reached.pop()
            if node < 0:
                continue
            column, threshold = tree.columns[node], tree.thresholds[node]
            at, above, missing = (_with_column_value(row, column, cell) for cell in _threshold_neighbours(threshold))
            rows += [at, above, missing]
            left_if_missing = tree.missing_left[node]
            reached.append((tree.left_child[node], missing if threshold == -math.inf and left_if_missing else at))
            reached.append(
                (tree.right_child[node], missing if threshold == math.inf and not left_if_missing else above)
            )
        if rows:
            yield np.stack(rows)


def _threshold_neighbours(threshold: float) -> tuple[float, float, float]:
    """The last value to the left of a threshold, the first to the right, and a missing one."""
    return threshold, math.nextafter(threshold, math.inf), math.nan


def _with_column_value(row: NDArray[np.float64], column: int, cell: float) -> NDArray[np.float64]:
    changed = row.copy()
    changed[column] = cell
    return changed


def _constant_rows(columns: int) -> NDArray[np.float64]:
    """Rows of one value in every column: among them what LightGBM reads as zero, and what it just does not."""
    beyond = math.nextafter(ZERO, math.inf)
    edges = (0.0, -0.0, ZERO, -ZERO, beyond, -beyond, 5e-324, math.inf, -math.inf, math.nan)
    return np.repeat(np.array(edges)[:, None], columns, axis=1)
