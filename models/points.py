"""The starter scorecard as a part of the model: what experts know and few labels can show.

Labels of a young model come from listings that the scorecard chose, and rare evidence is in few of them. The forest
cannot learn from them what the scorecard knows, so the model keeps its points, with a weight that the labels decide.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numba
import numpy as np
from numpy.typing import NDArray

from features.compute import FEATURES, NAMES
from features.listing import Listing
from features.spec import Family
from models.arrays import Floats
from models.bundle_files import finite_number
from models.policies.deciding import DEFAULT_SCORECARD, Rule

_NEW: Final = "new"
_MOST_RULES: Final = 1_000
_PARTS: Final = frozenset({"rules", "price_alone_at_most", "weight", "mean", "spread"})


# The columns of the table of rules. One array, because a kernel takes a microsecond to receive each.
_COLUMN, _LOW, _HIGH, _WORTH, _NEW_ONLY, _OF_PRICE = range(6)


@dataclass(frozen=True, slots=True)
class Points:
    """The rules of a scorecard, with the log-odds of one spread of their sum over the training rows."""

    rules: tuple[Rule, ...]
    price_alone_at_most: float
    weight: float
    mean: float
    spread: float
    _table: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.weight < 0 or self.spread <= 0 or len(self.rules) > _MOST_RULES:
            raise ValueError("points have a weight of at least zero, a spread above zero, and at most 1,000 rules")
        columns = [NAMES.index(rule.feature) for rule in self.rules]
        rows = [
            (column, rule.low, rule.high, rule.points, rule.new_only, FEATURES[column].family is Family.PRICE)
            for column, rule in zip(columns, self.rules, strict=True)
        ]
        object.__setattr__(self, "_table", np.array(rows, np.float64).reshape(len(rows), 6))

    def row_value(self, vector: Floats, listing: Listing) -> float:
        """What the points add to the value of one row, shape (n_features,): as in `values`, to the last bit."""
        points = float(_sum_row(vector, listing.condition == _NEW, self._table, float(self.price_alone_at_most)))
        return self.weight / self.spread * (points - self.mean)

    def sums(self, matrix: Floats, listings: Sequence[Listing]) -> Floats:
        """The points of each row, shape (n,), from feature rows (n, n_features) and their listings."""
        sums = np.empty(len(matrix))
        _sum_rows(np.ascontiguousarray(matrix), _are_new(listings), self._table, float(self.price_alone_at_most), sums)
        return sums

    def values(self, matrix: Floats, listings: Sequence[Listing]) -> Floats:
        """What the points add to the model's value, shape (n,)."""
        return self.weight / self.spread * (self.sums(matrix, listings) - self.mean)

    def parts(self, matrix: Floats, listings: Sequence[Listing]) -> tuple[Floats, float]:
        """The part of each column in `values`, shape (n, columns), and the part that is the same for all rows.

        The columns are the features, and those that are only tried after them.
        """
        scale, shares = self.weight / self.spread, np.zeros(matrix.shape)
        _add_feature_points(
            np.ascontiguousarray(matrix), _are_new(listings), self._table, float(self.price_alone_at_most), shares
        )
        return scale * shares, -scale * self.mean

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; a bound at infinity is null."""
        return {
            "rules": [
                [rule.feature, _finite_or_none(rule.low), _finite_or_none(rule.high), rule.points, rule.new_only]
                for rule in self.rules
            ],
            "price_alone_at_most": self.price_alone_at_most,
            "weight": self.weight,
            "mean": self.mean,
            "spread": self.spread,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Points":
        """The inverse of `to_dict`. Raises ValueError, TypeError, KeyError (it is none)."""
        if document.keys() != _PARTS:
            raise ValueError
        return cls(
            tuple(_parse_rule(*rule_row) for rule_row in document["rules"]),
            **{name: finite_number(document[name]) for name in _PARTS - {"rules"}},
        )


def _parse_rule(feature: object, low: object, high: object, points: object, new_only: object) -> Rule:
    if not isinstance(feature, str) or type(new_only) is not bool:
        raise ValueError
    bounds = -math.inf if low is None else finite_number(low), math.inf if high is None else finite_number(high)
    return Rule(feature, *bounds, finite_number(points), new_only)


def _finite_or_none(bound: float) -> float | None:
    return bound if math.isfinite(bound) else None


def _are_new(listings: Sequence[Listing]) -> NDArray[np.bool_]:
    return np.array([listing.condition == _NEW for listing in listings], np.bool_)


@numba.njit(cache=True, nogil=True)
def _applies(values: Floats, is_new: bool, rule: Floats) -> bool:
    feature_value = values[np.int64(rule[_COLUMN])]
    return rule[_LOW] <= feature_value < rule[_HIGH] and (is_new or rule[_NEW_ONLY] == 0.0)


@numba.njit(cache=True, nogil=True)
def _price_share(values: Floats, is_new: bool, table: Floats, most: float) -> float:
    """The share of the points of price signals that counts: less than all where only they add points."""
    of_price = others = 0.0
    for rule in table:
        if rule[_WORTH] > 0.0 and _applies(values, is_new, rule):
            if rule[_OF_PRICE] != 0.0:
                of_price += rule[_WORTH]
            else:
                others += rule[_WORTH]
    return most / of_price if others == 0.0 and of_price > most else 1.0


@numba.njit(cache=True, nogil=True)
def _sum_row(values: Floats, is_new: bool, table: Floats, most: float) -> float:
    share, points = _price_share(values, is_new, table, most), 0.0
    for rule in table:
        if _applies(values, is_new, rule):
            points += rule[_WORTH] * (share if rule[_OF_PRICE] != 0.0 and rule[_WORTH] > 0.0 else 1.0)
    return points


@numba.njit(cache=True, nogil=True)
def _sum_rows(matrix: Floats, is_new: NDArray[np.bool_], table: Floats, most: float, out: Floats) -> None:
    """Write the points of each row to `out`, shape (n,)."""
    for row in range(len(matrix)):
        out[row] = _sum_row(matrix[row], is_new[row], table, most)


@numba.njit(cache=True, nogil=True)
def _add_feature_points(matrix: Floats, is_new: NDArray[np.bool_], table: Floats, most: float, out: Floats) -> None:
    """Add the points of each row to their features in `out`, shape (n, n_features)."""
    for row in range(len(matrix)):
        share = _price_share(matrix[row], is_new[row], table, most)
        for rule in table:
            if _applies(matrix[row], is_new[row], rule):
                worth = rule[_WORTH] * (share if rule[_OF_PRICE] != 0.0 and rule[_WORTH] > 0.0 else 1.0)
                out[row, np.int64(rule[_COLUMN])] += worth


# The scorecard itself, each point of weight one.
DEFAULT_POINTS: Final = Points(DEFAULT_SCORECARD.rules, DEFAULT_SCORECARD.price_alone_at_most, 1.0, 0.0, 1.0)
