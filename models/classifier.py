"""The scoring model: a learner of numbers and the linear n-gram model, calibrated, with additive contributions."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from features import text_kernel
from features.compute import NAMES
from features.listing import Listing
from models.calibration import CalibratedValue, Calibration, expits
from models.learners import Learner
from models.points import Points

# Title, description, brand and category. What a seller copies or picks from a list counts half of a title of equal
# length. Our choice (ADR 1).
SCALES: Final = (1.0, 0.5, 0.5, 0.5)


@dataclass(frozen=True, slots=True)
class TextModel:
    """Log-odds from text alone. `weights` has shape (text_kernel.COLUMNS,), scales and idf already inside."""

    weights: NDArray[np.float32]
    intercept: float

    def log_odds(self, listing: Listing) -> float:
        """The value of one listing; the intercept where it has no text."""
        return text_kernel.score(listing, self.weights) + self.intercept

    def many(self, listings: Sequence[Listing]) -> NDArray[np.float64]:
        """`log_odds` of each, shape (n,)."""
        return text_kernel.scores(listings, self.weights) + self.intercept

    def pull(self, phrase: str, fields: Sequence[int]) -> float:
        """The weights of the phrase's n-grams, summed over the fields that have it; above zero towards counterfeit."""
        return sum(float(self.weights[text_kernel.indices(phrase, field)].sum()) for field in fields)


TEXT_COLUMN = "text_log_odds"
Values = TypeVar("Values", float, NDArray[np.float64])


class Join(StrEnum):
    """How text and numbers are combined; the learner and the number of positives decide, never results."""

    OFFSET = "offset"  # The learner was fitted to what the text leaves open, and both log-odds add up.
    SUM = "sum"  # A weighted sum of the two standardised log-odds.
    STACK = "stack"  # The learner alone, whose last column is the text log-odds.


@dataclass(frozen=True, slots=True)
class StandardScale:
    """Centre and spread of a log-odds over the out-of-fold scores of training."""

    mean: float
    spread: float

    def __post_init__(self) -> None:
        if self.spread <= 0:
            raise ValueError("a spread is above zero")

    def apply(self, values: Values) -> Values:
        return (values - self.mean) / self.spread


@dataclass(frozen=True, slots=True)
class Combiner:
    """The weights that combine the values of learner and text into one; with `STACK` only the learner contributes.

    `text_weight` is a share with `SUM`, and with `OFFSET` the log-odds of one spread of the text.
    """

    join: Join
    text_weight: float
    numbers: StandardScale
    text: StandardScale

    @property
    def number_weight(self) -> float:
        """The weight of the learner's standardised value."""
        return 1 - self.text_weight if self.join is Join.SUM else 1.0

    def join_values(self, numbers: Values, text: Values) -> Values:
        """The joined value of one row, or of n rows, shape (n,)."""
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
    points: Points | None = None

    def values(
        self, matrix: NDArray[np.float64], listings: Sequence[Listing], *, threads: int = 1
    ) -> NDArray[np.float64]:
        """The input of the calibration, shape (n,), from feature rows (n, n_features) and their listings."""
        text = self.text.many(listings)
        numbers = self.learner.raw(self._columns(matrix, text), threads=threads)
        joined = self.combiner.join_values(numbers, text)
        return joined if self.points is None else joined + self.points.values(matrix, listings)

    def calibrate(self, vector: NDArray[np.float64], listing: Listing) -> CalibratedValue:
        """The calibrated value of one row of shape (n_features,), equal to that in a batch to the last bit."""
        text = self.text.log_odds(listing)
        columns = np.append(vector, text) if self.combiner.join is Join.STACK else vector
        raw_value = self.combiner.join_values(float(self.learner.raw(columns[None])[0]), text)
        if self.points is not None:
            raw_value += self.points.row_value(vector, listing)
        return self.calibration.calibrate(raw_value)

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
        parts = self.parts(matrix, listings, threads=threads)
        moved = parts.features.sum(axis=1) + parts.text
        slopes = self.calibration.slopes(parts.base, parts.base + moved)
        base = self.calibration.log_odds(parts.base + moved) - slopes * moved
        return Contributions(slopes[:, None] * parts.features, slopes * parts.text, base)

    def parts(self, matrix: NDArray[np.float64], listings: Sequence[Listing], *, threads: int = 1) -> Contributions:
        """The parts of `values`, which are not calibrated; the points belong to their features."""
        text = self.text.many(listings)
        shap = self.learner.contributions(self._columns(matrix, text), threads=threads)
        if self.combiner.join is Join.STACK:
            contributions = Contributions(shap[:, :-2], shap[:, -2], shap[:, -1])
        else:
            scale = self.combiner.number_weight / self.combiner.numbers.spread
            text_scale = self.combiner.text_weight / self.combiner.text.spread
            base = scale * (shap[:, -1] - self.combiner.numbers.mean)
            contributions = Contributions(scale * shap[:, :-1], text_scale * (text - self.combiner.text.mean), base)
        if self.points is None:
            return contributions
        by_feature, constant = self.points.parts(matrix, listings)
        return Contributions(contributions.features + by_feature, contributions.text, contributions.base + constant)

    def _columns(self, matrix: NDArray[np.float64], text: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([matrix, text]) if self.combiner.join is Join.STACK else matrix


def learner_columns(join: Join) -> tuple[str, ...]:
    """The learner's columns in order."""
    return (*NAMES, TEXT_COLUMN) if join is Join.STACK else NAMES
