from datetime import timedelta

import pytest

from models.errors import Conflict, Forbidden, Invalid
from serving.learning.policy import DEFAULT_PROMOTION, DEFAULT_ROLLBACK, PromotionPolicy
from serving.learning.rules.promotion import (
    Approval,
    ApprovalStatus,
    approval_status,
    check_approval,
    may_roll_back_alone,
    useful_approvers,
)
from tests.fixtures.clocks import NOW
from tests.fixtures.hosts import roots_with

CHAMPION = "c" * 64
WEI, MARA = Approval("user:wei", "", CHAMPION), Approval("user:mara", "", CHAMPION)
EVERYBODY = ("user:wei", "user:mara", "user:ada")
ROOTS = roots_with(" ".join(EVERYBODY))
ALONE = PromotionPolicy(approvals_needed=1)


def status_after(
    *approvals: Approval,
    champion: str | None = CHAMPION,
    still_may: tuple[str, ...] = EVERYBODY,
    not_passed: tuple[str, ...] = (),
    invited_by: dict[str, str] | None = None,
    policy: PromotionPolicy = DEFAULT_PROMOTION,
) -> ApprovalStatus:
    return approval_status(
        approvals,
        champion=champion,
        still_may=still_may,
        roots=roots_with(" ".join(EVERYBODY), invited_by),
        not_passed=not_passed,
        policy=policy,
    )


def with_reason(approval: Approval, reason: str = "A new season.") -> Approval:
    return Approval(approval.by, reason, approval.beside)


STANDINGS: list[tuple[ApprovalStatus, int, str]] = [
    (status_after(), 2, "nobody has approved"),
    (status_after(WEI), 1, "one of two"),
    (status_after(WEI, MARA), 0, "two different people"),
    (status_after(WEI, WEI), 1, "one person who presses twice is one"),
    (status_after(WEI, MARA, WEI), 0, "and takes nothing from the other"),
    (status_after(WEI, Approval("user:mara", "", None)), 1, "one was given before there was a champion"),
    (status_after(WEI, Approval("user:mara", "", "d" * 64)), 1, "one was given beside another champion"),
    (status_after(Approval("user:wei", "", None), Approval("user:mara", "", None), champion=None), 0, "a first model"),
    (status_after(WEI, MARA, still_may=("user:wei",)), 1, "one may no longer promote"),
    (status_after(WEI, MARA, not_passed=("calibration",)), 2, "a gate is not passed and nobody says why"),
    (status_after(with_reason(WEI), MARA, not_passed=("calibration",)), 1, "one says why"),
    (status_after(with_reason(WEI), with_reason(MARA, "  "), not_passed=("calibration",)), 1, "blanks are no reason"),
    (status_after(with_reason(WEI), with_reason(MARA), not_passed=("calibration",)), 0, "both say why"),
    (status_after(MARA, with_reason(MARA), not_passed=("calibration",)), 1, "the approval with a reason counts"),
    (status_after(WEI, policy=ALONE), 0, "a marketplace with one data scientist"),
    (status_after(WEI, MARA, policy=PromotionPolicy(approvals_needed=3)), 1, "one that wants three"),
    (status_after(WEI, MARA, Approval("user:ada", "", CHAMPION)), 0, "more than are needed"),
    (status_after(WEI, MARA, invited_by={"user:mara": "user:wei"}), 1, "one asked the other in"),
    (status_after(MARA, WEI, invited_by={"user:mara": "user:wei"}), 1, "in either order"),
    (
        status_after(WEI, MARA, invited_by={"user:mara": "user:x", "user:x": "user:wei"}),
        1,
        "through somebody else's hands",
    ),
    (
        status_after(WEI, MARA, invited_by={"user:mara": "user:x", "user:wei": "user:x"}),
        1,
        "both by somebody who says nothing",
    ),
    (
        status_after(
            WEI, MARA, Approval("user:ada", "", CHAMPION), invited_by={"user:mara": "user:wei", "user:ada": "user:wei"}
        ),
        1,
        "both by a third who approves too",
    ),
]


