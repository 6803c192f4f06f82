"""Calibration of model values to probabilities, with intervals over resampled sellers."""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

import numpy as np

from models.arrays import Floats

# expit(20.7) is 1 - 1e-9: no finite sample proves more.
FURTHEST: Final = 20.7
MOST_KNOTS: Final = 512
# There is no data beyond the outer knots; a small slope keeps the order of scores.
_OUTER_SLOPE: Final = 1e-3
# The least distance over which a slope is measured, because equal values have none.
_SHORTEST_STEP: Final = 1e-6


class Method(StrEnum):
    """How a curve was fitted; `training.fit.calibration` chooses the method."""

    SIGMOID = "sigmoid"
    VENN_ABERS = "venn_abers"
    ISOTONIC = "isotonic"


@dataclass(frozen=True, slots=True)
class Sigmoid:
    """Platt's form: log-odds = slope x value + offset, the slope above zero."""

    slope: float
    offset: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.slope) and math.isfinite(self.offset) and self.slope > 0):
            raise ValueError("a sigmoid needs finite numbers and a slope above zero")

    def log_odds(self, values: Floats) -> Floats:
        """Calibrated log-odds, shape (n,)."""
        return self.slope * values + self.offset

    def single_log_odds(self, raw_value: float) -> float:
        """As `log_odds`, of one value."""
        return self.slope * raw_value + self.offset


@dataclass(frozen=True, slots=True)
class Curve:
    """Log-odds that rise linearly from knot to knot, with a small slope beyond the outer ones.

    A step function would give many listings the same probability and lose their order.
    """

    values: tuple[float, ...]
    heights: tuple[float, ...]
    # As arrays: to make them took longer than the calibration of a value.
    _knots: tuple[Floats, Floats] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_knots", (np.array(self.values), np.array(self.heights)))
        if not 2 <= len(self.values) <= MOST_KNOTS or len(self.values) != len(self.heights):
            raise ValueError(f"a curve has 2 to {MOST_KNOTS} knots, each a value and a height")
        if not (_rises(self.values, strictly=True) and _rises(self.heights, strictly=True)):
            raise ValueError("a curve's values and heights rise and are finite")

    def log_odds(self, values: Floats) -> Floats:
        """Calibrated log-odds, shape (n,)."""
        inside: Floats = np.interp(values, *self._knots)
        return inside + _OUTER_SLOPE * (values - _clip(values, self.values[0], self.values[-1]))

    def single_log_odds(self, raw_value: float) -> float:
        """As `log_odds`, of one value."""
        within = min(max(raw_value, self.values[0]), self.values[-1])
        return _interpolate(raw_value, self.values, self.heights) + _OUTER_SLOPE * (raw_value - within)


@dataclass(frozen=True, slots=True)
class Band:
    """The range of the curve's log-odds at some values in 95 % of resamples of whole sellers.

    It measures how much the labels of other sellers would change the calibration of the same model.
    """

    values: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    _knots: tuple[Floats, Floats, Floats] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_knots", (np.array(self.values), np.array(self.low), np.array(self.high)))
        if not 2 <= len(self.values) <= MOST_KNOTS or {len(self.low), len(self.high)} != {len(self.values)}:
            raise ValueError(f"a band has 2 to {MOST_KNOTS} values, each with two bounds")
        if not (_rises(self.values, strictly=True) and _rises(self.low) and _rises(self.high)):
            raise ValueError("a band's values and bounds rise and are finite")
        if any(low > high for low, high in zip(self.low, self.high, strict=True)):
            raise ValueError("a band's lower bound lies above its upper one")

    def around(self, values: Floats, log_odds: Floats) -> Floats:
        """Lower and upper log-odds, shape (n, 2), always including the log-odds themselves."""
        places, low, high = self._knots
        bounds = np.empty((len(values), 2))
        np.minimum(np.interp(values, places, low), log_odds, out=bounds[:, 0])
        np.maximum(np.interp(values, places, high), log_odds, out=bounds[:, 1])
        return bounds

    def around_one(self, raw_value: float, log_odds: float) -> tuple[float, float]:
        """As `around`, of one value."""
        low = _interpolate(raw_value, self.values, self.low)
        return min(low, log_odds), max(_interpolate(raw_value, self.values, self.high), log_odds)


