"""Figures of a ranking, with the seller as the unit of chance."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]
Interval = tuple[float, float]


def average_precisions(labels: Labels, scores: Floats, weights: Floats) -> Floats:
    """Area under precision over recall, one for each row of `weights` (b, n); NaN where a class has no weight.

    Defined as scikit-learn's `average_precision_score`, ties and weights included (a test compares them), but sorted
    once for all weightings: a bootstrap of a thousand costs one sort.
    """
    positive, total = _cumulated(labels, scores, weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(total > 0, positive / total, 0.0)
        recall = positive / positive[:, -1:]
        gains = np.diff(recall, axis=1, prepend=0.0)
        found: Floats = (gains * precision).sum(axis=1)
    found[total[:, -1] == positive[:, -1]] = np.nan
    return found


def roc_aucs(labels: Labels, scores: Floats, weights: Floats) -> Floats:
    """Chance that a counterfeit scores above a genuine offer, ties half, for each row of `weights`, as above."""
    positive, total = _cumulated(labels, scores, weights)
    negative = total - positive
    with np.errstate(invalid="ignore", divide="ignore"):
        hits = positive / positive[:, -1:]
        alarms = negative / negative[:, -1:]
    steps = np.diff(alarms, axis=1, prepend=0.0)
    before = np.concatenate([np.zeros((len(hits), 1)), hits[:, :-1]], axis=1)
    found: Floats = (steps * (hits + before) / 2).sum(axis=1)
    return found


def _cumulated(labels: Labels, scores: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Weight of positives and of all rows at or above each distinct score, from the highest down."""
    order = np.argsort(-scores, kind="stable")
    last_of_tie = np.flatnonzero(np.diff(scores[order], append=np.nan) != 0)
    ordered = weights[:, order]
    positive = np.cumsum(ordered * labels[order], axis=1)[:, last_of_tie]
    return positive, np.cumsum(ordered, axis=1)[:, last_of_tie]


def average_precision(labels: Labels, scores: Floats) -> float:
    """`average_precisions` of rows that count one each."""
    return float(average_precisions(labels, scores, np.ones((1, len(labels))))[0])


def roc_auc(labels: Labels, scores: Floats) -> float:
    """`roc_aucs` of rows that count one each."""
    return float(roc_aucs(labels, scores, np.ones((1, len(labels))))[0])


def precision_at(labels: Labels, scores: Floats, k: int) -> float:
    """Share of counterfeits among the k highest scores; ties are broken by position, k is cut to n."""
    top = np.argsort(-scores, kind="stable")[:k]
    return float(labels[top].mean()) if len(top) else float("nan")


def brier(labels: Labels, probabilities: Floats) -> float:
    """Mean squared error of the probabilities."""
    return float(np.mean((probabilities - labels) ** 2))


def calibration_error(labels: Labels, probabilities: Floats, bins: int = 10) -> float:
    """Mean distance of mean probability from observed share over bins of equal size."""
    order = np.argsort(probabilities, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return float(sum(len(p) * abs(probabilities[p].mean() - labels[p].mean()) for p in parts) / len(order))


def seller_bootstrap(groups: NDArray[np.intp], *, times: int, seed: int) -> Floats:
    """How often each row counts in each resample of whole sellers, shape (times, n).

    Listings of one seller are not independent, so rows must not be drawn one by one.
    """
    random = np.random.default_rng(seed)
    sellers, inverse = np.unique(groups, return_inverse=True)
    chances = np.full(len(sellers), 1 / len(sellers))
    counts = random.multinomial(len(sellers), chances, size=times)
    return counts[:, inverse].astype(np.float64)


def central_interval(found: Floats, level: float = 0.95) -> Interval:
    """The middle `level` of bootstrapped figures; resamples in which the figure does not exist are left out."""
    known = found[~np.isnan(found)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
