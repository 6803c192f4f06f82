"""Operating points: the routing thresholds of a model, and its precision and recall there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.arrays import Floats, Labels
from models.messages.english import in_english
from models.routing import Thresholds
from models.thresholds import Promise, promise_threshold

# At this precision, most questions to a brand are about counterfeits.
ASK_PRECISION: Final = 0.6
# Fewer flagged rows are too few to estimate a precision.
_FEWEST_FLAGGED: Final = 10
# The share of all counterfeits above the analyst threshold, if the review capacity allows it.
ANALYST_RECALL: Final = 0.9
# At most this share of all listings goes to analysts: the capacity of a team of three for 2,000 listings a week.
ANALYST_SHARE: Final = 0.12
_LOWEST_ASK, _HIGHEST_ASK = 0.3, 0.9
_LOWEST_ANALYST: Final = 0.05
# The precisions that a report guarantees for unseen sellers, or declines to.
_PROMISED_PRECISIONS: Final = (0.7, 0.8, 0.9)
_CONFIDENCE: Final = 0.9
# Where a person may put a threshold, in hundredths.
CURVE_THRESHOLDS: Final = tuple(hundredth / 100 for hundredth in range(1, 100))


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """The number of flagged rows, precision and recall at one threshold."""

    threshold: float
    flagged: int
    precision: float
    recall: float


def choose_thresholds(labels: Labels, probabilities: Floats, weights: Floats) -> Thresholds:
    """Thresholds from out-of-fold probabilities of unseen sellers, weighted to all listings.

    The brand threshold is the lowest with a precision of 0.6, kept between 0.3 and 0.9. The analyst threshold keeps
    nine counterfeits in ten, but flags at most 12 % of all listings (weighted by the number that each row represents).
    It is at least 0.05 and at most the brand threshold. Both are point estimates without a stated risk, because they
    only decide who reviews a listing.
    """
    if not len(labels):
        return Thresholds(ask_brand_from=_HIGHEST_ASK, analyst_from=_LOWEST_ANALYST)
    order = np.argsort(-probabilities, kind="stable")
    positive = np.cumsum((labels * weights)[order])
    seen = np.cumsum(weights[order])
    precision = positive / seen
    ranks = np.arange(1, len(order) + 1)
    precise = np.flatnonzero((precision >= ASK_PRECISION) & (ranks >= _FEWEST_FLAGGED))
    ask = float(probabilities[order[precise[-1]]]) if len(precise) else _HIGHEST_ASK
    ask = min(_HIGHEST_ASK, max(_LOWEST_ASK, ask))
    total = positive[-1]
    recall_ranks = np.flatnonzero(positive >= ANALYST_RECALL * total) if total else np.array([], dtype=np.intp)
    affordable = np.flatnonzero(seen <= ANALYST_SHARE * seen[-1])
    recalled = float(probabilities[order[recall_ranks[0]]]) if len(recall_ranks) else _LOWEST_ANALYST
    afforded = float(probabilities[order[affordable[-1]]]) if len(affordable) else ask
    analyst = max(_LOWEST_ANALYST, recalled, afforded)
    return Thresholds(ask_brand_from=ask, analyst_from=min(ask, analyst))


def operating_points(labels: Labels, probabilities: Floats, thresholds: Thresholds) -> dict[str, Any]:
    """Flagged rows, precision and recall at both thresholds; NaN becomes None."""
    points = {
        name: _operating_point(labels, probabilities, threshold)
        for name, threshold in (
            ("ask_brand_from", thresholds.ask_brand_from),
            ("analyst_from", thresholds.analyst_from),
        )
    }
    return {
        name: {
            "threshold": point.threshold,
            "flagged": point.flagged,
            "precision": None if np.isnan(point.precision) else point.precision,
            "recall": None if np.isnan(point.recall) else point.recall,
        }
        for name, point in points.items()
    }


def operating_curve(labels: Labels, probabilities: Floats, weights: Floats) -> list[dict[str, float | None]]:
    """Estimates for all listings at each of `CURVE_THRESHOLDS`: the share flagged, precision and recall.

    `weights` are the number of listings that each row represents. Precision is None where nothing is flagged.
    """
    every, counterfeit = float(weights.sum()), float(weights[labels == 1].sum())
    points: list[dict[str, float | None]] = []
    for threshold in CURVE_THRESHOLDS:
        flagged = probabilities >= threshold
        seen, hits = float(weights[flagged].sum()), float(weights[flagged & (labels == 1)].sum())
        points.append(
            {
                "threshold": threshold,
                "flagged": seen / every if every else None,
                "precision": hits / seen if seen else None,
                "recall": hits / counterfeit if counterfeit else None,
            }
        )
    return points


def promises(labels: Labels, probabilities: Floats, sellers: NDArray[Any]) -> list[dict[str, Any]]:
    """Guaranteed precisions of .7, .8 and .9 for unseen sellers, each with its bound or the reason for declining it.

    The guarantee covers listings that get labels, which routing determines. Routing does not use these thresholds.
    """
    numbers = np.unique(sellers, return_inverse=True)[1].astype(np.intp)
    promise_rows: list[dict[str, Any]] = []
    for precision in _PROMISED_PRECISIONS if labels.any() else ():
        answer = promise_threshold(labels, probabilities, numbers, precision=precision, confidence=_CONFIDENCE)
        promise = answer if isinstance(answer, Promise) else None
        promise_rows.append(
            {
                "precision": precision,
                "confidence": _CONFIDENCE,
                "threshold": promise.threshold if promise else None,
                "precision_bound": promise.bound if promise else None,
                "recall": promise.recall if promise else None,
                "reason": "" if isinstance(answer, Promise) else in_english(answer.reason),
            }
        )
    return promise_rows


def promise_in_words(promise: Mapping[str, Any]) -> str:
    """One promise as a sentence."""
    if promise["threshold"] is None:
        return f"Precision {promise['precision']:.1f}: declined. {promise['reason']}"
    return (
        f"Precision {promise['precision']:.1f}: promised from {promise['threshold']:.3f} in "
        f"{promise['confidence']:.0%} of equally large sets of unseen sellers "
        f"(up to {promise['precision_bound']:.2f} would be), with recall {promise['recall']:.2f}."
    )


def _operating_point(labels: Labels, probabilities: Floats, threshold: float) -> OperatingPoint:
    flagged = probabilities >= threshold
    hits, positives = int(labels[flagged].sum()), int(labels.sum())
    return OperatingPoint(
        threshold,
        int(flagged.sum()),
        hits / flagged.sum() if flagged.any() else float("nan"),
        hits / positives if positives else float("nan"),
    )
