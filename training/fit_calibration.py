"""The curve from values to probabilities: found by the method that so many labels carry, with a band over sellers.

Values are out of fold by seller, so every curve is found on sellers that the model did not know.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.calibration import Band, Calibration, Curve, Method, Sigmoid, expits, logits
from training.metrics import central_interval, seller_bootstrap

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

# Measured on real scores (ADR 12): two numbers are all that fewer labels carry, whatever bend the truth
# has; and where labels are many, both other methods say the same, and the simpler one is taken.
BENDS_FROM_POSITIVES: Final = 300
ISOTONIC_FROM_POSITIVES: Final = 1_000
# Listings of one seller are alike, so many counterfeits of few sellers are few observations.
BENDS_FROM_SELLERS: Final = 60
# Rows are put together in so many groups of neighbouring values, or the curve would follow single rows.
_MOST_GROUPS: Final = 200
_RESAMPLES: Final = 200
_BAND_VALUES: Final = 24
# Two sellers of a class resampled say nothing about others.
_FEWEST_SELLERS_OF_A_BAND: Final = 5
# Pulls the slope towards zero by next to nothing, and keeps it finite where the values separate the classes.
_RIDGE: Final = 1e-3
_LEAST_SLOPE: Final = 1e-3
# Where the probability is one and the same from value to value, listings still have an order.
_TILT: Final = 1e-3
_LEAST_STEP: Final = 1e-6
_NEWTON_STEPS: Final = 50
_SMALL: Final = 1e-12 * np.eye(2)  # Equal values leave no direction for the slope.


@dataclass(frozen=True, slots=True)
class Observed:
    """Out-of-fold values of listings of unseen sellers; every array has shape (n,)."""

    values: Floats
    labels: Labels
    weights: Floats
    groups: NDArray[np.intp]


def method_for(positives: int, positive_sellers: int) -> Method:
    """The method for so many counterfeits of so many sellers; never chosen by results."""
    if positives < BENDS_FROM_POSITIVES or positive_sellers < BENDS_FROM_SELLERS:
        return Method.SIGMOID
    return Method.VENN_ABERS if positives < ISOTONIC_FROM_POSITIVES else Method.ISOTONIC


def fit_calibration(found: Observed, *, seed: int = 0) -> Calibration:
    """The calibration of these values, with a band where each class has five sellers or more."""
    positive = found.labels == 1
    method = method_for(int(positive.sum()), len(np.unique(found.groups[positive])))
    curve = fit_curve(method, found)
    sellers = (len(np.unique(found.groups[rows])) for rows in (positive, ~positive))
    band = _band(method, found, seed) if min(sellers) >= _FEWEST_SELLERS_OF_A_BAND else None
    return Calibration(method, curve, band)


def fit_curve(method: Method, found: Observed) -> Sigmoid | Curve:
    """The curve by a method. One that must bend, but finds only one height, is a sigmoid's line."""
    if method is not Method.SIGMOID:
        grouped = _Grouped.of(found)
        curve = _curve(grouped.values, grouped.venn_abers() if method is Method.VENN_ABERS else grouped.isotonic())
        if curve is not None:
            return curve
    return fit_sigmoid(found.values, found.labels, found.weights)


def fit_sigmoid(values: Floats, labels: Labels, weights: Floats) -> Sigmoid:
    """The sigmoid of least weighted log-loss (Platt 1999), by Newton's steps.

    The slope is kept above zero, so that the order of scores survives values that mislead.
    """
    centre, spread = float(values.mean()), max(float(values.std()), 1e-9)
    x = (values - centre) / spread
    design = np.column_stack([x, np.ones_like(x)])
    ridge = np.diag([_RIDGE, 0.0])
    share = min(max(float(np.average(labels, weights=weights)), 1e-6), 1 - 1e-6)
    found = np.array([0.0, math.log(share / (1 - share))])
    for _ in range(_NEWTON_STEPS):
        p = expits(design @ found)
        gradient = design.T @ (weights * (labels - p)) - ridge @ found
        step = np.linalg.solve(design.T @ (design * (weights * p * (1 - p))[:, None]) + ridge + _SMALL, gradient)
        # A full step from far away can overshoot for ever; two units of log-odds at a time cannot.
        found += step / max(1.0, float(np.abs(step).max()) / 2)
        if np.abs(step).max() < 1e-9:
            break
    slope = max(float(found[0]) / spread, _LEAST_SLOPE)
    return Sigmoid(slope, float(found[1]) - slope * centre)


