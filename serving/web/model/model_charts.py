"""Geometry of the model page's charts: precision over recall, reliability, differences, thresholds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from serving.web.charts import Scale, Tick
from serving.web.wording import words

_X, _Y = Scale(34.0, 370.0), Scale(196.0, 8.0)
_Z: Final = 1.96  # 95 %.


X_TICKS: Final = tuple(Tick(_X(i / 4), f"{i / 4:g}") for i in range(5))
Y_TICKS: Final = tuple(Tick(_Y(i / 4), f"{i / 4:g}") for i in range(5))


@dataclass(frozen=True, slots=True)
class CurveChart:
    """Precision over recall of one or two models; points as an SVG polyline takes them."""

    ours: str
    theirs: str | None
    chance_y: float
    chance: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    label: str


def curve_chart(ours: Mapping[str, Any], theirs: Mapping[str, Any] | None, *, chance: float, label: str) -> CurveChart:
    """The chart of stored curves; `chance` is the precision of guessing."""
    return CurveChart(
        _polyline(ours),
        _polyline(theirs) if theirs else None,
        _Y(chance),
        f"random {chance:.3f}",
        X_TICKS,
        Y_TICKS,
        label,
    )


def _polyline(curve: Mapping[str, Any]) -> str:
    return " ".join(f"{_X(r)},{_Y(p)}" for r, p in zip(curve["recall"], curve["precision"], strict=True))


@dataclass(frozen=True, slots=True)
class RocChart:
    """Share of counterfeits found over share of genuine listings flagged; points as an SVG polyline takes them."""

    ours: str
    theirs: str | None
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    label: str


def roc_chart(ours: Mapping[str, Any], theirs: Mapping[str, Any] | None, *, share: float, label: str) -> RocChart:
    """The chart of stored curves; the counterfeit `share` of the judged rows gives the false positive rate."""
    return RocChart(
        _roc_polyline(ours, share), _roc_polyline(theirs, share) if theirs else None, X_TICKS, Y_TICKS, label
    )


def _roc_polyline(curve: Mapping[str, Any], share: float) -> str:
    points = []
    for recall, precision in zip(curve["recall"], curve["precision"], strict=True):
        if precision > 0 and 0 < share < 1:
            flagged = recall * share * (1 - precision) / (precision * (1 - share))
            points.append((min(1.0, flagged), recall))
    # More false positives never find fewer counterfeits; this undoes the rounding of stored figures.
    placed = [(0.0, 0.0)]
    for flagged, recall in [*sorted(points), (1.0, 1.0)]:
        placed.append((flagged, max(recall, placed[-1][1])))
    return " ".join(f"{_X(flagged)},{_Y(recall)}" for flagged, recall in placed)


@dataclass(frozen=True, slots=True)
class Bin:
    """Listings of similar probability: their position, and the interval of their counterfeit share."""

    x: float
    y: float
    low_y: float
    high_y: float


@dataclass(frozen=True, slots=True)
class ReliabilityChart:
    """Observed share over predicted probability; on the diagonal the model is perfectly calibrated."""

    ours: tuple[Bin, ...]
    theirs: tuple[Bin, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    label: str


def reliability_chart(ours: Mapping[str, Any], theirs: Mapping[str, Any] | None, *, label: str) -> ReliabilityChart:
    return ReliabilityChart(
        _reliability_bins(ours), _reliability_bins(theirs) if theirs else (), X_TICKS, Y_TICKS, label
    )


def _reliability_bins(curve: Mapping[str, Any]) -> tuple[Bin, ...]:
    bins = []
    for predicted, observed, number, positives in curve["reliability"]:
        low, high = wilson(positives, number)
        bins.append(Bin(_X(predicted), _Y(observed), _Y(low), _Y(high)))
    return tuple(bins)


def wilson(positives: int, number: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927), which stays within 0 to 1 and holds for small samples.

    >>> [round(end, 3) for end in wilson(61, 63)]
    [0.891, 0.991]
    """
    share, z = positives / number, _Z
    middle = (share + z * z / (2 * number)) / (1 + z * z / number)
    half = z * math.sqrt(share * (1 - share) / number + z * z / (4 * number * number)) / (1 + z * z / number)
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True)
class DifferenceBar:
    """A difference of two figures as a bar from the middle."""

    x: float
    width: float
    worse: bool
    text: str


_MIDDLE, _REACH = 44.0, 38.0
_LEAST_FULL: Final = 0.05  # A difference below this never fills the bar, so that noise does not look large.


def difference_bars(pairs: Sequence[tuple[float | None, float | None]]) -> list[DifferenceBar | None]:
    """Ours minus theirs for each pair on one scale; None if one of the two is missing."""
    differences = [None if ours is None or theirs is None else ours - theirs for ours, theirs in pairs]
    most = max([_LEAST_FULL, *(abs(difference) for difference in differences if difference is not None)])
    return [None if difference is None else _difference_bar(difference, most) for difference in differences]


def _difference_bar(difference: float, most: float) -> DifferenceBar:
    width = round(abs(difference) / most * _REACH, 1)
    worse = difference < 0
    return DifferenceBar(
        round(_MIDDLE - width, 1) if worse else _MIDDLE, width, worse, words.signed_figure(difference, 3)
    )


@dataclass(frozen=True, slots=True)
class ThresholdBar:
    """The thresholds of review, as segments of one bar."""

    analyst_x: float
    ask_x: float
    analyst: str
    ask: str


_THRESHOLD_WIDTH: Final = 336.0


def threshold_bar(thresholds: Mapping[str, float]) -> ThresholdBar:
    analyst, ask = thresholds["analyst_from"], thresholds["ask_brand_from"]
    return ThresholdBar(
        round(analyst * _THRESHOLD_WIDTH, 1), round(ask * _THRESHOLD_WIDTH, 1), f"{analyst:.2f}", f"{ask:.2f}"
    )
