"""The calibration curve from values to probabilities, with a confidence band over sellers.

The number of labels determines the method. Values are out of fold by seller, so the curve is fitted on unseen sellers.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.arrays import Floats, Labels
from models.calibration import Band, Calibration, Curve, Method, Sigmoid, expits, logits
from training.evaluate.metrics import central_interval, seller_bootstrap

# Measured on real scores (ADR 12): fewer labels support only two parameters, whatever the shape of the true curve.
# With many labels both other methods agree, and the simpler one is used.
BENDS_FROM_POSITIVES: Final = 300
ISOTONIC_FROM_POSITIVES: Final = 1_000
# Listings of one seller are correlated, so many counterfeits of few sellers are few observations.
BENDS_FROM_SELLERS: Final = 60
# Rows are grouped by neighbouring values into at most this many groups, so that the curve does not follow single rows.
_MOST_GROUPS: Final = 200
_RESAMPLES: Final = 200
_BAND_VALUES: Final = 24
# Resampling fewer sellers of a class does not describe other sellers.
_FEWEST_SELLERS_OF_A_BAND: Final = 5
# Barely shrinks the slope, but keeps it finite where the values separate the classes.
_RIDGE: Final = 1e-3
_LEAST_SLOPE: Final = 1e-3
# Keeps an order among listings where the probability is constant.
_TILT: Final = 1e-3
_LEAST_STEP: Final = 1e-6
_NEWTON_STEPS: Final = 50
_SMALL: Final = 1e-12 * np.eye(2)  # Keeps the system solvable where all values are equal.


@dataclass(frozen=True, slots=True)
class OutOfFoldValues:
    """Out-of-fold values of listings of unseen sellers; every array has shape (n,)."""

    values: Floats
    labels: Labels
    weights: Floats
    groups: NDArray[np.intp]


def method_for(positives: int, positive_sellers: int) -> Method:
    """The method for this number of counterfeits and of their sellers; results do not influence it."""
    if positives < BENDS_FROM_POSITIVES or positive_sellers < BENDS_FROM_SELLERS:
        return Method.SIGMOID
    return Method.VENN_ABERS if positives < ISOTONIC_FROM_POSITIVES else Method.ISOTONIC


def fit_calibration(sample: OutOfFoldValues, *, seed: int = 0) -> Calibration:
    """The calibration of these values, with a band where each class has five sellers or more."""
    positive = sample.labels == 1
    method = method_for(int(positive.sum()), len(np.unique(sample.groups[positive])))
    curve = fit_curve(method, sample)
    sellers = (len(np.unique(sample.groups[rows])) for rows in (positive, ~positive))
    band = _resampled_band(method, sample, seed) if min(sellers) >= _FEWEST_SELLERS_OF_A_BAND else None
    return Calibration(method, curve, band)


def fit_curve(method: Method, sample: OutOfFoldValues) -> Sigmoid | Curve:
    """The curve by a method; a sigmoid where the method finds only one group of values."""
    if method is not Method.SIGMOID:
        grouped = _GroupedRows.of(sample)
        curve = _rising_curve(
            grouped.values, grouped.venn_abers() if method is Method.VENN_ABERS else grouped.isotonic()
        )
        if curve is not None:
            return curve
    return fit_sigmoid(sample.values, sample.labels, sample.weights)


def fit_sigmoid(values: Floats, labels: Labels, weights: Floats) -> Sigmoid:
    """The sigmoid of least weighted log-loss (Platt 1999), by Newton's method.

    The slope stays above zero, so that calibration never reverses the order of scores.
    """
    centre, spread = float(values.mean()), max(float(values.std()), 1e-9)
    x = (values - centre) / spread
    design = np.column_stack([x, np.ones_like(x)])
    ridge = np.diag([_RIDGE, 0.0])
    share = min(max(float(np.average(labels, weights=weights)), 1e-6), 1 - 1e-6)
    coefficients = np.array([0.0, math.log(share / (1 - share))])
    for _ in range(_NEWTON_STEPS):
        p = expits(design @ coefficients)
        gradient = design.T @ (weights * (labels - p)) - ridge @ coefficients
        step = np.linalg.solve(design.T @ (design * (weights * p * (1 - p))[:, None]) + ridge + _SMALL, gradient)
        # A full step from far away can diverge; steps of at most two units of log-odds converge.
        coefficients += step / max(1.0, float(np.abs(step).max()) / 2)
        if np.abs(step).max() < 1e-9:
            break
    slope = max(float(coefficients[0]) / spread, _LEAST_SLOPE)
    return Sigmoid(slope, float(coefficients[1]) - slope * centre)


@dataclass(frozen=True, slots=True)
class _GroupedRows:
    """Rows grouped by neighbouring values, m groups in rising order: mean value, weight, weight of positives.

    Weights sum to Kish's effective number of rows, because a row of weight ten holds less information than ten rows.
    """

    values: Floats
    weights: Floats
    positives: Floats

    @classmethod
    def of(cls, sample: OutOfFoldValues) -> "_GroupedRows":
        weighted_rows = np.flatnonzero(sample.weights > 0)
        order = weighted_rows[np.argsort(sample.values[weighted_rows], kind="stable")]
        values, weights = sample.values[order], sample.weights[order]
        weights = weights * weights.sum() / np.sum(weights**2)
        ranks = np.arange(len(order)) * min(_MOST_GROUPS, len(order)) // len(order)
        # Equal values belong to one group.
        first = np.searchsorted(values, values, side="left")
        _, number = np.unique(ranks[first], return_inverse=True)
        total, positives = _group_sums(number, weights), _group_sums(number, weights * sample.labels[order])
        return cls(_group_sums(number, weights * values) / total, total, positives)

    def isotonic(self) -> Floats:
        """The isotonic fit by weighted least squares: non-decreasing shares of positives.

        Shares of exactly 0 or 1 are moved by half a row.
        """
        shares = self._monotone(0.0, 0.0)
        never, always = shares <= _LEAST_STEP, shares >= 1 - _LEAST_STEP
        between = shares[~never & ~always]
        least, most = (0.5 / (float(self.weights[rows].sum()) + 1) for rows in (never, always))
        shares[never] = np.append(between, least).min()
        shares[always] = np.append(between, 1 - most).max()
        return shares

    def venn_abers(self) -> Floats:
        """Inductive Venn-Abers probabilities (Vovk, Petej and Fedorova 2015) at each group's value.

        Each group gets two isotonic fits: p0 with an extra genuine listing, p1 with an extra counterfeit.
        The probability is p1 / (1 - p0 + p1), which is further from 0 and 1 the fewer rows there are.
        """
        p0, p1 = self._monotone(1.0, 0.0), self._monotone(1.0, 1.0)
        probabilities: Floats = p1 / (1 - p0 + p1)
        return probabilities

    def _monotone(self, extra: float, extra_positive: float) -> Floats:
        """The isotonic share at each group, with an extra row in that group only.

        Computed by the max-min formula over the shares of all ranges that contain the group (Robertson, Wright and
        Dykstra 1988, 1.4.23).
        """
        above = np.concatenate([[0.0], np.cumsum(self.positives)])
        below = np.concatenate([[0.0], np.cumsum(self.weights)])
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = (above[None, 1:] - above[:-1, None] + extra_positive) / (
                below[None, 1:] - below[:-1, None] + extra
            )
        m = len(self.weights)
        shares[np.tril_indices(m, -1)] = np.inf
        smallest = np.minimum.accumulate(shares[:, ::-1], axis=1)[:, ::-1]
        smallest[np.tril_indices(m, -1)] = -np.inf
        monotone_shares: Floats = smallest.max(axis=0)
        return monotone_shares


def _group_sums(number: NDArray[np.intp], weights: Floats) -> Floats:
    return np.asarray(np.bincount(number, weights), dtype=np.float64)


def _rising_curve(values: Floats, shares: Floats) -> Curve | None:
    """The curve through all groups, tilted slightly so that it rises strictly; None if there is only one group."""
    is_step = np.diff(values, prepend=-np.inf) > _LEAST_STEP
    if is_step.sum() < 2:
        return None
    values, heights = values[is_step], logits(shares[is_step]) + _TILT * (values[is_step] - values[is_step].mean())
    return Curve(tuple(values.tolist()), tuple(heights.tolist()))


def _resampled_band(method: Method, sample: OutOfFoldValues, seed: int) -> Band | None:
    at = np.linspace(sample.values.min(), sample.values.max(), _BAND_VALUES)
    if at[0] == at[-1]:
        return None
    heights = np.array(list(_resampled_log_odds(method, sample, at, seed)))
    low, high = zip(*(central_interval(column) for column in heights.T), strict=True)
    return Band(tuple(at.tolist()), low, high)


def _resampled_log_odds(method: Method, sample: OutOfFoldValues, at: Floats, seed: int) -> Iterator[Floats]:
    """Log-odds at some values, for a curve fitted to each resample of whole sellers that has both classes."""
    weights = seller_bootstrap(sample.groups, times=_RESAMPLES, seed=seed) * sample.weights
    positive = weights @ sample.labels
    for row in weights[(positive > 0) & (positive < weights.sum(axis=1))]:
        yield fit_curve(method, OutOfFoldValues(sample.values, sample.labels, row, sample.groups)).log_odds(at)
