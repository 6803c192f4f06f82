"""Figures of a ranking, with the seller as the sampling unit.

A weight is the number of listings that a row represents. Every figure is a ratio of weighted sums over the same rows,
so it is self-normalised: only the weights' proportions matter, and their sampling errors partly cancel.

scikit-learn's functions take one weighting at a time, 50 to 150 times as long (`tests.benchmarks.resampling`), and its
import would cost each process of the service a second.
"""

import numpy as np
from numpy.typing import NDArray

from models.arrays import Floats, Labels

Interval = tuple[float, float]


def average_precisions(labels: Labels, scores: Floats, weights: Floats) -> Floats:
    """Average precision for each row of `weights` (b, n); NaN where a class has no weight.

    Equals scikit-learn's `average_precision_score`, including ties and weights (a test compares them). The scores are
    sorted once for all weightings.
    """
    positive, total = _cumulative_weights(labels, scores, weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(total > 0, positive / total, 0.0)
        recall = positive / positive[:, -1:]
        gains = np.diff(recall, axis=1, prepend=0.0)
        precisions: Floats = (gains * precision).sum(axis=1)
    precisions[total[:, -1] == positive[:, -1]] = np.nan
    return precisions


def roc_aucs(labels: Labels, scores: Floats, weights: Floats) -> Floats:
    """Probability that a counterfeit scores above a genuine listing, ties half, for each row of `weights` (b, n)."""
    positive, total = _cumulative_weights(labels, scores, weights)
    negative = total - positive
    with np.errstate(invalid="ignore", divide="ignore"):
        hits = positive / positive[:, -1:]
        alarms = negative / negative[:, -1:]
    steps = np.diff(alarms, axis=1, prepend=0.0)
    before = np.concatenate([np.zeros((len(hits), 1)), hits[:, :-1]], axis=1)
    areas: Floats = (steps * (hits + before) / 2).sum(axis=1)
    return areas


def recalls_at(labels: Labels, scores: Floats, weights: Floats, *, false_alarms: float) -> Floats:
    """Recall where at most `false_alarms` of the genuine listings are flagged, for each row of `weights` (b, n).

    Listings of equal score are flagged together or not at all, so that the order within a tie has no effect.
    """
    positive, total = _cumulative_weights(labels, scores, weights)
    negative = total - positive
    with np.errstate(invalid="ignore", divide="ignore"):
        hits = positive / positive[:, -1:]
        alarms = negative / negative[:, -1:]
    recalls: Floats = np.where(alarms <= false_alarms, hits, 0.0).max(axis=1)
    recalls[(positive[:, -1] == 0) | (negative[:, -1] == 0)] = np.nan
    return recalls


def _cumulative_weights(labels: Labels, scores: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Weight of positives and of all rows at or above each distinct score, highest first."""
    order = np.argsort(-scores, kind="stable")
    last_of_tie = np.flatnonzero(np.diff(scores[order], append=np.nan) != 0)
    ordered = weights[:, order]
    positive = np.cumsum(ordered * labels[order], axis=1)[:, last_of_tie]
    return positive, np.cumsum(ordered, axis=1)[:, last_of_tie]


def average_precision(labels: Labels, scores: Floats, weights: Floats | None = None) -> float:
    """`average_precisions` of one weighting; without weights, each row weighs one."""
    return float(average_precisions(labels, scores, _weights_or_ones(labels, weights)[None, :])[0])


def roc_auc(labels: Labels, scores: Floats, weights: Floats | None = None) -> float:
    """`roc_aucs` of one weighting."""
    return float(roc_aucs(labels, scores, _weights_or_ones(labels, weights)[None, :])[0])


def recall_at(labels: Labels, scores: Floats, weights: Floats | None = None, *, false_alarms: float) -> float:
    """`recalls_at` of one weighting."""
    return float(recalls_at(labels, scores, _weights_or_ones(labels, weights)[None, :], false_alarms=false_alarms)[0])


def precision_at(labels: Labels, scores: Floats, k: int) -> float:
    """Share of counterfeits among the k highest scores; ties are broken by position, and k is at most n."""
    top = np.argsort(-scores, kind="stable")[:k]
    return float(labels[top].mean()) if len(top) else float("nan")


def brier(labels: Labels, probabilities: Floats, weights: Floats | None = None) -> float:
    """Mean squared error of the probabilities."""
    return float(np.average((probabilities - labels) ** 2, weights=weights))


def calibration_errors(labels: Labels, probabilities: Floats, weights: Floats, bins: int = 10) -> Floats:
    """Mean distance of the mean probability from the observed share, for each row of `weights` (b, n).

    The bins have equal numbers of rows and are the same for all weightings.
    """
    order = np.argsort(probabilities, kind="stable")
    gaps = (probabilities - labels).astype(np.float64)
    parts = [part for part in np.array_split(order, bins) if len(part)]
    errors: Floats = np.sum([np.abs(weights[:, part] @ gaps[part]) for part in parts], axis=0) / weights.sum(axis=1)
    return errors


def calibration_error(labels: Labels, probabilities: Floats, weights: Floats | None = None, bins: int = 10) -> float:
    """`calibration_errors` of one weighting."""
    return float(calibration_errors(labels, probabilities, _weights_or_ones(labels, weights)[None, :], bins)[0])


def effective_number(weights: Floats) -> float:
    """Kish's effective number of rows, (sum w)^2 / sum w^2; 0 without rows.

    >>> effective_number(np.array([1.0, 1.0, 1.0])), effective_number(np.array([9.0, 1.0]))
    (3.0, 1.2195121951219512)
    """
    squares = float(np.sum(weights**2))
    return float(np.sum(weights)) ** 2 / squares if squares else 0.0


def _weights_or_ones(labels: Labels, weights: Floats | None) -> Floats:
    return np.ones(len(labels)) if weights is None else weights


def seller_bootstrap(groups: NDArray[np.intp], *, times: int, seed: int) -> Floats:
    """The multiplicity of each row in each resample of whole sellers, shape (times, n).

    Listings of one seller are not independent, so whole sellers are sampled.
    """
    random = np.random.default_rng(seed)
    sellers, inverse = np.unique(groups, return_inverse=True)
    chances = np.full(len(sellers), 1 / len(sellers))
    counts = random.multinomial(len(sellers), chances, size=times)
    return counts[:, inverse].astype(np.float64)


def central_interval(figures: Floats, level: float = 0.95) -> Interval:
    """The central interval of bootstrapped figures at `level`, without NaN figures."""
    known = figures[~np.isnan(figures)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
