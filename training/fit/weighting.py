"""What a labelled row counts: the listings it represents, its capped weight in fitting, and its near-duplicates."""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features.facts import Facts
from features.fold import fold, skeleton
from features.minhash import Signature, band_keys, signature_of, similarities, text_of
from features.near_duplicates import NEAR
from models.arrays import Floats, Rows
from models.policies.learning import DEFAULT_GATES, DEFAULT_WEIGHTING, WeightPolicy
from training.evaluate.metrics import effective_number
from training.snapshots.snapshot import SnapshotRow

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
        capped_counts = np.arange(len(ordered))
        caps = self.share * rest / np.maximum(1 - self.share * capped_counts, _CLOSE)
        most = float(caps[np.flatnonzero(ordered <= caps)[0]])
        capped_weights = weights.copy()
        capped_weights[self.rows] *= np.minimum(1.0, most / np.maximum(totals, _CLOSE))[self.groups]
        return capped_weights


def weight_caps(rows: Sequence[SnapshotRow], facts: Sequence[Facts], policy: WeightPolicy) -> list[Part]:
    """The caps in the order of application: sources of the genuine rows of a slice, sellers of a class, sources of a
    class. Only the last cap holds exactly."""
    return [part for part in _weight_caps(rows, facts, policy) if part.share < 1]


def _weight_caps(rows: Sequence[SnapshotRow], facts: Sequence[Facts], policy: WeightPolicy) -> Iterator[Part]:
    labels = np.array([row.label for row in rows])
    sources = [tuple(sorted(row.sources)) for row in rows]
    sellers = [row.seller_cluster or f"\0{i}" for i, row in enumerate(rows)]
    slices: dict[tuple[str, str], list[int]] = {}
    for i in np.flatnonzero(labels == 0).tolist():
        for name in _slices_of_row(rows[i], facts[i]):
            slices.setdefault(name, []).append(i)
    for name in sorted(slices):
        yield _make_cap("slice", np.array(slices[name], dtype=np.intp), sources, policy.slice_share, policy)
    classes = [np.flatnonzero(labels == label) for label in (1, 0)]
    for kind, keys in (("seller", sellers), ("source", sources)):
        for of_class in classes:
            yield _make_cap(kind, of_class, keys, policy.source_share, policy)


def _make_cap(kind: str, rows: Rows, keys: Sequence[Hashable], share: float, policy: WeightPolicy) -> Part:
    numbers: dict[Hashable, int] = {}
    groups = np.array([numbers.setdefault(keys[i], len(numbers)) for i in rows], dtype=np.intp)
    return Part(kind, rows, groups, max(share, policy.equal_parts / max(len(numbers), 1)))


def _slices_of_row(row: SnapshotRow, facts: Facts) -> Iterator[tuple[str, str]]:
    if row.brand_id is not None:
        yield "brand", row.brand_id
    if facts.listing.language is not None:
        yield "language", facts.listing.language
    if facts.listing.product_type is not None:
        yield "category", fold(facts.listing.product_type)


def cap_weights(weights: Floats, caps: Sequence[Part]) -> Floats:
    """The weights after all caps, applied one after the other.

    The last cap holds exactly. A later cap removes weight, so a group can end slightly above an earlier cap. Iterating
    until all caps hold can reduce all weights to zero, such as where ten sellers have all the weight that one flooding
    source does not have.
    """
    for part in caps:
        weights = part.cap(weights)
    return weights


def near_duplicates(facts: Sequence[Facts], clusters: Sequence[str | None]) -> NDArray[np.intp]:
    """A number per group of near-duplicates within one seller cluster, shape (n,).

    A chain of texts, each near the next (`features.near_duplicates.NEAR`), joins rows into one group. A text too short
    for a signature joins only equal texts. Rows without a known seller are compared with each other, because a shared
    text is evidence of one seller.

    Notes
    -----
    Rows of different clusters are never joined, because shops copy the texts of manufacturers. Accounts that are known
    to be one seller share a cluster.
    """
    groups = np.arange(len(facts), dtype=np.intp)
    texts = [skeleton(text_of(row_facts.listing)) for row_facts in facts]
    signatures = [signature_of(row_facts.listing) for row_facts in facts]
    met: dict[tuple[str | None, object], list[int]] = {}
    # Sorted by text, so that the row order does not matter. A row that joins a group is not added to the index: each
    # further copy costs one comparison.
    for row in sorted(range(len(facts)), key=lambda i: texts[i]):
        for key in _index_keys(texts[row], signatures[row]):
            others = met.setdefault((clusters[row], key), [])
            if not any(_merge_if_near(groups, signatures, row, other) for other in others):
                others.append(row)
    return np.array([_find_root(groups, row) for row in range(len(facts))], dtype=np.intp)


def suppliers(facts: Sequence[Facts], groups: NDArray[np.intp]) -> NDArray[np.intp]:
    """A number per supplier, shape (n,): sellers that share near-duplicate texts, directly or through others.

    Sellers of one supplier repeat its wording, so a text model that learnt one of them knows the others.
    """
    supplier_of = np.arange(groups.max(initial=0) + 1, dtype=np.intp)
    texts = near_duplicates(facts, [None] * len(facts))
    for row, first in enumerate(texts.tolist()):
        roots = [_find_root(supplier_of, int(groups[i])) for i in (row, first)]
        supplier_of[max(roots)] = min(roots)
    return np.array([_find_root(supplier_of, group) for group in groups.tolist()], dtype=np.intp)