@dataclass(frozen=True, slots=True)
class _Grouped:
    """Rows put together by neighbouring values, m groups in rising order: mean value, weight, weight of positives.

    Weights are scaled to say as much as they do: a row that counts ten times is no ten rows (Kish's effective number).
    """

    values: Floats
    weights: Floats
    positives: Floats

    @classmethod
    def of(cls, found: Observed) -> "_Grouped":
        kept = np.flatnonzero(found.weights > 0)
        order = kept[np.argsort(found.values[kept], kind="stable")]
        values, weights = found.values[order], found.weights[order]
        weights = weights * weights.sum() / np.sum(weights**2)
        ranks = np.arange(len(order)) * min(_MOST_GROUPS, len(order)) // len(order)
        # Equal values are one group: there is no order among them.
        first = np.searchsorted(values, values, side="left")
        _, number = np.unique(ranks[first], return_inverse=True)
        total, positives = _sums(number, weights), _sums(number, weights * found.labels[order])
        return cls(_sums(number, weights * values) / total, total, positives)

    def isotonic(self) -> Floats:
        """Shares of positives that never fall, the closest in weighted squares.

        Shares of exactly 0 or 1 move half a row away from it.
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

        The isotonic fit is made twice for each, as if the listing there were genuine and as if it were counterfeit, and
        p1 / (1 - p0 + p1) is what both leave; it is the narrower between 0 and 1 the fewer rows there are.
        """
        p0, p1 = self._monotone(1.0, 0.0), self._monotone(1.0, 1.0)
        found: Floats = p1 / (1 - p0 + p1)
        return found

    def _monotone(self, extra: float, extra_positive: float) -> Floats:
        """The isotonic share at each group with an extra row put into just that group.

        By the min-max formula: the largest over starts up to the group, of the smallest over ends from the group on,
        of the share between (Robertson, Wright and Dykstra 1988, 1.4.23).
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
        found: Floats = smallest.max(axis=0)
        return found


def _sums(number: NDArray[np.intp], weights: Floats) -> Floats:
    return np.asarray(np.bincount(number, weights), dtype=np.float64)


def _curve(values: Floats, shares: Floats) -> Curve | None:
    """The curve through all groups, tilted a little so that no step is level; None if there is only one group."""
    kept = np.diff(values, prepend=-np.inf) > _LEAST_STEP
    if kept.sum() < 2:
        return None
    values, heights = values[kept], logits(shares[kept]) + _TILT * (values[kept] - values[kept].mean())
    return Curve(tuple(values.tolist()), tuple(heights.tolist()))


def _band(method: Method, found: Observed, seed: int) -> Band | None:
    at = np.linspace(found.values.min(), found.values.max(), _BAND_VALUES)
    if at[0] == at[-1]:
        return None
    heights = np.array(list(_resampled(method, found, at, seed)))
    low, high = zip(*(central_interval(column) for column in heights.T), strict=True)
    return Band(tuple(at.tolist()), low, high)


def _resampled(method: Method, found: Observed, at: Floats, seed: int) -> Iterator[Floats]:
    """The log-odds at some values of curves fitted to resamples of whole sellers in which both classes occur."""
    weights = seller_bootstrap(found.groups, times=_RESAMPLES, seed=seed) * found.weights
    positive = weights @ found.labels
    for row in weights[(positive > 0) & (positive < weights.sum(axis=1))]:
        yield fit_curve(method, Observed(found.values, found.labels, row, found.groups)).log_odds(at)
