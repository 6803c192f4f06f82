"""The gate of slices, which detects a loss on a brand, market or language that a good average hides."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.arrays import Floats, Labels, Rows
from models.policies.learning import GatePolicy
from training.gates.gate import Gate, combined_gate, judged_gate, unjudged_gate


@dataclass(frozen=True, slots=True)
class FigureComparison:
    """One figure of the candidate and the incumbent.

    `worse` is the loss of the candidate against the incumbent. `worse_at_least` is the lower end of its one-sided
    interval over resampled sellers, at the confidence of the policy. NaN where the figure does not exist.
    """

    ours: float
    theirs: float
    worse: float
    worse_at_least: float


@dataclass(frozen=True, slots=True)
class SliceEvidence:
    """The results in one slice of the judged rows.

    `recall` is the share of its counterfeits above the threshold that flags the policy's share of all genuine listings.
    `rank` is the probability that one of them scores above a genuine listing of any slice. `alarms` is the flagged
    share of the slice's own genuine listings.
    """

    name: str
    rows: int
    positives: int
    positive_sellers: int
    recall: FigureComparison
    rank: FigureComparison
    alarms: FigureComparison


def slice_gate(slices: tuple[SliceEvidence, ...], policy: GatePolicy) -> Gate:
    """No slice with enough rows has lost more than the bound.

    Judgement calls: Recall and false alarms fail only if the loss is beyond doubt above the bound (paired bootstrap,
    95 %). The opposite rule, that a candidate must prove a smaller loss, fails half of all equal models at 50 rows:
    promotions would stop, and people would override every failure. But recall at one false alarm in a hundred depends
    on three or four counterfeits of such a slice, and detects a fully poisoned slice only one time in three. The gate
    therefore also checks the rank of all its counterfeits, at 99 %. A fall in rank by twenty points fails at face
    value, because all counterfeits may be of one seller. Slices with fewer than three counterfeits are reported as not
    judged and do not block, because waiting would not change them.
    """
    large = [part for part in slices if part.rows >= policy.slice_rows]
    parts = tuple(slice_part(part, policy) for part in large)
    judged_parts = [part for part in parts if part.figure is not None]
    return combined_gate(
        "slices",
        parts,
        sentence=f"None of {len(judged_parts)} slices of {policy.slice_rows} rows or more has lost recall, rank or "
        f"precision beyond its bound; {len(parts) - len(judged_parts)} have too few counterfeits to judge.",
        nothing=f"{len(large)} slices have {policy.slice_rows} rows or more, and none has the "
        f"{policy.collapse_positives} counterfeits that a judgement needs.",
    )


def slice_part(part: SliceEvidence, policy: GatePolicy) -> Gate:
    if part.positives < policy.collapse_positives:
        sentence = f"{part.positives} counterfeits among {part.rows} rows; {policy.collapse_positives} are needed."
        return unjudged_gate(part.name, sentence, blocks=False)
    counted = f"{part.positives} counterfeits of {part.positive_sellers} sellers among {part.rows} rows"
    for figure, bound, words in _losses(part, policy):
        return judged_gate(part.name, False, figure, bound, f"{words}; {counted}.")
    words = (
        f"recall {_both_figures(part.recall)}, rank {_both_figures(part.rank)}, "
        f"genuine listings flagged {part.alarms.ours:.1%} against {part.alarms.theirs:.1%}"
    )
    return judged_gate(part.name, True, -part.recall.worse, -policy.slice_recall_loss, f"{words}; {counted}.")


def _losses(part: SliceEvidence, policy: GatePolicy) -> Iterator[tuple[float, float, str]]:
    """(figure, bound, words) of each loss beyond its bound, most serious first."""
    chance = f"its counterfeits score above a genuine listing with probability {_both_figures(part.rank)}"
    if part.rank.worse > policy.slice_rank_collapse:
        yield -part.rank.worse, -policy.slice_rank_collapse, f"{chance}, {part.rank.worse:.2f} lower"
    enough = part.positives >= policy.slice_positives and part.positive_sellers >= policy.slice_positive_sellers
    if enough and part.recall.worse_at_least > policy.slice_recall_loss:
        words = f"recall {_both_figures(part.recall)} at {policy.false_alarms:.0%} false alarms"
        yield -part.recall.worse, -policy.slice_recall_loss, f"{words}, {_sure_loss_words(part.recall)}"
    if enough and part.rank.worse_at_least > policy.slice_rank_loss:
        yield -part.rank.worse, -policy.slice_rank_loss, f"{chance}, {_sure_loss_words(part.rank)}"
    if part.alarms.worse_at_least > policy.slice_alarms_rise:
        words = f"{part.alarms.ours:.0%} of its genuine listings are flagged against {part.alarms.theirs:.0%}"
        yield part.alarms.worse, policy.slice_alarms_rise, f"{words}, {_sure_loss_words(part.alarms)}"


def _both_figures(figure: FigureComparison) -> str:
    return f"{figure.ours:.2f} against {figure.theirs:.2f}"


def _sure_loss_words(figure: FigureComparison) -> str:
    return f"worse by at least {figure.worse_at_least:.2f} beyond doubt"


_AT_A_TIME: Final = 100  # Resamples; a hundred of 20,000 rows take 16 MB.


@dataclass(frozen=True, slots=True)
class ScoredRows:
    """Judged rows with the scores of both models; arrays of shape (n,). `resampled` (times, n) counts each row."""

    labels: Labels
    ours: Floats
    theirs: Floats
    weights: Floats
    groups: Rows
    resampled: Floats


def slice_evidence(scored: ScoredRows, members: Mapping[str, Rows], policy: GatePolicy) -> tuple[SliceEvidence, ...]:
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
    resampled = np.concatenate([measured.figures(part * scored.weights) for part in _resample_chunks(scored.resampled)])
    evidence = []
    for column, (name, rows) in enumerate(large.items()):
        fakes = rows[scored.labels[rows] == 1]

        def compared(figure: int, sign: int, confidence: float, column: int = column) -> FigureComparison:
            ours, theirs = whole[figure, :, column]
            differences = sign * (resampled[:, figure, 1, column] - resampled[:, figure, 0, column])
            known = differences[~np.isnan(differences)]
            least = float(np.quantile(known, 1 - confidence)) if len(known) else float("nan")
            return FigureComparison(float(ours), float(theirs), float(sign * (theirs - ours)), least)

        evidence.append(
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
    return tuple(evidence)


_RECALL, _RANK, _ALARMS = 0, 1, 2


def _resample_chunks(resampled: Floats) -> Iterator[Floats]:
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
    def of(cls, scored: ScoredRows, membership: Floats, false_alarms: float) -> "_Measure":
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
                    np.stack([self._share(fakes, flags) for flags in flagged], axis=1),
                    np.stack([self._share(fakes, rank) for rank in self.ranks], axis=1),
                    np.stack([self._share(genuine, flags) for flags in flagged], axis=1),
                ],
                axis=1,
            )

    def _share(self, weights: Floats, what: Floats) -> Floats:
        shares: Floats = ((weights * what) @ self.membership) / (weights @ self.membership)
        return shares

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
    thresholds: Floats = ordered[np.minimum(allowed, len(ordered) - 1)]
    return thresholds


def _ranks(labels: Labels, scores: Floats, weights: Floats) -> Floats:
    """For each row, the weighted share of genuine listings with a lower score. Ties count half."""
    genuine = labels == 0
    order = np.argsort(scores[genuine], kind="stable")
    ordered = scores[genuine][order]
    below = np.concatenate([[0.0], np.cumsum(weights[genuine][order])])
    low, high = (below[np.searchsorted(ordered, scores, side)] for side in ("left", "right"))
    ranks: Floats = (low + high) / 2 / below[-1]
    return ranks