class CalibratedValue(NamedTuple):
    """A value's log-odds and probability; `interval` is None without a band."""

    log_odds: float
    probability: float
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """A monotone curve, its method, and its band where there were enough sellers to resample."""

    method: Method
    curve: Sigmoid | Curve
    band: Band | None

    def log_odds(self, values: Floats) -> Floats:
        """Calibrated log-odds, shape (n,); a higher value never gives less."""
        return self.curve.log_odds(values)

    def probabilities(self, values: Floats) -> Floats:
        """Calibrated probabilities, shape (n,); never 0 or 1."""
        return expits(self.log_odds(values))

    def intervals(self, values: Floats) -> Floats | None:
        """Lower and upper probability of each value, shape (n, 2); None without a band."""
        return None if self.band is None else expits(self.band.around(values, self.log_odds(values)))

    def calibrate(self, raw_value: float) -> CalibratedValue:
        """Log-odds, probability and interval of one value: a quarter of the time of arrays, and equal to the last bit.

        NumPy's exponential is kept, because that of `math` differs in the last bit.
        """
        log_odds = self.curve.single_log_odds(raw_value)
        ends = () if self.band is None else self.band.around_one(raw_value, log_odds)
        powers = np.exp([-min(max(end, -FURTHEST), FURTHEST) for end in (log_odds, *ends)]).tolist()
        probability, *interval = (1.0 / (1.0 + power) for power in powers)
        return CalibratedValue(log_odds, probability, (interval[0], interval[1]) if interval else None)

    def slopes(self, origins: Floats, values: Floats) -> Floats:
        """The mean slope of the log-odds between origin and value, shape (n,)."""
        near = np.abs(values - origins) < _SHORTEST_STEP
        low, high = np.where(near, origins - _SHORTEST_STEP, origins), np.where(near, origins + _SHORTEST_STEP, values)
        mean_slopes: Floats = (self.log_odds(high) - self.log_odds(low)) / (high - low)
        return mean_slopes


def calibration_to_dict(calibration: Calibration) -> dict[str, Any]:
    """The JSON form."""
    curve, band = calibration.curve, calibration.band
    shape: dict[str, Any] = (
        {"slope": curve.slope, "offset": curve.offset}
        if isinstance(curve, Sigmoid)
        else {"values": list(curve.values), "heights": list(curve.heights)}
    )
    bounds = None if band is None else {"values": list(band.values), "low": list(band.low), "high": list(band.high)}
    return {"method": calibration.method.value, "curve": shape, "band": bounds}


def calibration_from_dict(document: Mapping[str, Any]) -> Calibration:
    """The inverse of `calibration_to_dict`.

    Raises ValueError, TypeError, KeyError, AttributeError (the value is not a calibration, or its curve falls or has a
    value that is not a finite number).
    """
    method, curve, band = (document[name] for name in _check_keys(document, "method", "curve", "band"))
    method = Method(method)
    shape: Sigmoid | Curve
    if method is Method.SIGMOID:
        shape = Sigmoid(*(_parse_numbers([curve[name]])[0] for name in _check_keys(curve, "slope", "offset")))
    else:
        shape = Curve(*(_parse_numbers(curve[name]) for name in _check_keys(curve, "values", "heights")))
    bounds = (
        None
        if band is None
        else Band(*(_parse_numbers(band[name]) for name in _check_keys(band, "values", "low", "high")))
    )
    return Calibration(method, shape, bounds)


def _check_keys(document: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    if document.keys() != set(names):
        raise ValueError(f"expected {', '.join(names)}")
    return names


def _parse_numbers(raw_numbers: Sequence[object]) -> tuple[float, ...]:
    if not isinstance(raw_numbers, list):
        raise TypeError("expected a list of numbers")
    if any(isinstance(raw, bool) or not isinstance(raw, int | float) for raw in raw_numbers):
        raise ValueError("expected numbers")
    return tuple(float(raw) for raw in raw_numbers)


def _rises(numbers: Sequence[float], *, strictly: bool = False) -> bool:
    steps = np.diff(numbers)
    return bool(np.isfinite(numbers).all() and ((steps > 0) if strictly else (steps >= 0)).all())


def expit(log_odds: float) -> float:
    """The probability of log-odds, within [1e-9, 1 - 1e-9].

    >>> expit(0.0)
    0.5
    """
    return 1.0 / (1.0 + math.exp(-max(-FURTHEST, min(FURTHEST, log_odds))))


def expits(log_odds: Floats) -> Floats:
    """`expit` of each, whatever the shape."""
    probabilities: Floats = 1.0 / (1.0 + np.exp(-_clip(log_odds, -FURTHEST, FURTHEST)))
    return probabilities


def _clip(values: Floats, low: float, high: float) -> Floats:
    """`np.clip`, which takes ten times as long for a single value."""
    bounded_values: Floats = np.minimum(np.maximum(values, low), high)
    return bounded_values


def _interpolate(raw_value: float, places: Sequence[float], heights: Sequence[float]) -> float:
    """`np.interp` of one finite value, a tenth of its time."""
    if raw_value <= places[0]:
        return heights[0]
    if raw_value >= places[-1]:
        return heights[-1]
    after = bisect_right(places, raw_value)
    before = after - 1
    slope = (heights[after] - heights[before]) / (places[after] - places[before])
    return slope * (raw_value - places[before]) + heights[before]


def logits(probabilities: Floats) -> Floats:
    """The inverse of `expits`, within the same bounds."""
    within = np.clip(probabilities, expit(-FURTHEST), expit(FURTHEST))
    log_odds: Floats = np.log(within / (1.0 - within))
    return log_odds
