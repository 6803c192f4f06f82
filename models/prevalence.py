"""Prevalence of counterfeits, including listings without review: estimated from the random audit sample.

Reviewed listings are not representative: most were chosen because they look bad. Their share of counterfeits is no
estimate for the rest. Only the randomly sampled listings give one, each with its stored sampling probability.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from scipy.special import gammaincinv

_LOW, _HIGH = 0.025, 0.975
_Z: Final = 1.96


@dataclass(frozen=True, slots=True)
class SelectedListing:
    """One listing of the window that was selected for review.

    `inclusion_probability` is the chance of selection, in (0, 1]; 1 for listings reviewed anyway. `counterfeit` is None
    where no reviewer could tell or no answer has arrived yet.
    """

    inclusion_probability: float
    counterfeit: bool | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share with its 95 % interval. `value` is None where a part of the listings has no answer.

    `reviewed` counts answered listings, and `audited` the random samples among them. `effective` is the number of
    samples of equal probability with the same information.
    """

    share: float | None
    low: float
    high: float
    reviewed: int
    audited: int
    effective: float


def prevalence(rows: Sequence[SelectedListing], *, listings: int) -> Estimate:
    """Share of all `listings` of a window that are counterfeit, as far as reviewers can tell.

    `rows` are the listings selected for review. Those reviewed anyway are counted. Sampled ones represent the rest, by
    the inverse of its probability, scaled to the known number of the rest (Hajek 1971). Listings are sampled one by
    one, so several of one seller inform as much as several of different sellers. The estimate is of the share in this
    window, not of the same sellers' behaviour in another.

    The interval of the missed part is the gamma interval of a weighted sum of rare counts (Fay and Feuer 1997) with the
    mean weights of Tiwari, Clegg and Zou (2006). It is exact for equal probabilities and valid without any find (a
    little wider than the rule of three). Unanswered listings count like answered ones and widen the interval.
    Independent parts are joined by their distances from the estimate (Zou and Donner 2008). Reviewers' mistakes stay in
    the estimate: a share f of false alarms among genuine listings adds about f.

    Raises ValueError (a chance outside (0, 1], or fewer listings than rows).
    """
    seen, missed, counts = _window_parts(rows, listings)
    if not listings:
        return Estimate(None, 0.0, 1.0, *counts)
    share = None if seen.number is None or missed.number is None else (seen.number + missed.number) / listings
    if share is None:
        return Estimate(None, (seen.low + missed.low) / listings, (seen.high + missed.high) / listings, *counts)
    low = share - math.hypot(seen.below, missed.below) / listings
    high = share + math.hypot(seen.above, missed.above) / listings
    return Estimate(share, max(0.0, low), min(1.0, high), *counts)


def recall(rows: Sequence[SelectedListing], *, listings: int) -> Estimate:
    """Share of the window's counterfeit listings that were reviewed anyway: the recall of the flagging.

    Arguments, mistakes and errors as `prevalence`. The interval combines the ends of both parts, so it is
    conservative. None where no counterfeit was found.
    """
    seen, missed, counts = _window_parts(rows, listings)
    share = None if seen.number is None or missed.number is None else _share_or_none(seen.number, missed.number)
    low, high = _share_or_none(seen.low, missed.high), _share_or_none(seen.high, missed.low)
    return Estimate(share, 0.0 if low is None else low, 1.0 if high is None else high, *counts)


@dataclass(frozen=True, slots=True)
class _Count:
    """How many counterfeits a part of the listings holds, with its interval."""

    number: float | None
    low: float
    high: float

    @property
    def below(self) -> float:
        return (self.number or 0.0) - self.low

    @property
    def above(self) -> float:
        return self.high - (self.number or 0.0)


def _window_parts(rows: Sequence[SelectedListing], listings: int) -> tuple[_Count, _Count, tuple[int, int, float]]:
    """Counterfeits among listings reviewed anyway and among the rest, and (answered, sampled, effective) counts."""
    if any(not 0 < row.inclusion_probability <= 1 for row in rows):
        raise ValueError("a chance of being reviewed lies above 0 and is at most 1")
    if listings < len(rows):
        raise ValueError(f"{len(rows)} listings were to be reviewed, of {listings} in all")
    certain = [row for row in rows if row.inclusion_probability == 1]
    drawn = [row for row in rows if row.inclusion_probability < 1 and row.counterfeit is not None]
    weights = [1 / row.inclusion_probability for row in drawn]
    squares = sum(weight**2 for weight in weights)
    effective = sum(weights) ** 2 / squares if squares else 0.0
    answered = sum(row.counterfeit is not None for row in certain) + len(drawn)
    rest = listings - len(certain)
    return _count_reviewed(certain), _estimate_unreviewed(drawn, weights, rest), (answered, len(drawn), effective)


def _count_reviewed(rows: Sequence[SelectedListing]) -> _Count:
    """The listings reviewed with certainty: the confirmed counterfeits, and the same share of the unanswered ones."""
    fakes = sum(row.counterfeit is True for row in rows)
    answered = sum(row.counterfeit is not None for row in rows)
    silent = len(rows) - answered
    if not silent:
        return _Count(fakes, fakes, fakes)
    if not answered:
        return _Count(None, 0, silent)
    expected = silent * fakes / answered
    # The spread of the unanswered around an estimated share. One success and one failure are added, so that few answers
    # without a find do not count as certainty.
    share = (fakes + 1) / (answered + 2)
    around = _Z * math.sqrt(silent * share * (1 - share) * (1 + silent / answered))
    return _Count(fakes + expected, fakes + max(0.0, expected - around), fakes + min(silent, expected + around))


def _estimate_unreviewed(rows: Sequence[SelectedListing], weights: Sequence[float], rest: int) -> _Count:
    """The listings without review: each sampled listing represents its share of them."""
    if not rest:
        return _Count(0, 0, 0)
    if not rows:
        return _Count(None, 0, rest)
    scale = rest / sum(weights)
    scaled = [weight * scale for weight in weights]
    finds = [weight for row, weight in zip(rows, scaled, strict=True) if row.counterfeit]
    total, variance = sum(finds), sum(weight**2 for weight in finds)
    low = _gamma_quantile(total, variance, _LOW) if finds else 0.0
    high = _gamma_quantile(total + rest / len(rows), variance + sum(weight**2 for weight in scaled) / len(rows), _HIGH)
    return _Count(min(total, rest), min(low, rest), min(high, rest))


def _gamma_quantile(mean: float, variance: float, level: float) -> float:
    """Quantile of the gamma distribution with this mean and variance."""
    return float(variance / mean * gammaincinv(mean**2 / variance, level))


def _share_or_none(part: float, other: float) -> float | None:
    return part / (part + other) if part + other > 0 else None
