"""The loss on each slice against the incumbent, with the same resamples of whole sellers for both models."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.policies.learning import GatePolicy
from training.slice_gate import Compared, SliceEvidence

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]
Rows = NDArray[np.intp]

_AT_A_TIME: Final = 100  # Resamples; a hundred of 20,000 rows take 16 MB.


@dataclass(frozen=True, slots=True)
class Scored:
    """Judged rows with the scores of both models; arrays of shape (n,). `resampled` (times, n) counts each row."""

    labels: Labels
    ours: Floats
    theirs: Floats
    weights: Floats
    groups: Rows
    resampled: Floats


def slice_evidence(scored: Scored, members: Mapping[str, Rows], policy: GatePolicy) -> tuple[SliceEvidence, ...]:
    """The evidence of each slice with enough rows.

    Thresholds are computed on all judged rows, and again in each resample, so that the interval includes their sampling
    error. A counterfeit's rank, its place among all genuine listings, is computed once.
    """
    large = {name: rows for name, rows in members.items() if len(rows) >= policy.slice_rows}
    if not large or len(np.unique(scored.labels)) < 2:
        return ()
    membership = np.zeros((len(scored.labels), len(large)))
    for column, rows in enumerate(large.values()):
        membership[rows, column] = 1.0
    measured = _Measure.of(scored, membership, policy.false_alarms)
    whole = measured.figures(scored.weights[None, :])[0]
    resampled = np.concatenate([measured.figures(part * scored.weights) for part in _parts(scored.resampled)])
    found = []
    for column, (name, rows) in enumerate(large.items()):
        fakes = rows[scored.labels[rows] == 1]

        def compared(figure: int, sign: int, confidence: float, column: int = column) -> Compared:
            ours, theirs = whole[figure, :, column]
            differences = sign * (resampled[:, figure, 1, column] - resampled[:, figure, 0, column])
            known = differences[~np.isnan(differences)]
            least = float(np.quantile(known, 1 - confidence)) if len(known) else float("nan")
            return Compared(float(ours), float(theirs), float(sign * (theirs - ours)), least)

        found.append(
            SliceEvidence(
                name,
                rows=len(rows),
                positives=len(fakes),
                positive_sellers=len(np.unique(scored.groups[fakes])),
                recall=compared(_RECALL, 1, policy.slice_confidence),
                rank=compared(_RANK, 1, policy.slice_rank_confidence),
                alarms=compared(_ALARMS, -1, policy.slice_confidence),
            )
        )
    return tuple(found)


_RECALL, _RANK, _ALARMS = 0, 1, 2


def _parts(resampled: Floats) -> Iterator[Floats]:
    for start in range(0, len(resampled), _AT_A_TIME):
        yield resampled[start : start + _AT_A_TIME]


@dataclass(frozen=True, slots=True)
class _Measure:
    """The values that are the same in every resample."""

    labels: Floats
    scores: tuple[Floats, Floats]
    ranks: tuple[Floats, Floats]
    membership: Floats
    false_alarms: float

    @classmethod
    def of(cls, scored: Scored, membership: Floats, false_alarms: float) -> "_Measure":
        both = scored.ours, scored.theirs
        ranks = tuple(_ranks(scored.labels, scores, scored.weights) for scores in both)
        return cls(scored.labels.astype(np.float64), both, (ranks[0], ranks[1]), membership, false_alarms)

    def figures(self, weights: Floats) -> Floats:
        """Recall, rank and alarms of both models in each slice for weights (b, n): shape (b, 3, 2, slices)."""
        fakes, genuine = weights * self.labels, weights * (1 - self.labels)
        flagged = list(self._flagged(weights))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.stack(
                [
                    np.stack([self._share(fakes, one) for one in flagged], axis=1),
                    np.stack([self._share(fakes, one) for one in self.ranks], axis=1),
                    np.stack([self._share(genuine, one) for one in flagged], axis=1),
                ],
                axis=1,
            )

    def _share(self, weights: Floats, what: Floats) -> Floats:
        found: Floats = ((weights * what) @ self.membership) / (weights @ self.membership)
        return found

    def _flagged(self, weights: Floats) -> Iterator[Floats]:
        for scores in self.scores:
            yield (scores > _thresholds(self.labels, scores, weights, self.false_alarms)[:, None]).astype(np.float64)


def _thresholds(labels: Floats, scores: Floats, weights: Floats, false_alarms: float) -> Floats:
    """For each row of weights the score above which at most `false_alarms` of the genuine listings lie."""
    genuine = labels == 0
    order = np.argsort(-scores[genuine], kind="stable")
    ordered = scores[genuine][order]
    alarms = np.cumsum(weights[:, genuine][:, order], axis=1)
    allowed = (alarms <= false_alarms * alarms[:, -1:]).sum(axis=1)
    found: Floats = ordered[np.minimum(allowed, len(ordered) - 1)]
    return found


def _ranks(labels: Labels, scores: Floats, weights: Floats) -> Floats:
    """For each row, the weighted share of genuine listings with a lower score. Ties count half."""
    genuine = labels == 0
    order = np.argsort(scores[genuine], kind="stable")
    ordered = scores[genuine][order]
    below = np.concatenate([[0.0], np.cumsum(weights[genuine][order])])
    low, high = (below[np.searchsorted(ordered, scores, side)] for side in ("left", "right"))
    found: Floats = (low + high) / 2 / below[-1]
    return found
