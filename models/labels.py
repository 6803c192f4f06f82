"""Derives training labels from verdicts, in one pure function."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from features.message import Message, message
from models.policies.learning import LabelPolicy
from models.verdict import Evidence, Judgement, Side


class EvidenceLevel(StrEnum):
    """The evidence behind a label, strongest first."""

    APPEAL = "appeal"
    TEST_BUY = "test_buy"
    BRAND = "brand"
    TWO_REVIEWERS = "two_reviewers"
    ONE_REVIEWER = "one_reviewer"


class AppealState(StrEnum):
    """The state of an appeal against the verdicts."""

    NONE = "none"
    OPEN = "open"
    UPHELD = "upheld"  # The seller was right.
    DISMISSED = "dismissed"
    UNANSWERED = "unanswered"  # An uncontested counter-notice: the removal was undone without a judgement.


@dataclass(frozen=True, slots=True)
class GivenVerdict:
    """One verdict on a listing version.

    `superseded` is set by an undo, and while the removal is pending approval. `drawn` is set where only the random
    audit sample selected the listing. `second_review` is set where the verdict was given blind, to check a label in
    doubt. `suspended` is set where its author is no longer trusted, or was not in good standing and an analyst decided.
    """

    verdict_id: str
    judgement: Judgement
    side: Side
    user_id: str
    known_at: datetime
    superseded: bool
    brand_id: str | None = None
    evidence: Evidence = Evidence.LISTING
    drawn: bool = False
    second_review: bool = False
    suspended: bool = False

    @property
    def source(self) -> str:
        """The party that answers for the verdict: the brand, or the reviewer. Never a feature."""
        return f"brand:{self.brand_id}" if self.side is Side.BRAND and self.brand_id else f"user:{self.user_id}"


@dataclass(frozen=True, slots=True)
class Label:
    """The training label: 1 counterfeit or 0, its weight, its evidence level, and its maturity.

    `provenance` are the verdicts that it rests on and `sources` their authors, both in time order.
    """

    target: int
    weight: float
    evidence_level: EvidenceLevel
    matured_at: datetime
    provenance: tuple[str, ...]
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoLabel:
    """Why a listing version has no training label."""

    reason: Message


VALUES: Final = {Judgement.COUNTERFEIT: 1, Judgement.GENUINE: 0, Judgement.LICENSED: 0, Judgement.GREY_MARKET: 0}
_NOT_MATURE: Final = NoLabel(message("no_label.not_mature"))
# This reason can be resolved: another reviewer must judge the listing.
WANTS_A_SECOND: Final = NoLabel(message("no_label.second_review"))


def label_from(
    verdicts: Sequence[GivenVerdict],
    appeal: AppealState,
    *,
    as_of: datetime,
    policy: LabelPolicy,
    appeal_decided_at: datetime | None = None,
    appeal_verdict: GivenVerdict | None = None,
) -> Label | NoLabel:
    """The label of one listing version as of a moment. `verdicts` excludes the verdicts given on appeal.

    The judgement calls in order:

    *Verdicts that count.* Withdrawn verdicts do not count, and neither do verdicts given after the moment. Verdicts of
    a suspended person do not count if the other verdicts suffice for a label.

    *Appeals.* An open appeal suspends the label, because the outcome of the appeal can make either label wrong. An
    upheld appeal supersedes all earlier verdicts and makes the listing genuine at full weight. A model learns most from
    the rows that it got wrong. Only a later test buy outweighs an upheld appeal. A dismissed appeal confirms
    'counterfeit', and has no effect where the answer is 'genuine' by now. A counter-notice suspends as an appeal does.
    A counter-notice that the rights holder does not contest leaves no label. Silence is no judgement of the goods, and
    a seller could otherwise influence training by waiting. Only a test buy, whose goods were judged, still counts.

    *Goods before statements.* A test buy outweighs every other verdict, even the brand's, earlier or later: the goods
    were examined. If test buys differ, counterfeit prevails: a seller who mixes stock sells fakes.

    *The brand before analysts.* The brand's latest answer outweighs earlier and later answers of analysts, because only
    the brand can authenticate the goods. One exception stops a brand from clearing its own fakes or from accusing a
    rival: a blind second review that contradicts the brand leaves no label. The second review does not reverse the
    label, because one analyst would then overrule the rights holder.

    *Analysts.* Only the latest verdict of each analyst counts. Analysts who contradict each other give no label, also
    two against one. A listing on which three people differ needs a test buy, not a count. Two who agree are worth more
    than one, and one is worth less than a brand. An unconfirmed positive in the random audit sample gives no label
    until a second analyst agrees. The listing was not suspected before, so most such finds are mistakes, and each
    represents 33 listings. A single 'genuine' verdict in the sample needs no second one; nearly all of the sample is of
    this kind. (`LabelPolicy` has the weights; a weight of 0 needs a second verdict.)

    *Answers.* 'Cannot tell' and 'needs a test buy' are no answers. Grey-market goods are genuine and never get a
    counterfeit label; the label counts half if any deciding verdict says 'grey market'.

    *Maturity.* A label of either value teaches only once both windows have closed since the last verdict it rests on,
    and a decided appeal shortens neither. 'Genuine' is final sooner, but rows that enter early by their answer would
    make the latest weeks look safer than they are. No weighting repairs that, because a counterfeit of those days has
    no chance to be among the rows.
    """
    known = sorted((v for v in verdicts if v.known_at <= as_of), key=lambda v: (v.known_at, v.verdict_id))
    standing = [verdict for verdict in known if not verdict.superseded]
    if appeal is AppealState.OPEN:
        return NoLabel(message("no_label.open_appeal"))
    if appeal is not AppealState.NONE and appeal_verdict is not None and appeal_verdict.suspended:
        return NoLabel(message("no_label.suspended_on_appeal"))
    trusted = [verdict for verdict in standing if not verdict.suspended]
    answers = [verdict for verdict in trusted if verdict.judgement in VALUES]
    test_buys = [verdict for verdict in answers if verdict.evidence is Evidence.TEST_BUY]
    if appeal is AppealState.UNANSWERED and not test_buys:
        return NoLabel(message("no_label.unanswered"))
    decision = (appeal_verdict,) if appeal_verdict else ()
    if appeal is AppealState.UPHELD:
        if appeal_decided_at is None:
            return _NOT_MATURE
        test_buys = [verdict for verdict in test_buys if verdict.known_at > appeal_decided_at]
        if not test_buys:
            contested = tuple(verdict for verdict in standing if verdict.known_at <= appeal_decided_at)
            basis = _Basis(0, EvidenceLevel.APPEAL, contested, decision, appeal_decided_at)
            return _label_of_basis(basis, as_of, policy)
    if not answers:
        return NoLabel(message(_no_answer_reason(standing, trusted)))
    grounds = _label_basis(answers, test_buys, confirmed=appeal is AppealState.DISMISSED)
    if (
        isinstance(grounds, _Basis)
        and grounds.target
        and appeal is AppealState.DISMISSED
        and appeal_decided_at is not None
    ):
        grounds = replace(grounds, level=EvidenceLevel.APPEAL, decision=decision, decided_at=appeal_decided_at)
    return _label_of_basis(grounds, as_of, policy) if isinstance(grounds, _Basis) else grounds


@dataclass(frozen=True, slots=True)
class _Basis:
    """The basis of a label: verdicts in time order, and the decision of an appeal against them."""

    target: int
    level: EvidenceLevel
    verdicts: tuple[GivenVerdict, ...]
    decision: tuple[GivenVerdict, ...] = ()
    decided_at: datetime | None = None


def _no_answer_reason(standing: Sequence[GivenVerdict], trusted: Sequence[GivenVerdict]) -> str:
    if trusted:
        return "no_label.unclear"
    return "no_label.suspended" if standing else "no_label.no_verdict"


def _label_basis(
    answers: Sequence[GivenVerdict], test_buys: Sequence[GivenVerdict], *, confirmed: bool
) -> _Basis | NoLabel:
    """The answers that carry the label, in the order of precedence. `confirmed` is a dismissed appeal."""
    if test_buys:
        fakes = tuple(verdict for verdict in test_buys if VALUES[verdict.judgement])
        return _Basis(int(bool(fakes)), EvidenceLevel.TEST_BUY, fakes or tuple(test_buys))
    by_brand = [verdict for verdict in answers if verdict.side is Side.BRAND]
    by_analysts = [verdict for verdict in answers if verdict.side is Side.ANALYST]
    if by_brand:
        last = by_brand[-1]
        label_value = VALUES[last.judgement]
        against = [v for v in by_analysts if v.known_at > last.known_at and VALUES[v.judgement] != label_value]
        if any(verdict.second_review for verdict in against) and not (confirmed and label_value):
            return NoLabel(message("no_label.against_brand"))
        return _Basis(label_value, EvidenceLevel.BRAND, (last,))
    latest = {verdict.user_id: verdict for verdict in by_analysts}
    votes = tuple(verdict for verdict in by_analysts if latest[verdict.user_id] is verdict)
    label_value = VALUES[votes[-1].judgement]
    if any(VALUES[verdict.judgement] != label_value for verdict in votes):
        return NoLabel(message("no_label.contradiction"))
    level = EvidenceLevel.TWO_REVIEWERS if len(votes) > 1 else EvidenceLevel.ONE_REVIEWER
    return _Basis(label_value, level, votes)


def _label_weight(basis: _Basis, policy: LabelPolicy) -> float:
    if basis.level is EvidenceLevel.ONE_REVIEWER and basis.target and basis.verdicts[0].drawn:
        return policy.unconfirmed_positive_weight
    return {
        EvidenceLevel.APPEAL: policy.appeal_weight,
        EvidenceLevel.TEST_BUY: policy.test_buy_weight,
        EvidenceLevel.BRAND: policy.brand_weight,
        EvidenceLevel.TWO_REVIEWERS: policy.two_reviewers_weight,
        EvidenceLevel.ONE_REVIEWER: policy.one_reviewer_weight,
    }[basis.level]


def _label_of_basis(basis: _Basis, as_of: datetime, policy: LabelPolicy) -> Label | NoLabel:
    weight = _label_weight(basis, policy)
    if not weight:
        return WANTS_A_SECOND
    upheld = basis.level is EvidenceLevel.APPEAL and not basis.target
    if not upheld and any(verdict.judgement is Judgement.GREY_MARKET for verdict in basis.verdicts):
        weight *= policy.grey_market_weight
    final = [verdict.known_at + policy.matures for verdict in basis.verdicts]
    matured_at = max([*final, *((basis.decided_at,) if basis.decided_at else ())])
    if matured_at > as_of:
        return _NOT_MATURE
    carriers = basis.decision if upheld else (*basis.verdicts, *basis.decision)
    return Label(
        basis.target,
        weight,
        basis.level,
        matured_at,
        tuple(verdict.verdict_id for verdict in (*basis.verdicts, *basis.decision)),
        tuple(dict.fromkeys(verdict.source for verdict in carriers)),
    )
