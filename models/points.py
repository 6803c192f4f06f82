"""The starter scorecard as a part of the model: what experts know and few labels can show.

Labels of a young model come from listings that the scorecard chose, and rare evidence is in few of them. The forest
cannot learn from them what the scorecard knows, so the model keeps its points, with a weight that the labels decide.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from features.compute import FEATURES, NAMES
from features.listing import Listing
from features.spec import Family
from models.bundle_files import number
from models.policies.deciding import Rule

Floats = NDArray[np.float64]

_NEW: Final = "new"
_MOST_RULES: Final = 1_000
_PARTS: Final = frozenset({"rules", "price_alone_at_most", "weight", "mean", "spread"})
_PRICE: Final = np.array([one.family is Family.PRICE for one in FEATURES])


class _Table(NamedTuple):
    """The rules as arrays, one entry each; `most` caps the points of price signals that stand alone."""

    columns: NDArray[np.int64]
    lows: Floats
    highs: Floats
    points: Floats
    new_only: NDArray[np.bool_]
    of_price: NDArray[np.bool_]
    most: float


@dataclass(frozen=True, slots=True)
class Points:
    """The rules of a scorecard, with the log-odds of one spread of their sum over the training rows."""

    rules: tuple[Rule, ...]
    price_alone_at_most: float
    weight: float
    mean: float
    spread: float
    _table: _Table = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.weight < 0 or self.spread <= 0 or len(self.rules) > _MOST_RULES:
            raise ValueError("points have a weight of at least zero, a spread above zero, and at most 1,000 rules")
        columns = np.array([NAMES.index(one.feature) for one in self.rules], np.int64)
        table = _Table(
            columns,
            np.array([one.low for one in self.rules], np.float64),
            np.array([one.high for one in self.rules], np.float64),
            np.array([one.points for one in self.rules], np.float64),
            np.array([one.new_only for one in self.rules], np.bool_),
            _PRICE[columns],
            float(self.price_alone_at_most),
        )
        object.__setattr__(self, "_table", table)

    def sums(self, matrix: Floats, listings: Sequence[Listing]) -> Floats:
        """The points of each row, shape (n,), from feature rows (n, n_features) and their listings."""
        found: Floats = self._by_feature(matrix, listings).sum(axis=1)
        return found

    def values(self, matrix: Floats, listings: Sequence[Listing]) -> Floats:
        """What the points add to the model's value, shape (n,)."""
        return self.weight / self.spread * (self.sums(matrix, listings) - self.mean)

    def parts(self, matrix: Floats, listings: Sequence[Listing]) -> tuple[Floats, float]:
        """The part of each feature in `values`, shape (n, n_features), and the part that is the same for all rows."""
        scale = self.weight / self.spread
        return scale * self._by_feature(matrix, listings), -scale * self.mean

    def _by_feature(self, matrix: Floats, listings: Sequence[Listing]) -> Floats:
        found = np.zeros((len(matrix), len(NAMES)))
        _add(np.ascontiguousarray(matrix), np.array([one.condition == _NEW for one in listings]), self._table, found)
        return found

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; a bound at infinity is null."""
        return {
            "rules": [
                [one.feature, _finite(one.low), _finite(one.high), one.points, one.new_only] for one in self.rules
            ],
            "price_alone_at_most": self.price_alone_at_most,
            "weight": self.weight,
            "mean": self.mean,
            "spread": self.spread,
        }

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> "Points":
        """The inverse of `to_dict`.

        Raises
        ------
        ValueError, TypeError, KeyError
            It is none.
        """
        if found.keys() != _PARTS:
            raise ValueError
        return cls(
            tuple(_rule(*one) for one in found["rules"]),
            **{name: number(found[name]) for name in _PARTS - {"rules"}},
        )


def _rule(feature: object, low: object, high: object, points: object, new_only: object) -> Rule:
    if not isinstance(feature, str) or feature not in NAMES or type(new_only) is not bool:
        raise ValueError
    bounds = -math.inf if low is None else number(low), math.inf if high is None else number(high)
    return Rule(feature, *bounds, number(points), new_only)


def _finite(bound: float) -> float | None:
    return bound if math.isfinite(bound) else None


@numba.njit(cache=True, nogil=True)
def _add(matrix: Floats, is_new: NDArray[np.bool_], table: _Table, out: Floats) -> None:
    """Add each row's points to their features in `out`, shape (n, n_features).

    Where only price signals add points, theirs are scaled down to the most that those may add.
    """
    for row in range(len(matrix)):
        of_price = others = 0.0
        for i in range(table.columns.size):
            value = matrix[row, table.columns[i]]
            if table.lows[i] <= value < table.highs[i] and (is_new[row] or not table.new_only[i]):
                out[row, table.columns[i]] += table.points[i]
                if table.points[i] > 0 and table.of_price[i]:
                    of_price += table.points[i]
                elif table.points[i] > 0:
                    others += table.points[i]
        if others == 0.0 and of_price > table.most:
            for i in range(table.columns.size):
                value = matrix[row, table.columns[i]]
                applies = table.lows[i] <= value < table.highs[i] and (is_new[row] or not table.new_only[i])
                if applies and table.points[i] > 0 and table.of_price[i]:
                    out[row, table.columns[i]] -= table.points[i] * (1.0 - table.most / of_price)
