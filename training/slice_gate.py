"""The gate of slices, which detects a loss on a brand, a market or a language that a good average hides."""

from collections.abc import Iterator
from dataclasses import dataclass

from models.policies.learning import GatePolicy
from training.gate import Gate, judged, made_of, not_judged


@dataclass(frozen=True, slots=True)
class Compared:
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
    recall: Compared
    rank: Compared
    alarms: Compared


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
    large = [one for one in slices if one.rows >= policy.slice_rows]
    parts = tuple(slice_part(one, policy) for one in large)
    judged_parts = [part for part in parts if part.figure is not None]
    return made_of(
        "slices",
        parts,
        sentence=f"None of {len(judged_parts)} slices of {policy.slice_rows} rows or more has lost recall, rank or "
        f"precision beyond its bound; {len(parts) - len(judged_parts)} have too few counterfeits to judge.",
        nothing=f"{len(large)} slices have {policy.slice_rows} rows or more, and none has the "
        f"{policy.collapse_positives} counterfeits that a judgement needs.",
    )


def slice_part(found: SliceEvidence, policy: GatePolicy) -> Gate:
    """The gate of one slice."""
    if found.positives < policy.collapse_positives:
        sentence = f"{found.positives} counterfeits among {found.rows} rows; {policy.collapse_positives} are needed."
        return not_judged(found.name, sentence, blocks=False)
    counted = f"{found.positives} counterfeits of {found.positive_sellers} sellers among {found.rows} rows"
    for figure, bound, words in _losses(found, policy):
        return judged(found.name, False, figure, bound, f"{words}; {counted}.")
    words = (
        f"recall {_beside(found.recall)}, rank {_beside(found.rank)}, "
        f"genuine listings flagged {found.alarms.ours:.1%} against {found.alarms.theirs:.1%}"
    )
    return judged(found.name, True, -found.recall.worse, -policy.slice_recall_loss, f"{words}; {counted}.")


def _losses(found: SliceEvidence, policy: GatePolicy) -> Iterator[tuple[float, float, str]]:
    """(figure, bound, words) of each loss beyond its bound, most serious first."""
    chance = f"its counterfeits score above a genuine listing with probability {_beside(found.rank)}"
    if found.rank.worse > policy.slice_rank_collapse:
        yield -found.rank.worse, -policy.slice_rank_collapse, f"{chance}, {found.rank.worse:.2f} lower"
    enough = found.positives >= policy.slice_positives and found.positive_sellers >= policy.slice_positive_sellers
    if enough and found.recall.worse_at_least > policy.slice_recall_loss:
        words = f"recall {_beside(found.recall)} at {policy.false_alarms:.0%} false alarms"
        yield -found.recall.worse, -policy.slice_recall_loss, f"{words}, {_beyond_doubt(found.recall)}"
    if enough and found.rank.worse_at_least > policy.slice_rank_loss:
        yield -found.rank.worse, -policy.slice_rank_loss, f"{chance}, {_beyond_doubt(found.rank)}"
    if found.alarms.worse_at_least > policy.slice_alarms_rise:
        words = f"{found.alarms.ours:.0%} of its genuine listings are flagged against {found.alarms.theirs:.0%}"
        yield found.alarms.worse, policy.slice_alarms_rise, f"{words}, {_beyond_doubt(found.alarms)}"


def _beside(figure: Compared) -> str:
    return f"{figure.ours:.2f} against {figure.theirs:.2f}"


def _beyond_doubt(figure: Compared) -> str:
    return f"worse by at least {figure.worse_at_least:.2f} beyond doubt"
