"""The shift of each feature between earlier and current listings, beside the shift that chance alone would cause.

The two measures detect different shifts. The population stability index measures the share of listings that moved
between deciles or became missing. The Kolmogorov-Smirnov distance also detects a shift within a decile.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from scipy.special import chdtri

from models.arrays import Floats

BINS: Final = 10
# Siddiqi, Credit Risk Scorecards (2006): below .1 is stable; from .25 on, rebuild the scorecard.
MOVING_FROM: Final = 0.1
MOVED_FROM: Final = 0.25
# With two samples of the same listings the index times n m / (n + m) is about chi-squared (Yurdakul 2018).
_CHANCE_LEVEL: Final = 0.99
FEWEST: Final = 50  # Listings on each side, which is five in each decile.


class Level(StrEnum):
    """The response to a shift: none, a review, or a retraining."""

    STEADY = "steady"
    MOVING = "moving"
    MOVED = "moved"
    UNKNOWN = "unknown"  # Too few listings to tell.


@dataclass(frozen=True, slots=True)
class Shift:
    """One feature or score in two samples; NaN is missing and has a bin of its own.

    `psi` is the population stability index. `by_chance` is its 99th percentile for equal populations and samples of
    this size. `distance` is the Kolmogorov-Smirnov distance of the known values, None where a side has none; so are
    the medians of the known values.
    """

    name: str
    before: int
    now: int
    missing_before: float
    missing_now: float
    psi: float
    by_chance: float
    distance: float | None
    median_before: float | None = None
    median_now: float | None = None

    @property
    def level(self) -> Level:
        """The level by `psi`; a shift that chance can explain is steady."""
        if min(self.before, self.now) < FEWEST:
            return Level.UNKNOWN
        if self.psi < max(MOVING_FROM, self.by_chance):
            return Level.STEADY
        return Level.MOVED if self.psi >= MOVED_FROM else Level.MOVING


def shifts(names: Sequence[str], before: Floats, now: Floats) -> tuple[Shift, ...]:
    """The shift of each column of two matrices, shapes (n, len(names)) and (m, len(names)), largest first."""
    column_shifts = [shift(name, before[:, column], now[:, column]) for column, name in enumerate(names)]
    return tuple(sorted(column_shifts, key=lambda column_shift: (-column_shift.psi, column_shift.name)))


def shift(name: str, before: Floats, now: Floats) -> Shift:
    """The shift of one variable between two samples, shapes (n,) and (m,)."""
    edges = _decile_edges(before)
    known_before, known_now = before[~np.isnan(before)], now[~np.isnan(now)]
    psi, bins = _stability_index(_bin_counts(before, edges), _bin_counts(now, edges))
    both = bool(known_before.size and known_now.size)
    return Shift(
        name,
        before.size,
        now.size,
        _missing_share(before),
        _missing_share(now),
        psi,
        _chance_index(bins, before.size, now.size),
        _distance(known_before, known_now) if both else None,
        _median(known_before),
        _median(known_now),
    )


def _decile_edges(before: Floats) -> Floats:
    """Inner edges between deciles of the known values; a value that fills several deciles gets a bin of its own."""
    known = before[~np.isnan(before)]
    if not known.size:
        return np.empty(0)
    edges, times = np.unique(np.quantile(known, np.arange(1, BINS) / BINS, method="higher"), return_counts=True)
    return np.sort(np.concatenate([edges, np.nextafter(edges[times > 1], np.inf)]))


def _bin_counts(values: Floats, edges: Floats) -> Floats:
    """The number of values in each bin, missing values last: shape (len(edges) + 2,)."""
    known = values[~np.isnan(values)]
    inside = np.bincount(np.searchsorted(edges, known, side="right"), minlength=len(edges) + 1)
    return np.append(inside, values.size - known.size).astype(np.float64)


def _stability_index(before: Floats, now: Floats) -> tuple[float, int]:
    """The index and its number of bins. Half a listing is added to each bin, so that an empty bin keeps it finite."""
    used = (before > 0) | (now > 0)
    bins = int(used.sum())
    if bins < 2:
        return 0.0, bins
    p, q = ((side[used] + 0.5) / (side.sum() + 0.5 * bins) for side in (before, now))
    return float(np.sum((q - p) * np.log(q / p))), bins


def _chance_index(bins: int, before: int, now: int) -> float:
    if bins < 2 or not before or not now:
        return 0.0 if bins < 2 else math.inf
    return float(chdtri(bins - 1, 1 - _CHANCE_LEVEL) * (1 / before + 1 / now))


def _median(known: Floats) -> float | None:
    return float(np.median(known)) if known.size else None


def _missing_share(values: Floats) -> float:
    return float(np.isnan(values).mean()) if values.size else 0.0


def _distance(before: Floats, now: Floats) -> float:
    """The largest distance between the two empirical distributions (Kolmogorov and Smirnov)."""
    every = np.concatenate([before, now])
    shares = (np.searchsorted(np.sort(side), every, side="right") / side.size for side in (before, now))
    before_shares, now_shares = shares
    return float(np.abs(before_shares - now_shares).max())
