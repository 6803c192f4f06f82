"""The gates that a candidate must pass before people may promote it; each gate reports its figure and its bound."""

from dataclasses import dataclass
from enum import StrEnum

from models.policies.learning import GatePolicy
from training.gate import Gate, judged, not_judged
from training.replay_gate import Replayed, replay_gate
from training.slice_gate import SliceEvidence, slice_gate

Interval = tuple[float, float]


class Incumbent(StrEnum):
    """The scorer in force until the candidate is, in words."""

    CHAMPION = "the champion"
    SCORECARD = "the starter scorecard"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateEvidence:
    """All that the gates look at; figures of the judged rows, which are later listings of sellers never fitted on.

    `average_precision` is on the random slice: weighted to all listings, no row by more than `most_weight`, which is
    None where no weight had to be trimmed. `effective_positives` says how many counterfeits of equal weight carry it.
    Calibration errors are of the judged rows as they are, the scorecard has
    none. Intervals are of the difference to the incumbent. Figures that do not exist are NaN. `champion_saw` is
    whether the champion was trained on some of these rows.
    """

    rows: int
    positives: int
    positive_sellers: int
    incumbent: Incumbent
    champion_saw: bool
    average_precision: tuple[float, float]
    average_precision_interval: Interval
    effective_positives: float
    most_weight: float | None
    calibration_error: tuple[float, float | None]
    calibration_interval: Interval
    slices: tuple[SliceEvidence, ...]
    replayed: tuple[Replayed, ...]


def gates(evidence: GateEvidence, policy: GatePolicy) -> tuple[Gate, ...]:
    """Every gate, in the order in which a person asks."""
    return (
        enough_gate(evidence.rows, evidence.positives, evidence.positive_sellers, policy),
        random_slice_gate(evidence, policy),
        calibration_gate(evidence, policy),
        slice_gate(evidence.slices, policy),
        replay_gate(evidence.replayed, policy),
    )


def nothing_judged(rows: int, positives: int, positive_sellers: int, policy: GatePolicy) -> tuple[Gate, ...]:
    """The gates where nothing could be fitted or judged: there is too little, whatever the number of rows."""
    found = enough_gate(rows, positives, positive_sellers, policy)
    return (not_judged(found.name, found.sentence, blocks=True, figure=found.figure, bound=found.bound),)


def enough_gate(rows: int, positives: int, positive_sellers: int, policy: GatePolicy) -> Gate:
    """There are enough counterfeits, of enough sellers, to judge by at all."""
    few_sellers = positive_sellers < policy.fewest_positive_sellers
    figure, bound = (
        (positive_sellers, policy.fewest_positive_sellers)
        if few_sellers and positives >= policy.fewest_positives
        else (positives, policy.fewest_positives)
    )
    return judged(
        "enough_to_judge",
        positives >= policy.fewest_positives and not few_sellers,
        float(figure),
        float(bound),
        f"{positives} counterfeits of {positive_sellers} sellers among {rows} later listings of unseen sellers; at "
        f"least {policy.fewest_positives} of {policy.fewest_positive_sellers} are needed.",
    )


def random_slice_gate(evidence: GateEvidence, policy: GatePolicy) -> Gate:
    """The candidate is better on all listings, as far as the reviewed ones stand for them.

    Better at face value: a gain that excludes zero takes hundreds of counterfeits, and without it nothing would ever
    be replaced on a small marketplace; an equal candidate is refused every other time and loses nothing by waiting
    for more labels. Weights are trimmed until no handful of heavy rows decides; where even that does not help, it is
    not judged, and that blocks: it has not been shown.
    """
    name = "random_slice"
    if evidence.effective_positives < policy.fewest_effective_positives:
        return not_judged(
            name,
            f"The counterfeits of the random slice say as much as {evidence.effective_positives:.1f} of equal weight; "
            f"{policy.fewest_effective_positives:g} are needed.",
            blocks=True,
            figure=evidence.effective_positives,
            bound=policy.fewest_effective_positives,
        )
    ours, theirs = evidence.average_precision
    low, high = evidence.average_precision_interval
    trimmed = "" if evidence.most_weight is None else f", none counted more than {evidence.most_weight:.1f} times,"
    flattered = " The champion has learnt some of these rows, which flatters it." if evidence.champion_saw else ""
    return judged(
        name,
        ours > theirs,
        ours - theirs,
        0.0,
        f"Average precision {ours:.3f} over all listings{trimmed} against {theirs:.3f} of {evidence.incumbent.value}; "
        f"difference between {low:+.3f} and {high:+.3f} at {policy.confidence:.0%}.{flattered}",
    )


def calibration_gate(evidence: GateEvidence, policy: GatePolicy) -> Gate:
    """Probabilities mean what they say, no less than the champion's do; a first model's within a bound of its own."""
    name = "calibration"
    ours, theirs = evidence.calibration_error
    if theirs is None:
        bound = policy.first_calibration_error
        return judged(
            name, ours <= bound, ours, bound, f"Calibration error {ours:.3f}; at most {bound:.3f} for a first model."
        )
    low, high = evidence.calibration_interval
    worse = ours - theirs
    shown = low > policy.calibration_slack
    bound = policy.calibration_slack if shown else policy.calibration_most_slack
    beyond = " beyond doubt" if shown else ""
    return judged(
        name,
        not shown and worse <= policy.calibration_most_slack,
        worse,
        bound,
        f"Calibration error {ours:.3f} against the champion's {theirs:.3f}; worse by {worse:+.3f}, between {low:+.3f} "
        f"and {high:+.3f} at {policy.confidence:.0%}, at most {bound:.3f}{beyond}.",
    )
