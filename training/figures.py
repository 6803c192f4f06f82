"""The figures of one model over labelled rows, unweighted and weighted to all listings."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.policies.learning import DEFAULT_GATES
from training import metrics

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

# Recall uses the false-alarm rate of the gates, which is about what reviewers have time for.
FALSE_ALARMS: Final = DEFAULT_GATES.false_alarms


def figures(labels: Labels, probabilities: Floats) -> dict[str, Any]:
    """The figures of one model over some rows, unweighted."""
    return {
        "ap": metrics.average_precision(labels, probabilities),
        "roc_auc": metrics.roc_auc(labels, probabilities),
        "precision_at_20": metrics.precision_at(labels, probabilities, 20),
        "recall": metrics.recall_at(labels, probabilities, false_alarms=FALSE_ALARMS),
        "brier": metrics.brier(labels, probabilities),
        "calibration_error": metrics.calibration_error(labels, probabilities),
    }


def slice_figures(labels: Labels, probabilities: Floats, stands_for: Floats) -> dict[str, Any]:
    """Estimated figures of one model over all listings; each row represents `stands_for` of them.

    `effective_n` is the number of equally weighted rows with the same information. It is small where a few sampled
    counterfeits determine the recall.
    """
    return {
        "ap": metrics.average_precision(labels, probabilities, stands_for),
        "roc_auc": metrics.roc_auc(labels, probabilities, stands_for),
        "recall": metrics.recall_at(labels, probabilities, stands_for, false_alarms=FALSE_ALARMS),
        "brier": metrics.brier(labels, probabilities, stands_for),
        "calibration_error": metrics.calibration_error(labels, probabilities, stands_for),
        "effective_n": metrics.effective_number(stands_for),
        "effective_positives": metrics.effective_number(stands_for[labels == 1]),
    }


def curves(labels: Labels, probabilities: Floats, points: int = 60, bins: int = 10) -> dict[str, Any]:
    """A precision-recall curve and reliability bins, small enough for a page."""
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum(labels[order])
    ranks = np.unique(np.linspace(1, len(order), min(points, len(order))).astype(int))
    parts = [part for part in np.array_split(order[::-1], bins) if len(part)]
    return {
        "recall": [float(hits[r - 1] / max(hits[-1], 1)) for r in ranks],
        "precision": [float(hits[r - 1] / r) for r in ranks],
        "reliability": [
            [float(probabilities[p].mean()), float(labels[p].mean()), len(p), int(labels[p].sum())] for p in parts
        ],
    }
