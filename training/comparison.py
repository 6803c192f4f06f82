"""Figures of out-of-fold scores over repeats, and paired differences, with intervals over sellers."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training import metrics

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

_TOP: Final = (10, 20, 50, 100)


def figures_of(labels: Labels, values: Sequence[Floats], bootstrap: Floats) -> dict[str, Any]:
    """Means over the repeats, each with scores of shape (n,); `bootstrap` has shape (times, n)."""
    by_repeat = [metrics.average_precision(labels, v) for v in values]
    precisions = np.mean([metrics.average_precisions(labels, v, bootstrap) for v in values], axis=0)
    areas = np.mean([metrics.roc_aucs(labels, v, bootstrap) for v in values], axis=0)
    return {
        "ap": mean(by_repeat),
        "ap_standard_error": float(np.std(by_repeat, ddof=1) / np.sqrt(len(by_repeat))) if len(by_repeat) > 1 else None,
        "ap_by_repeat": by_repeat,
        "ap_interval": metrics.central_interval(precisions),
        "roc_auc": mean([metrics.roc_auc(labels, v) for v in values]),
        "roc_auc_interval": metrics.central_interval(areas),
        "precision_at": {str(k): mean([metrics.precision_at(labels, v, k) for v in values]) for k in _TOP},
    }


def difference(labels: Labels, pairs: Sequence[tuple[Floats, Floats]], bootstrap: Floats) -> dict[str, Any]:
    """Average precision of the first minus that of the second of each repeat's pair, on the same resampled sellers.

    `ap_told_from_chance` approximates the least difference that is significant on this number of counterfeits.
    """
    by_repeat = [
        metrics.average_precision(labels, ours) - metrics.average_precision(labels, theirs) for ours, theirs in pairs
    ]
    resampled = np.mean(
        [
            metrics.average_precisions(labels, ours, bootstrap) - metrics.average_precisions(labels, theirs, bootstrap)
            for ours, theirs in pairs
        ],
        axis=0,
    )
    low, high = metrics.central_interval(resampled)
    theirs = mean([metrics.average_precision(labels, theirs) for _, theirs in pairs])
    return {
        "ap": mean(by_repeat),
        "ap_interval": (low, high),
        "ap_ratio": (theirs + mean(by_repeat)) / theirs,
        # A difference smaller than its distance to the lower end has an interval that includes zero.
        "ap_told_from_chance": mean(by_repeat) - low,
        "repeats_better": sum(d > 0 for d in by_repeat),
    }


def mean(values: Sequence[float]) -> float:
    """The mean as a float."""
    return float(np.mean(values))
