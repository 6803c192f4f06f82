"""Approvals of a new champion: which of them count, and how many are missing. Standard library only."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from models.errors import Conflict, Invalid
from serving.accounts.rules.second_person import Inviters, behind_others
from serving.learning.policy import PromotionPolicy


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's approval of one model, given while `beside` was the champion (None where there was none)."""

    by: str
    reason: str
    beside: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """The approvals that count, at most one a person and in order, and how many more are needed."""

    counted: tuple[Approval, ...]
    missing: int

    @property
    def complete(self) -> bool:
        """Whether the model may score."""
        return self.missing == 0


def standing(
    approvals: Sequence[Approval],
    *,
    champion: str | None,
    still_may: Collection[str],
    invited_by: Inviters,
    not_passed: Collection[str],
    policy: PromotionPolicy,
) -> Standing:
    """The promotion status of a model with these approvals.

    A person counts once, however often they approve. An approval counts while the champion of its comparison is in
    force: figures against another champion differ. It counts while the person has the right to promote. If a gate is
    not passed, an approval counts only with a reason, so that each approver has considered the figure. A request for
    the retraining is no approval.

    `invited_by` has the inviters of each person. If one approver invited the other, only the invitee's approval counts
    (`serving.accounts.rules.second_person`).
    """
    counted: dict[str, Approval] = {}
    for one in approvals:
        reasoned = not not_passed or bool(one.reason.strip())
        if one.beside == champion and one.by in still_may and reasoned:
            counted.setdefault(one.by, one)
    behind = behind_others(counted, invited_by)
    apart = tuple(one for by, one in counted.items() if by not in behind)
    return Standing(apart, max(0, policy.approvals_needed - len(apart)))


def check_approval(found: Standing, approval: Approval, *, not_passed: Collection[str]) -> None:
    """Refuse an approval that would not count.

    Raises
    ------
    Conflict
        The person has approved this model already.
    Invalid
        A gate is not passed and no reason is given for accepting that.
    """
    if any(one.by == approval.by for one in found.counted):
        raise Conflict("You have approved this model already; somebody else must.")
    if not_passed and not approval.reason.strip():
        raise Invalid("Not passed: {names}. To approve it all the same, give a reason.", names=", ".join(not_passed))
