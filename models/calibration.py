"""Log-odds of a model to a probability that means what it says."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Sigmoid:
    """Platt's form: probability = 1 / (1 + exp(-(slope * value + offset))). It keeps contributions additive."""

    slope: float
    offset: float

    def log_odds(self, value: float) -> float:
        """Calibrated log-odds."""
        return self.slope * value + self.offset

    def probability(self, value: float) -> float:
        """Calibrated probability; never 0 or 1, which no finite sample can prove."""
        return expit(self.log_odds(value))

    def probabilities(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """`probability` of each, shape (n,)."""
        return np.array([self.probability(float(value)) for value in values], dtype=np.float64)


def expit(log_odds: float) -> float:
    """The probability of log-odds, within [1e-9, 1 - 1e-9].

    >>> expit(0.0)
    0.5
    """
    bounded = max(-20.7, min(20.7, log_odds))
    return 1.0 / (1.0 + math.exp(-bounded))
