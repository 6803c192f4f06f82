"""Caps on the share of the weight of one source, one seller, or one source in a slice."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from features.facts import Facts
from features.fold import fold
from models.arrays import Floats, Rows
from models.policies.learning import WeightPolicy
from training.snapshot import SnapshotRow

_CLOSE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Part:
    """Row groups with a cap: no group may have more than `share` of the weight. `rows` and `groups` have shape (m,)."""

    kind: str
    rows: Rows
    groups: Rows
    share: float

    def totals(self, weights: Floats) -> Floats:
        """The weight of each group."""
        return np.bincount(self.groups, weights[self.rows]).astype(np.float64)

    def cap(self, weights: Floats) -> Floats:
        """The weights, with larger groups reduced so that each has at most `share` of the reduced total.

        With the k largest groups at the cap c and the rest unchanged, c = share * (k * c + rest). The smallest k is
        used for which every other group lies at or below c.
        """
        totals = self.totals(weights)
        if self.share >= 1 or totals.max() <= self.share * totals.sum():
            return weights
        ordered = np.sort(totals)[::-1]
        rest = ordered.sum() - np.concatenate([[0.0], np.cumsum(ordered)[:-1]])
        kept = np.arange(len(ordered))
        caps = self.share * rest / np.maximum(1 - self.share * kept, _CLOSE)
        most = float(caps[np.flatnonzero(ordered <= caps)[0]])
        found = weights.copy()
        found[self.rows] *= np.minimum(1.0, most / np.maximum(totals, _CLOSE))[self.groups]
        return found


def parts(rows: Sequence[SnapshotRow], facts: Sequence[Facts], policy: WeightPolicy) -> list[Part]:
    """The caps in the order of application: sources of the genuine rows of a slice, sellers of a class, sources of a
    class. Only the last cap holds exactly."""
    return [part for part in _parts(rows, facts, policy) if part.share < 1]


def _parts(rows: Sequence[SnapshotRow], facts: Sequence[Facts], policy: WeightPolicy) -> Iterator[Part]:
    labels = np.array([row.label for row in rows])
    sources = [tuple(sorted(row.sources)) for row in rows]
    sellers = [row.seller_cluster or f"\0{i}" for i, row in enumerate(rows)]
    slices: dict[tuple[str, str], list[int]] = {}
    for i in np.flatnonzero(labels == 0).tolist():
        for name in _slices(rows[i], facts[i]):
            slices.setdefault(name, []).append(i)
    for name in sorted(slices):
        yield _part("slice", np.array(slices[name], dtype=np.intp), sources, policy.slice_share, policy)
    classes = [np.flatnonzero(labels == value) for value in (1, 0)]
    for kind, keys in (("seller", sellers), ("source", sources)):
        for of_class in classes:
            yield _part(kind, of_class, keys, policy.source_share, policy)


def _part(kind: str, rows: Rows, keys: Sequence[Hashable], share: float, policy: WeightPolicy) -> Part:
    numbers: dict[Hashable, int] = {}
    groups = np.array([numbers.setdefault(keys[i], len(numbers)) for i in rows], dtype=np.intp)
    return Part(kind, rows, groups, max(share, policy.equal_parts / max(len(numbers), 1)))


def _slices(row: SnapshotRow, facts: Facts) -> Iterator[tuple[str, str]]:
    if row.brand_id is not None:
        yield "brand", row.brand_id
    if facts.listing.language is not None:
        yield "language", facts.listing.language
    if facts.listing.product_type is not None:
        yield "category", fold(facts.listing.product_type)


def capped(weights: Floats, caps: Sequence[Part]) -> Floats:
    """The weights after all caps, applied one after the other.

    The last cap holds exactly. A later cap removes weight, so a group can end slightly above an earlier cap. Iterating
    until all caps hold can reduce all weights to zero, such as where ten sellers have all the weight that one flooding
    source does not have.
    """
    for part in caps:
        weights = part.cap(weights)
    return weights