@pytest.mark.parametrize(("standing", "missing", "_why"), STANDINGS)
def test_approvals_are_missing(standing: ApprovalStatus, missing: int, _why: str) -> None:
    assert (standing.missing, standing.complete) == (missing, missing == 0)


def test_the_approvals_that_count_stand_in_their_order_with_their_reasons() -> None:
    standing = status_after(with_reason(MARA, "b"), with_reason(WEI, "a"), not_passed=("calibration",))
    assert [(approval.by, approval.reason) for approval in standing.counted] == [("user:mara", "b"), ("user:wei", "a")]


def test_nobody_approves_twice() -> None:
    with pytest.raises(Conflict, match="You have approved this model already; somebody else must"):
        check_approval(status_after(WEI), WEI, ROOTS, not_passed=())


GUEST = {"user:mara": "user:wei"}


def test_an_approval_of_the_same_person_is_refused_and_no_other() -> None:
    standing, roots = status_after(WEI, invited_by=GUEST), roots_with(" ".join(EVERYBODY), GUEST)
    with pytest.raises(Forbidden, match="count as one person"):
        check_approval(standing, MARA, roots, not_passed=())
    check_approval(standing, Approval("user:ada", "", CHAMPION), roots, not_passed=())
    assert useful_approvers(standing, EVERYBODY, roots) == {"user:ada"}


def test_an_approver_reset_afterwards_by_another_stands_as_doubled_and_does_not_approve_again() -> None:
    standing = status_after(WEI, MARA, invited_by=GUEST)
    assert (set(standing.doubled), standing.missing) == ({"user:mara"}, 1)
    with pytest.raises(Conflict, match="approved this model already"):
        check_approval(standing, MARA, ROOTS, not_passed=())


def test_one_person_alone_approves_where_one_is_enough_whoever_they_are() -> None:
    check_approval(status_after(policy=ALONE), Approval("local", "", CHAMPION), ROOTS, not_passed=())


def test_who_approved_without_a_needed_reason_may_say_it_now() -> None:
    not_passed = ("calibration",)
    check_approval(status_after(WEI, not_passed=not_passed), with_reason(WEI), ROOTS, not_passed=not_passed)


@pytest.mark.parametrize("reason", ["", "   "])
def test_past_a_gate_that_is_not_passed_an_approval_needs_a_reason(reason: str) -> None:
    with pytest.raises(Invalid, match=r"Not passed: calibration, slice brand Aurelle\. To approve it all the same"):
        check_approval(
            status_after(), with_reason(WEI, reason), ROOTS, not_passed=("calibration", "slice brand Aurelle")
        )


def test_two_people_are_the_rule() -> None:
    assert DEFAULT_PROMOTION.approvals_needed == 2


def test_where_every_gate_is_passed_an_approval_needs_no_reason() -> None:
    check_approval(status_after(), WEI, ROOTS, not_passed=())


DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("account", "champion", "last", "alone", "case"),
    [
        (30 * DAY, 30 * DAY, DAY, True, "at each bound"),
        (90 * DAY, DAY, None, True, "no rollback before"),
        (30 * DAY - SECOND, DAY, None, False, "a second too young"),
        (None, DAY, None, False, "no account"),
        (90 * DAY, 30 * DAY + SECOND, None, False, "a second too old"),
        (90 * DAY, DAY, DAY - SECOND, False, "a second too soon"),
    ],
)
def test_one_person_rolls_back_within_the_policy(
    account: timedelta | None, champion: timedelta, last: timedelta | None, alone: bool, case: str
) -> None:
    """Each time is before now."""
    since, rollback = (None if age is None else NOW - age for age in (account, last))
    is_allowed = may_roll_back_alone(
        NOW, account_since=since, champion_until=NOW - champion, last_rollback=rollback, policy=DEFAULT_ROLLBACK
    )
    assert is_allowed is alone, case
