"""Approvals of a new champion, and rollbacks by one person.

Listings beyond dispute: two analysts, one of them in a blind review, agreed, and no verdict contradicts them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.errors import Conflict, Forbidden, Invalid
from models.labels import VALUES, AppealState, GivenVerdict
from models.policies.learning import LabelPolicy
from models.verdict import Judgement, Side
from serving.accounts.rules.second_person import Roots, are_independent, largest_independent_set
from serving.learning.policy import PromotionPolicy, RollbackPolicy


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's approval of one model, given while `beside` was the champion (None where there was none)."""

    by: str
    reason: str
    beside: str | None


@dataclass(frozen=True, slots=True)
class ApprovalStatus:
    """The approvals that count, at most one a person and in order, and how many more are needed.

    `doubled` are approvers whose account counts as one person with another approver's, so that theirs does not count.
    """

    counted: tuple[Approval, ...]
    missing: int
    doubled: frozenset[str] = frozenset()

    @property
    def complete(self) -> bool:
        """Whether the model may score."""
        return self.missing == 0


def approval_status(
    approvals: Sequence[Approval],
    *,
    champion: str | None,
    still_may: Collection[str],
    roots: Roots,
    not_passed: Collection[str],
    policy: PromotionPolicy,
) -> ApprovalStatus:
    """The promotion status of a model with these approvals.

    A person counts once, however often they approve. An approval counts while the champion of its comparison is in
    force: figures against another champion differ. It counts while the person has the right to promote. If a gate is
    not passed, an approval counts only with a reason, so that each approver has considered the figure. A request for
    the retraining is no approval.

    Accounts with a common root count as one person (`serving.accounts.rules.second_person`).
    """
    counted: dict[str, Approval] = {}
    for approval in approvals:
        reasoned = not not_passed or bool(approval.reason.strip())
        if approval.beside == champion and approval.by in still_may and reasoned:
            counted.setdefault(approval.by, approval)
    apart = tuple(counted[by] for by in largest_independent_set(roots, counted))
    doubled = frozenset(counted).difference(approval.by for approval in apart)
    return ApprovalStatus(apart, max(0, policy.approvals_needed - len(apart)), doubled)


def useful_approvers(standing: ApprovalStatus, may: Collection[str], roots: Roots) -> frozenset[str]:
    """Those of these people whose approval would count beside the approvals that count already."""
    approvers = [approval.by for approval in standing.counted]
    return frozenset(
        person for person in may if len(largest_independent_set(roots, [*approvers, person])) > len(approvers)
    )


def check_approval(standing: ApprovalStatus, approval: Approval, roots: Roots, *, not_passed: Collection[str]) -> None:
    """Refuse an approval that would not count.

    Raises Conflict (the person has approved this model already), Forbidden (the person's account counts as one person
    with an approver's) or Invalid (a gate is not passed and no reason is given for accepting that).
    """
    if approval.by in standing.doubled or any(
        counted_approval.by == approval.by for counted_approval in standing.counted
    ):
        raise Conflict("You have approved this model already; somebody else must.")
    if approval.by not in useful_approvers(standing, {approval.by}, roots):
        raise Forbidden(
            "Your account and one that approved this model count as one person, because one created the other or reset "
            "its password, or one person did so for both. Somebody else must approve it."
        )
    if not_passed and not approval.reason.strip():
        raise Invalid("Not passed: {names}. To approve it all the same, give a reason.", names=", ".join(not_passed))


def may_roll_back_alone(
    at: datetime,
    *,
    account_since: datetime | None,
    champion_until: datetime,
    last_rollback: datetime | None,
    policy: RollbackPolicy,
) -> bool:
    """Whether one person may roll back to a champion that was in force until a moment.

    `account_since` is None where no person with an account asks.
    """
    return (
        account_since is not None
        and at - account_since >= timedelta(days=policy.account_days)
        and at - champion_until <= timedelta(days=policy.champion_days)
        and (last_rollback is None or at - last_rollback >= timedelta(hours=policy.hours_between))
    )


@dataclass(frozen=True, slots=True)
class AgreedAnswer:
    """1 counterfeit or 0 genuine, and the verdicts of the agreeing people in the order of time."""

    label: int
    verdicts: tuple[str, ...]


def agreed_answer(
    verdicts: Sequence[GivenVerdict], appeal: AppealState, *, roots: Roots, as_of: datetime, policy: LabelPolicy
) -> AgreedAnswer | None:
    """The independent, equal answer of two people on one listing version as of a moment; None where there is none.

    Independent: the later analyst answered in a blind second review, because a reader of a colleague's answer mostly
    repeats it, and the accounts have no root in common (`serving.accounts.rules.second_person`). Undisputed: the brand
    and test buys count too, because a reference set must not contain contested listings. Grey market is left out, as it
    lies between the classes. An appealed listing is left out, unless the appeal was dismissed and the listing is
    counterfeit. The answer must be as old as a mature label, so that the seller has had time to appeal.
    """
    known = sorted((v for v in verdicts if v.known_at <= as_of), key=lambda v: (v.known_at, v.verdict_id))
    answers = [v for v in known if not (v.superseded or v.suspended) and v.judgement in VALUES]
    by_analysts = [v for v in answers if v.side is Side.ANALYST]
    latest = {v.user_id: v for v in by_analysts}
    votes = [v for v in by_analysts if latest[v.user_id] is v]
    pairs = ((vote, other) for at, other in enumerate(votes) if other.second_review for vote in votes[:at])
    if not any(are_independent(roots, vote.user_id, other.user_id) for vote, other in pairs):
        return None
    values = {VALUES[v.judgement] for v in answers}
    if len(values) > 1 or any(v.judgement is Judgement.GREY_MARKET for v in answers):
        return None
    (label_value,) = values
    if appeal is not AppealState.NONE and not (appeal is AppealState.DISMISSED and label_value):
        return None
    if max(v.known_at for v in answers) + policy.matures > as_of:
        return None
    return AgreedAnswer(label_value, tuple(v.verdict_id for v in votes))
