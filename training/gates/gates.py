"""The gates that a candidate must pass before people may promote it; each gate reports its figure and its bound."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from models.arrays import Floats
from models.policies.learning import GatePolicy
from training.gates.gate import INCUMBENTS, Gate, State, combined_gate, judged_gate, unjudged_gate
from training.gates.replay_gate import ReplayOutcome, replay_gate
from training.gates.slice_gate import SliceEvidence, slice_gate

Interval = tuple[float, float]


class Incumbent(StrEnum):
    """What a candidate must not be worse than, in words."""

    CHAMPION = "the champion"
    SCORECARD = "the starter scorecard"
    BEST_SIGNAL = "the best single signal"
    WITHOUT_TEXT = "itself without its text"


@dataclass(frozen=True, slots=True)
class IncumbentComparison:
    """The average precision of an incumbent on the judged rows, weighted to all listings, and what it is compared by.

    `differences` are the candidate's average precision less that of the incumbent in each resample of whole sellers,
    shape (times,); `counted_once` is the difference where every judged row counts once.
    """

    incumbent: Incumbent
    average_precision: float
    differences: Floats
    counted_once: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GateEvidence:
    """The input of the gates: figures of the judged rows, which are later listings of unseen sellers.

    `average_precision`, `rank` (ROC-AUC) and calibration errors are weighted to all listings. No row weighs more than
    `most_weight`, which is None where no weight was trimmed. `effective_positives` is the effective sample size of the
    counterfeits. The scorecard has no calibration error; the interval is of the difference to the champion's. Missing
    figures are NaN. `champion_learnt` is the number of these rows that the champion may have learnt; unless it is zero,
    there is no figure of the champion. `looks` counts the candidates compared with this champion, this one included.
    """

    rows: int
    positives: int
    positive_sellers: int
    champion_learnt: int
    looks: int
    average_precision: float
    incumbents: tuple[IncumbentComparison, ...]
    rank: float
    effective_positives: float
    most_weight: float | None
    calibration_error: tuple[float, float | None]
    calibration_interval: Interval
    slices: tuple[SliceEvidence, ...]
    replayed: tuple[ReplayOutcome, ...]


def all_gates(evidence: GateEvidence, policy: GatePolicy) -> tuple[Gate, ...]:
    """All gates, in the order of the report."""
    return (
        enough_gate(evidence.rows, evidence.positives, evidence.positive_sellers, policy),
        incumbents_gate(evidence, policy),
        rank_gate(evidence, policy),
        calibration_gate(evidence, policy),
        slice_gate(evidence.slices, policy)
        if not evidence.champion_learnt
        else _block_as_uncomparable("slices", evidence, policy),
        replay_gate(evidence.replayed, policy),
    )


def why_not_comparable(learnt: int, rows: int, policy: GatePolicy) -> str:
    """Why a champion that may have learnt some of the judged rows is not compared."""
    return (
        f"Not comparable: the champion may have learnt {learnt} of these {rows} rows. A comparison needs "
        f"{policy.fewest_positives} later counterfeits of {policy.fewest_positive_sellers} unseen sellers."
    )


def _block_as_uncomparable(name: str, evidence: GateEvidence, policy: GatePolicy) -> Gate:
    return unjudged_gate(name, why_not_comparable(evidence.champion_learnt, evidence.rows, policy), blocks=True)


def unjudged_gates(rows: int, positives: int, positive_sellers: int, policy: GatePolicy) -> tuple[Gate, ...]:
    """The gates of a snapshot on which no model could be fitted or judged: one gate, which blocks."""
    gate = enough_gate(rows, positives, positive_sellers, policy)
    return (unjudged_gate(gate.name, gate.sentence, blocks=True, figure=gate.figure, bound=gate.bound),)


def enough_gate(rows: int, positives: int, positive_sellers: int, policy: GatePolicy) -> Gate:
    """There are enough counterfeits of enough sellers for a judgement."""
    few_sellers = positive_sellers < policy.fewest_positive_sellers
    figure, bound = (
        (positive_sellers, policy.fewest_positive_sellers)
        if few_sellers and positives >= policy.fewest_positives
        else (positives, policy.fewest_positives)
    )
    return judged_gate(
        "enough_to_judge",
        positives >= policy.fewest_positives and not few_sellers,
        float(figure),
        float(bound),
        f"{positives} counterfeits of {positive_sellers} sellers among {rows} later listings of unseen sellers; at "
        f"least {policy.fewest_positives} of {policy.fewest_positive_sellers} are needed.",
    )


def incumbents_gate(evidence: GateEvidence, policy: GatePolicy) -> Gate:
    """The candidate is no worse than the champion, the scorecard, the best single signal and itself without its text.

    Each is a part: the difference in average precision over all listings must be at least zero, and the lower end of
    its interval above a bound. Of many candidates one is lucky, so the k-th that is compared with a champion must
    exceed zero at a chance that falls with the square of k; at the first this is the difference itself. Weights are
    trimmed, and where every row counts once the difference must be above the same bound: a few heavy rows with false
    labels decide the first figure, and only a few of many rows in the second. If trimming leaves too few effective
    counterfeits, or the champion may have learnt the rows, the gate is not judged and blocks.
    """
    name = INCUMBENTS
    if evidence.effective_positives < policy.fewest_effective_positives:
        return unjudged_gate(
            name,
            f"The effective sample size of the counterfeits is {evidence.effective_positives:.1f}; "
            f"{policy.fewest_effective_positives:g} are needed.",
            blocks=True,
            figure=evidence.effective_positives,
            bound=policy.fewest_effective_positives,
        )
    parts = tuple(_incumbent_part(evidence, comparison, policy) for comparison in evidence.incumbents)
    trimmed = "" if evidence.most_weight is None else f", with weights of at most {evidence.most_weight:.1f}"
    gate = combined_gate(
        name,
        parts,
        sentence=f"Average precision {evidence.average_precision:.3f} over all listings{trimmed}, no worse than "
        f"{', '.join(part.name for part in parts)}; comparison {evidence.looks} with this champion.",
        nothing="There is nothing to compare with.",
    )
    if evidence.champion_learnt and gate.state is not State.FAILED:
        why = why_not_comparable(evidence.champion_learnt, evidence.rows, policy)
        return replace(gate, state=State.NOT_JUDGED, sentence=why, blocks=True)
    return gate


def _incumbent_part(evidence: GateEvidence, comparison: IncumbentComparison, policy: GatePolicy) -> Gate:
    known = comparison.differences[~np.isnan(comparison.differences)]
    difference = evidence.average_precision - comparison.average_precision
    if not len(known) or math.isnan(difference):
        return judged_gate(comparison.incumbent.value, False, math.nan, 0.0, "There is no difference to judge.")
    beside = (1 - policy.incumbent_confidence) / 2
    lucky, middle, low, high = np.quantile(known, (0.5 / evidence.looks**2, 0.5, beside, 1 - beside)).tolist()
    beyond_luck = difference + min(0.0, lucky - middle)
    return judged_gate(
        comparison.incumbent.value,
        beyond_luck >= 0 and min(low, comparison.counted_once) > -policy.incumbent_slack,
        beyond_luck,
        0.0,
        f"Average precision {evidence.average_precision:.3f} over all listings against "
        f"{comparison.average_precision:.3f} of {comparison.incumbent.value}; difference between {low:+.3f} and "
        f"{high:+.3f} at {policy.incumbent_confidence:.0%}, above {-policy.incumbent_slack:.2f}, and "
        f"{beyond_luck:+.3f} beyond the luck of comparison {evidence.looks}, at least 0. Where every row counts once "
        f"it is {comparison.counted_once:+.3f}, above {-policy.incumbent_slack:.2f}.",
    )


def rank_gate(evidence: GateEvidence, policy: GatePolicy) -> Gate:
    """Counterfeits score above genuine listings often enough, whatever the incumbents do."""
    figure, bound = evidence.rank, policy.least_rank
    return judged_gate(
        "rank",
        figure >= bound,
        figure,
        bound,
        f"A counterfeit scores above a genuine listing with probability {figure:.3f}, over all listings; at least "
        f"{bound:.2f}.",
    )


def calibration_gate(evidence: GateEvidence, policy: GatePolicy) -> Gate:
    """The calibration error is within a fixed bound, and not clearly above that of a comparable champion."""
    name = "calibration"
    ours, theirs = evidence.calibration_error
    absolute = policy.most_calibration_error
    stated = f"Calibration error {ours:.3f} over all listings, at most {absolute:.3f}"
    if theirs is None or not ours <= absolute:
        return judged_gate(name, ours <= absolute, ours, absolute, f"{stated}.")
    low, high = evidence.calibration_interval
    worse = ours - theirs
    shown = low > policy.calibration_slack
    bound = policy.calibration_slack if shown else policy.calibration_most_slack
    beyond = " beyond doubt" if shown else ""
    return judged_gate(
        name,
        not shown and worse <= policy.calibration_most_slack,
        worse,
        bound,
        f"{stated}; against the champion's {theirs:.3f} worse by {worse:+.3f}, between {low:+.3f} and {high:+.3f} at "
        f"{policy.confidence:.0%}, at most {bound:.3f}{beyond}.",
    )
