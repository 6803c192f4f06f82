"""The model as it scores: forest and text joined, calibrated, with contributions that add up."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from features.compute import NAMES
from features.listing import Listing
from models.calibration import Sigmoid
from models.forest import Forest
from models.textmodel import TextModel

TEXT_COLUMN = "text_log_odds"


class Join(StrEnum):
    """How text and numbers meet; chosen by the number of positives in training, never by results."""

    SUM = "sum"  # A weighted sum of the two standardised log-odds.
    STACK = "stack"  # The text log-odds is the forest's last column.


@dataclass(frozen=True, slots=True)
class Standard:
    """Centre and spread of a log-odds over the out-of-fold scores of training."""

    mean: float
    spread: float

    def apply(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standardised values."""
        return (values - self.mean) / self.spread


@dataclass(frozen=True, slots=True)
class Combiner:
    """What turns forest and text values into one; with `STACK` only the forest speaks."""

    join: Join
    text_weight: float
    numbers: Standard
    text: Standard

    def join_values(self, numbers: NDArray[np.float64], text: NDArray[np.float64]) -> NDArray[np.float64]:
        """The joined value, shape (n,)."""
        if self.join is Join.STACK:
            return numbers
        return (1 - self.text_weight) * self.numbers.apply(numbers) + self.text_weight * self.text.apply(text)


@dataclass(frozen=True, slots=True)
class Contributions:
    """Parts of a calibrated log-odds: one per feature, one for the text model; with `base` they sum to it."""

    features: NDArray[np.float64]
    text: NDArray[np.float64]
    base: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Classifier:
    """Numbers and text to a calibrated probability. Immutable; the same input gives the same output."""

    forest: Forest
    text: TextModel
    combiner: Combiner
    calibration: Sigmoid

    def log_odds(
        self, matrix: NDArray[np.float64], listings: Sequence[Listing], *, threads: int = 1
    ) -> NDArray[np.float64]:
        """Calibrated log-odds, shape (n,), of feature rows (n, n_features) and their listings."""
        text = self.text.many(listings)
        numbers = self.forest.raw(self._columns(matrix, text), threads=threads)
        return self.calibration.slope * self.combiner.join_values(numbers, text) + self.calibration.offset

    def contributions(
        self, matrix: NDArray[np.float64], listings: Sequence[Listing], *, threads: int = 1
    ) -> Contributions:
        """The parts of `log_odds`, exactly: SHAP values of the forest, scaled as the combiner and calibration scale."""
        text = self.text.many(listings)
        shap = self.forest.contributions(self._columns(matrix, text), threads=threads)
        slope, offset, n = self.calibration.slope, self.calibration.offset, len(NAMES)
        if self.combiner.join is Join.STACK:
            return Contributions(slope * shap[:, :n], slope * shap[:, n], slope * shap[:, -1] + offset)
        number_scale = slope * (1 - self.combiner.text_weight) / self.combiner.numbers.spread
        text_scale = slope * self.combiner.text_weight / self.combiner.text.spread
        base = number_scale * (shap[:, -1] - self.combiner.numbers.mean) + offset
        return Contributions(number_scale * shap[:, :n], text_scale * (text - self.combiner.text.mean), base)

    def _columns(self, matrix: NDArray[np.float64], text: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([matrix, text]) if self.combiner.join is Join.STACK else matrix


def forest_columns(join: Join) -> tuple[str, ...]:
    """The forest's columns in order."""
    return (*NAMES, TEXT_COLUMN) if join is Join.STACK else NAMES
