"""Observed precision by probability band: past scores compared with labels that arrived later."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.prevalence import Estimate, SelectedListing, prevalence

# Bands are narrow where listings are many and wide where they are few, so that each band has some labels.
EDGES: Final = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class ScoredListing:
    """A scored listing. `inclusion_probability` is its probability of a review; `counterfeit` is its label, if any."""

    probability: float
    inclusion_probability: float
    counterfeit: bool | None
    reviewed: bool


@dataclass(frozen=True, slots=True)
class Band:
    """Listings with a probability in [low, high), the last band closed: the mean prediction and the observed share."""

    low: float
    high: float
    listings: int
    predicted: float | None
    observed: Estimate


def precision_by_band(rows: Sequence[ScoredListing]) -> tuple[Band, ...]:
    """Each band's mean probability beside the estimated share of counterfeits among all its listings.

    The random audit sample represents a band's unreviewed listings. It alone determines the estimate of a band below
    every threshold. A label that is not mature counts as missing.
    """
    return tuple(_make_band(low, high, rows) for low, high in itertools.pairwise(EDGES))


def _make_band(low: float, high: float, rows: Sequence[ScoredListing]) -> Band:
    inside = [row for row in rows if low <= row.probability < high or (high == EDGES[-1] == row.probability)]
    due = [SelectedListing(row.inclusion_probability, row.counterfeit) for row in inside if row.reviewed]
    predicted = sum(row.probability for row in inside) / len(inside) if inside else None
    return Band(low, high, len(inside), predicted, prevalence(due, listings=len(inside)))
