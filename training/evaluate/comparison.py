"""Figures of models over labelled rows, over repeats, and their paired differences, with intervals over sellers."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from models.arrays import Floats, Labels
from models.policies.learning import DEFAULT_GATES
from training.evaluate import metrics

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

    Each resample also draws the repeat whose fits it judges. Otherwise the interval would not hold what another fit
    changes, and a column of chance would often be told from chance. `ap_told_from_chance` approximates the least
    difference that is significant on this number of counterfeits.
    """
    by_repeat = [
        metrics.average_precision(labels, ours) - metrics.average_precision(labels, theirs) for ours, theirs in pairs
    ]
    drawn = np.random.default_rng(0).integers(len(pairs), size=len(bootstrap))
    resampled = np.concatenate(
        [
            metrics.average_precisions(labels, ours, bootstrap[drawn == repeat])
            - metrics.average_precisions(labels, theirs, bootstrap[drawn == repeat])
            for repeat, (ours, theirs) in enumerate(pairs)
        ]
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
    return float(np.mean(values))


_OLDER: Final = "Not comparable: the champion learnt some of these rows."
_OF_CHAMPION: Final = frozenset({"champion", "champion_ap", "difference_interval"})


def why_not_comparable(judged: Mapping[str, Any]) -> str | None:
    """Why the champion has no figure beside the candidate's; None where it has one or there is no champion."""
    return judged.get("not_comparable") or (_OLDER if judged.get("champion_saw") else None)


def comparable_figures(judged: Mapping[str, Any]) -> Mapping[str, Any]:
    """The evaluation without the figures of a champion that learnt some of its rows; older reports hold them."""
    if why_not_comparable(judged) is None:
        return judged
    evaluation = _without_champion(judged)
    for name in judged.keys() & {"random_slice", "curves"}:
        evaluation[name] = _without_champion(judged[name])
    evaluation["slices"] = [_without_champion(row) for row in judged.get("slices", ())]
    return evaluation


def _without_champion(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {name: figure for name, figure in figures.items() if name not in _OF_CHAMPION}


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


def reliability(labels: Labels, probabilities: Floats, weights: Floats, bins: int = 10) -> list[list[float]]:
    """Mean probability, observed share, effective number and effective positives of bins of equally many rows."""
    parts = [part for part in np.array_split(np.argsort(-probabilities, kind="stable")[::-1], bins) if len(part)]
    shares = [np.average([probabilities[p], labels[p]], axis=1, weights=weights[p]).tolist() for p in parts]
    numbers = [metrics.effective_number(weights[p]) for p in parts]
    return [[*pair, number, number * pair[1]] for pair, number in zip(shares, numbers, strict=True)]


def curves(labels: Labels, probabilities: Floats, points: int = 60, bins: int = 10) -> dict[str, Any]:
    """A precision-recall curve and the reliability of unweighted rows, small enough for a page."""
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum(labels[order])
    ranks = np.unique(np.linspace(1, len(order), min(points, len(order))).astype(int))
    return {
        "recall": [float(hits[r - 1] / max(hits[-1], 1)) for r in ranks],
        "precision": [float(hits[r - 1] / r) for r in ranks],
        "reliability": reliability(labels, probabilities, np.ones(len(labels)), bins),
    }
