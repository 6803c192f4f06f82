"""Approvals of a new champion, and rollbacks by one person."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.errors import Conflict, Forbidden, Invalid
from serving.accounts.rules.second_person import Roots, most_independent
from serving.learning.policy import PromotionPolicy, RollbackPolicy


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's approval of one model, given while `beside` was the champion (None where there was none)."""

    by: str
    reason: str
    beside: str | None


@dataclass(frozen=True, slots=True)
class Standing:
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


def standing(
    approvals: Sequence[Approval],
    *,
    champion: str | None,
    still_may: Collection[str],
    roots: Roots,
    not_passed: Collection[str],
    policy: PromotionPolicy,
) -> Standing:
    """The promotion status of a model with these approvals.

    A person counts once, however often they approve. An approval counts while the champion of its comparison is in
    force: figures against another champion differ. It counts while the person has the right to promote. If a gate is
    not passed, an approval counts only with a reason, so that each approver has considered the figure. A request for
    the retraining is no approval.

    Accounts with a common root count as one person (`serving.accounts.rules.second_person`).
    """
    counted: dict[str, Approval] = {}
    for one in approvals:
        reasoned = not not_passed or bool(one.reason.strip())
        if one.beside == champion and one.by in still_may and reasoned:
            counted.setdefault(one.by, one)
    apart = tuple(counted[by] for by in most_independent(roots, counted))
    doubled = frozenset(counted).difference(one.by for one in apart)
    return Standing(apart, max(0, policy.approvals_needed - len(apart)), doubled)


def able(found: Standing, may: Collection[str], roots: Roots) -> frozenset[str]:
    """Those of these people whose approval would count beside the approvals that count already."""
    given = [one.by for one in found.counted]
    return frozenset(one for one in may if len(most_independent(roots, [*given, one])) > len(given))


def check_approval(found: Standing, approval: Approval, roots: Roots, *, not_passed: Collection[str]) -> None:
    """Refuse an approval that would not count.

    Raises Conflict (the person has approved this model already), Forbidden (the person's account counts as one person
    with an approver's) or Invalid (a gate is not passed and no reason is given for accepting that).
    """
    if approval.by in found.doubled or any(one.by == approval.by for one in found.counted):
        raise Conflict("You have approved this model already; somebody else must.")
    if approval.by not in able(found, {approval.by}, roots):
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
