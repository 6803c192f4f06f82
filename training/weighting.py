"""The number of listings that a labelled row represents, and the cap on its weight in fitting."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features.facts import Facts
from models.policies.learning import DEFAULT_WEIGHTING, WeightPolicy
from training.duplicates import near_duplicates
from training.influence import Part, held, parts
from training.metrics import effective_number
from training.snapshot import SnapshotRow

Floats = NDArray[np.float64]

_LESS: Final = 1 - 1e-6
_BOUNDS: Final = 200


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each row counts in fitting, its group of near-duplicates, both of shape (n,), and what became of the
    weights on the way, ready for JSON."""

    values: Floats
    duplicates: NDArray[np.intp]
    report: dict[str, Any]


def stands_for(rows: Sequence[SnapshotRow]) -> Floats:
    """How many listings each row stands for: one over its chance of having been reviewed, shape (n,).

    Weighted so, reviewed rows describe all listings (Horvitz and Thompson 1952). A row with certain review represents
    itself, and a row sampled at one in thirty-three represents thirty-three. Nothing is capped, because a figure must
    be of the listings there are; how far a few heavy rows can be trusted, their effective number says.
    """
    return 1.0 / np.array([row.inclusion_probability for row in rows])


def trimmed(weights: Floats, positive: NDArray[np.bool_], fewest: float) -> Floats:
    """The weights, none above the largest bound at which the positives say as much as `fewest` of equal weight.

    One counterfeit drawn at one in thirty-three outweighs ten that were shown: on its own it is chance. The bound
    trades that chance for bias towards what was shown (truncated importance sampling, Ionides 2008). Where not even
    equal weights make `fewest`, all are one.

    >>> round(float(trimmed(np.array([1.0] * 6 + [33.0]), np.ones(7, dtype=bool), 5.0).max()), 2)
    3.42
    """
    bounds = np.geomspace(1.0, max(1.0, float(weights.max(initial=1.0))), _BOUNDS)
    kept = [bound for bound in bounds if effective_number(np.minimum(weights[positive], bound)) >= fewest]
    return np.minimum(weights, max(kept, default=1.0))


def training_weights(
    rows: Sequence[SnapshotRow], facts: Sequence[Facts], policy: WeightPolicy = DEFAULT_WEIGHTING
) -> Weights:
    """How much each row counts in fitting.

    First the label's weight over the chance of having been reviewed, capped: the random audit sample stands for the
    listings without review. Then near-duplicates of one seller share the weight of one. Then each party is capped at
    its share. The parties are a source of the genuine weight of a brand, a language or a category, then a seller, and
    at last a source of the weight of a class. Two who agree are a source of their own, because neither of them made the
    label alone.

    A learner weighs its data against its regularisation, so nothing is scaled up again. The weight removed from a heavy
    source is doubt, and goes to the prior.
    """
    drawn = np.array([row.weight for row in rows]) * stands_for(rows)
    groups = near_duplicates(facts, [row.seller_cluster for row in rows])
    copies = np.bincount(groups)[groups]
    shared = np.minimum(drawn, policy.most_weight) / copies
    capped = parts(rows, facts, policy)
    values = held(shared, capped)
    return Weights(
        values,
        groups,
        {
            "effective_n": effective_number(values),
            "capped_rows": int((drawn > policy.most_weight).sum()),
            "near_duplicates": int((copies > 1).sum()),
            "held": {kind: _held(kind, capped, shared, values) for kind in ("source", "seller", "slice")},
        },
    )


def _held(kind: str, capped: Sequence[Part], before: Floats, after: Floats) -> int:
    """How many groups of this kind were held to their part: they lost weight and have all that they may have."""
    found = 0
    for part in capped:
        totals = part.totals(after)
        full = (totals < _LESS * part.totals(before)) & (totals > _LESS * part.share * totals.sum())
        found += int(full.sum()) if part.kind == kind else 0
    return found
