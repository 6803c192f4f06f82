"""The scoring model: a learner of numbers and the text model, combined and calibrated, with additive contributions."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from features.compute import NAMES
from features.listing import Listing
from models.calibration import Calibration, expits
from models.learners import Learner
from models.textmodel import TextModel

TEXT_COLUMN = "text_log_odds"


class Join(StrEnum):
    """How text and numbers are combined; the learner and the number of positives decide, never results."""

    OFFSET = "offset"  # The learner was fitted to what the text leaves open, and both log-odds add up.
    SUM = "sum"  # A weighted sum of the two standardised log-odds.
    STACK = "stack"  # The learner alone, whose last column is the text log-odds.


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
    """The weights that combine the values of learner and text into one; with `STACK` only the learner contributes.

    `text_weight` is a share with `SUM`, and with `OFFSET` the log-odds of one spread of the text.
    """

    join: Join
    text_weight: float
    numbers: Standard
    text: Standard

    @property
    def number_weight(self) -> float:
        """The weight of the learner's standardised value."""
        return 1 - self.text_weight if self.join is Join.SUM else 1.0

    def join_values(self, numbers: NDArray[np.float64], text: NDArray[np.float64]) -> NDArray[np.float64]:
        """The joined value, shape (n,)."""
        if self.join is Join.STACK:
            return numbers
        return self.number_weight * self.numbers.apply(numbers) + self.text_weight * self.text.apply(text)


@dataclass(frozen=True, slots=True)
class Contributions:
    """Parts of a calibrated log-odds: one per feature, one for the text model; with `base` they sum to it."""

    features: NDArray[np.float64]
    text: NDArray[np.float64]
    base: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Classifier:
    """Maps numbers and text to a calibrated probability. Immutable and deterministic."""

    learner: Learner
    text: TextModel
    combiner: Combiner
    calibration: Calibration

    def values(
        self, matrix: NDArray[np.float64], listings: Sequence[Listing], *, threads: int = 1
    ) -> NDArray[np.float64]:
        """The input of the calibration, shape (n,), from feature rows (n, n_features) and their listings."""
        text = self.text.many(listings)
        numbers = self.learner.raw(self._columns(matrix, text), threads=threads)
        return self.combiner.join_values(numbers, text)

    def log_odds(
        self, matrix: NDArray[np.float64], listings: Sequence[Listing], *, threads: int = 1
    ) -> NDArray[np.float64]:
        """Calibrated log-odds, shape (n,)."""
        return self.calibration.log_odds(self.values(matrix, listings, threads=threads))

    def probabilities(self, matrix: NDArray[np.float64], listings: Sequence[Listing]) -> NDArray[np.float64]:
        """Calibrated probabilities, shape (n,)."""
        return expits(self.log_odds(matrix, listings))

    def contributions(
        self, matrix: NDArray[np.float64], listings: Sequence[Listing], *, threads: int = 1
    ) -> Contributions:
        """The parts of `log_odds`, exactly.

        The learner's contributions and the text's part, scaled as the combiner scales, sum to the value. The
        calibration need not be linear. Each listing's parts are scaled alike, by the calibration's mean slope between
        the base value and the listing's value. The parts therefore keep their shares and sum to the calibrated
        log-odds.
        """
        parts = self._parts(matrix, listings, threads)
        moved = parts.features.sum(axis=1) + parts.text
        slopes = self.calibration.slopes(parts.base, parts.base + moved)
        base = self.calibration.log_odds(parts.base + moved) - slopes * moved
        return Contributions(slopes[:, None] * parts.features, slopes * parts.text, base)

    def _parts(self, matrix: NDArray[np.float64], listings: Sequence[Listing], threads: int) -> Contributions:
        """The parts of `values`."""
        text = self.text.many(listings)
        shap = self.learner.contributions(self._columns(matrix, text), threads=threads)
        if self.combiner.join is Join.STACK:
            return Contributions(shap[:, :-2], shap[:, -2], shap[:, -1])
        number_scale = self.combiner.number_weight / self.combiner.numbers.spread
        text_scale = self.combiner.text_weight / self.combiner.text.spread
        base = number_scale * (shap[:, -1] - self.combiner.numbers.mean)
        return Contributions(number_scale * shap[:, :-1], text_scale * (text - self.combiner.text.mean), base)

    def _columns(self, matrix: NDArray[np.float64], text: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([matrix, text]) if self.combiner.join is Join.STACK else matrix


def learner_columns(join: Join, tried: Sequence[str] = ()) -> tuple[str, ...]:
    """The learner's columns in order; those that are only tried come after the features."""
    return (*NAMES, *tried, TEXT_COLUMN) if join is Join.STACK else (*NAMES, *tried)
