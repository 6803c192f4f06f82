"""Whether probabilities of the past came true: precision by band, from labels that came later."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.prevalence import Due, Estimate, prevalence

# Narrow where most listings are, wide where few are: a band without a handful of labels says nothing.
EDGES: Final = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class ScoredListing:
    """A listing that a model scored. `inclusion_probability` is its chance of a review, `counterfeit` its label."""

    probability: float
    inclusion_probability: float
    counterfeit: bool | None
    reviewed: bool


@dataclass(frozen=True, slots=True)
class Band:
    """Listings whose probability lay in [low, high), the last band closed: what was said and what came out."""

    low: float
    high: float
    listings: int
    predicted: float | None
    found: Estimate


def precision_by_band(rows: Sequence[ScoredListing]) -> tuple[Band, ...]:
    """Each band's mean probability beside the share of counterfeits among all its listings, as far as labels tell.

    The random audit sample represents the listings of a band without review. A band below every threshold is therefore
    judged by the random audit sample alone. A label that is not mature yet counts as an answer not yet in.
    """
    return tuple(_band(low, high, rows) for low, high in itertools.pairwise(EDGES))


def _band(low: float, high: float, rows: Sequence[ScoredListing]) -> Band:
    inside = [row for row in rows if low <= row.probability < high or (high == EDGES[-1] == row.probability)]
    due = [Due(row.inclusion_probability, row.counterfeit) for row in inside if row.reviewed]
    predicted = sum(row.probability for row in inside) / len(inside) if inside else None
    return Band(low, high, len(inside), predicted, prevalence(due, listings=len(inside)))
