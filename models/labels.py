"""Verdicts to labels: one pure function, so that what a judgement means for training is written in one place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from models.policies.labels import LabelPolicy
from models.verdict import Judgement, Side


class EvidenceLevel(StrEnum):
    """How a label is known, strongest first."""

    APPEAL = "appeal"
    BRAND = "brand"
    TWO_REVIEWERS = "two_reviewers"
    ONE_REVIEWER = "one_reviewer"


class AppealState(StrEnum):
    """How an appeal against the verdicts stands."""

    NONE = "none"
    OPEN = "open"
    UPHELD = "upheld"  # The seller was right.
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class GivenVerdict:
    """One verdict on a listing version. `superseded` is set by an undo; verdicts on appeal are not among these."""

    verdict_id: str
    judgement: Judgement
    side: Side
    user_id: str
    known_at: datetime
    superseded: bool


@dataclass(frozen=True, slots=True)
class Label:
    """What training is told: 1 counterfeit or 0, how much it counts, how it is known and by which verdicts."""

    value: int
    weight: float
    evidence_level: EvidenceLevel
    matured_at: datetime
    provenance: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoLabel:
    """Why a listing version teaches nothing yet, or ever."""

    reason: str


_VALUES: Final = {
    Judgement.COUNTERFEIT: 1,
    Judgement.GENUINE: 0,
    Judgement.LICENSED: 0,
    Judgement.GREY_MARKET: 0,
}


def label_from(
    verdicts: Sequence[GivenVerdict],
    appeal: AppealState,
    *,
    as_of: datetime,
    policy: LabelPolicy,
    appeal_decided_at: datetime | None = None,
) -> Label | NoLabel:
    """The label of one listing version as of a moment.

    The judgement calls. What was taken back never happened. An appeal that is open suspends the label: half of its
    outcomes would be wrong. An upheld appeal makes the offer genuine whatever was said before, and at full weight:
    these are the rows that a model most needs to stop getting wrong. Among standing verdicts the brand's latest one
    wins over any analyst, because it can authenticate the goods; without it analysts must not contradict each other.
    'Cannot tell' and 'needs a test buy' are not answers. Grey market is genuine goods. A label counts only when it
    is mature: the seller's time to object has passed.
    """
    standing = [verdict for verdict in verdicts if not verdict.superseded]
    if appeal is AppealState.OPEN:
        return NoLabel("an appeal is open")
    if appeal is AppealState.UPHELD:
        if appeal_decided_at is None or appeal_decided_at > as_of:
            return NoLabel("not mature yet")
        provenance = tuple(verdict.verdict_id for verdict in standing)
        return Label(0, policy.appeal_weight, EvidenceLevel.APPEAL, appeal_decided_at, provenance)
    answers = sorted((v for v in standing if v.judgement in _VALUES), key=lambda v: (v.known_at, v.verdict_id))
    if not answers:
        return NoLabel("nobody could tell" if standing else "no verdict stands")
    brand_answers = [verdict for verdict in answers if verdict.side is Side.BRAND]
    deciding = brand_answers[-1:] or answers
    if len({_VALUES[verdict.judgement] for verdict in deciding}) > 1:
        return NoLabel("reviewers contradict each other")
    label = _label(deciding, appeal, policy, appeal_decided_at)
    if label.matured_at > as_of:
        return NoLabel("not mature yet")
    return label


def _label(
    deciding: Sequence[GivenVerdict], appeal: AppealState, policy: LabelPolicy, appeal_decided_at: datetime | None
) -> Label:
    last = deciding[-1]
    value = _VALUES[last.judgement]
    if appeal is AppealState.DISMISSED and value == 1 and appeal_decided_at is not None:
        provenance = tuple(verdict.verdict_id for verdict in deciding)
        return Label(1, policy.appeal_weight, EvidenceLevel.APPEAL, appeal_decided_at, provenance)
    if last.side is Side.BRAND:
        level, weight = EvidenceLevel.BRAND, policy.brand_weight
    elif len({verdict.user_id for verdict in deciding}) > 1:
        level, weight = EvidenceLevel.TWO_REVIEWERS, policy.two_reviewers_weight
    else:
        level, weight = EvidenceLevel.ONE_REVIEWER, policy.one_reviewer_weight
    if last.judgement is Judgement.GREY_MARKET:
        weight *= policy.grey_market_weight
    days = policy.counterfeit_matures_days if value else policy.genuine_matures_days
    matured_at = last.known_at + timedelta(days=days)
    return Label(value, weight, level, matured_at, tuple(verdict.verdict_id for verdict in deciding))
