"""The gates that a candidate must pass before people may promote it; each gate reports its figure and its bound."""

from dataclasses import dataclass
from enum import StrEnum

from models.policies.learning import GatePolicy
from training.gates.gate import Gate, judged_gate, unjudged_gate
from training.gates.replay_gate import ReplayOutcome, replay_gate
from training.gates.slice_gate import SliceEvidence, slice_gate

Interval = tuple[float, float]


class Incumbent(StrEnum):
    """The current scorer, in words."""

    CHAMPION = "the champion"
    SCORECARD = "the starter scorecard"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateEvidence:
    """The input of the gates: figures of the judged rows, which are later listings of unseen sellers.

    `average_precision` is on the random slice, weighted to all listings. No row weighs more than `most_weight`, which
    is None where no weight was trimmed. `effective_positives` is the effective sample size of its counterfeits.
    Calibration errors are unweighted; the scorecard has none. Intervals are of the difference to the incumbent. Missing
    figures are NaN. `champion_learnt` is the number of these rows that the champion may have learnt; unless it is zero,
    there is no figure of the champion.
    """

    rows: int
    positives: int
    positive_sellers: int
    incumbent: Incumbent
    champion_learnt: int
    average_precision: tuple[float, float]
    average_precision_interval: Interval
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
        random_slice_gate(evidence, policy),
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


def random_slice_gate(evidence: GateEvidence, policy: GatePolicy) -> Gate:
    """The candidate has the higher average precision over all listings, estimated from the reviewed listings.

    The difference is taken at face value. An interval that excludes zero takes hundreds of counterfeits, so a small
    marketplace would never replace its model. An equal candidate fails every other time, at no cost: it waits for more
    labels. Weights are trimmed until no few heavy rows decide. If that leaves too few effective counterfeits, or the
    champion may have learnt the rows, the gate is not judged and blocks.
    """
    name = "random_slice"
    if evidence.champion_learnt:
        return _block_as_uncomparable(name, evidence, policy)
    if evidence.effective_positives < policy.fewest_effective_positives:
        return unjudged_gate(
            name,
            f"The effective sample size of the random slice is {evidence.effective_positives:.1f} counterfeits; "
            f"{policy.fewest_effective_positives:g} are needed.",
            blocks=True,
            figure=evidence.effective_positives,
            bound=policy.fewest_effective_positives,
        )
    ours, theirs = evidence.average_precision
    low, high = evidence.average_precision_interval
    trimmed = "" if evidence.most_weight is None else f", with weights of at most {evidence.most_weight:.1f},"
    return judged_gate(
        name,
        ours > theirs,
        ours - theirs,
        0.0,
        f"Average precision {ours:.3f} over all listings{trimmed} against {theirs:.3f} of {evidence.incumbent.value}; "
        f"difference between {low:+.3f} and {high:+.3f} at {policy.confidence:.0%}.",
    )


def calibration_gate(evidence: GateEvidence, policy: GatePolicy) -> Gate:
    """The calibration error is not clearly above the champion's; without a comparison, it is within a fixed bound."""
    name = "calibration"
    ours, theirs = evidence.calibration_error
    if theirs is None:
        bound = policy.first_calibration_error
        why = "without a comparable champion" if evidence.champion_learnt else "for a first model"
        return judged_gate(
            name, ours <= bound, ours, bound, f"Calibration error {ours:.3f}; at most {bound:.3f} {why}."
        )
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
        f"Calibration error {ours:.3f} against the champion's {theirs:.3f}; worse by {worse:+.3f}, between {low:+.3f} "
        f"and {high:+.3f} at {policy.confidence:.0%}, at most {bound:.3f}{beyond}.",
    )