def _index_keys(text: str, signature: Signature | None) -> Sequence[object]:
    """Index keys of a row; similar texts share one of sixteen keys with a probability of at least 87 %."""
    if signature is None:
        return [text]
    return [(band, int(key)) for band, key in enumerate(band_keys(signature))]


def _merge_if_near(groups: NDArray[np.intp], signatures: Sequence[Signature | None], row: int, other: int) -> bool:
    """Whether the row is near the other row; if so, their groups are merged."""
    first, second = signatures[row], signatures[other]
    near = first is None or second is None or similarities(first, second[None, :])[0] >= NEAR
    if near:
        ours, theirs = _find_root(groups, row), _find_root(groups, other)
        groups[max(ours, theirs)] = min(ours, theirs)
    return near


def _find_root(groups: NDArray[np.intp], row: int) -> int:
    """The first row of a row's group, which identifies the group."""
    while groups[row] != row:
        groups[row] = groups[groups[row]]
        row = int(groups[row])
    return row


_SOURCES_REPORTED: Final = 5
_LESS: Final = 1 - 1e-6
_BOUNDS: Final = 200


@dataclass(frozen=True, slots=True)
class Weights:
    """Fitting weights and near-duplicate groups of the rows, both of shape (n,), and a report of the caps, ready for
    JSON."""

    values: Floats
    duplicates: NDArray[np.intp]
    report: dict[str, Any]


def represented_listings(rows: Sequence[SnapshotRow]) -> Floats:
    """The number of listings that each row represents: the inverse of its review probability, shape (n,).

    With these weights, reviewed rows describe all listings (Horvitz and Thompson 1952). A row with certain review
    represents itself, and a row sampled at one in thirty-three represents thirty-three. Weights are not capped, because
    figures must describe all listings; the effective sample size shows how far a few heavy rows decide.
    """
    return 1.0 / np.array([row.inclusion_probability for row in rows])


def trim_weights(
    weights: Floats, positive: NDArray[np.bool_], fewest: float = DEFAULT_GATES.fewest_effective_positives
) -> Floats:
    """The weights, trimmed at the largest bound that gives the positives an effective sample size of `fewest`.

    One counterfeit sampled at one in thirty-three outweighs ten flagged ones, which makes a figure depend on chance.
    Trimming trades this variance for bias towards flagged listings (truncated importance sampling, Ionides 2008). If
    not even equal weights reach `fewest`, all weights are one.

    >>> round(float(trim_weights(np.array([1.0] * 6 + [33.0]), np.ones(7, dtype=bool), 5.0).max()), 2)
    3.42
    """
    bounds = np.geomspace(1.0, max(1.0, float(weights.max(initial=1.0))), _BOUNDS)
    sufficient_bounds = [bound for bound in bounds if effective_number(np.minimum(weights[positive], bound)) >= fewest]
    return np.minimum(weights, max(sufficient_bounds, default=1.0))


def training_weights(
    rows: Sequence[SnapshotRow], facts: Sequence[Facts], policy: WeightPolicy = DEFAULT_WEIGHTING
) -> Weights:
    """The fitting weights of the rows.

    A weight starts as the label's weight over the review probability, capped, so that the random audit sample
    represents the unreviewed listings. Near-duplicates of a seller then share the weight of one.
    `training.fit.weighting` caps sources in each slice (brand, language, category), sellers, and sources in each class.
    Two sources that agree count as a third source, because neither made the label alone.

    Weights are not scaled up again: the weight removed from a heavy source leaves more influence to the regularisation.
    """
    drawn = np.array([row.weight for row in rows]) * represented_listings(rows)
    groups = near_duplicates(facts, [row.seller_cluster for row in rows])
    copies = np.bincount(groups)[groups]
    shared = np.minimum(drawn, policy.most_weight) / copies
    caps = weight_caps(rows, facts, policy)
    values = cap_weights(shared, caps)
    return Weights(
        values,
        groups,
        {
            "effective_n": effective_number(values),
            "capped_rows": int((drawn > policy.most_weight).sum()),
            "near_duplicates": int((copies > 1).sum()),
            "capped": {kind: _groups_at_cap(kind, caps, shared, values) for kind in ("source", "seller", "slice")},
        },
    )


def _groups_at_cap(kind: str, caps: Sequence[Part], before: Floats, after: Floats) -> int:
    """The number of groups of this kind that lost weight and now have their maximum share."""
    group_count = 0
    for part in caps:
        totals = part.totals(after)
        full = (totals < _LESS * part.totals(before)) & (totals > _LESS * part.share * totals.sum())
        group_count += int(full.sum()) if part.kind == kind else 0
    return group_count


def largest_sources(rows: Sequence[SnapshotRow]) -> list[dict[str, Any]]:
    """The sources of most labels, most first: how many labels of each class each of them gave, alone or with others."""
    counterfeit: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for row in rows:
        every.update(row.sources)
        counterfeit.update(row.sources if row.label == 1 else ())
    return [
        {"source": source, "labels": number, "counterfeit": counterfeit[source]}
        for source, number in sorted(every.items(), key=lambda pair: (-pair[1], pair[0]))[:_SOURCES_REPORTED]
    ]
