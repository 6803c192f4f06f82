from datetime import timedelta

import pytest

from features.message import message
from models.errors import Conflict, DeadlinePassed
from serving.appeals.policy import DEFAULT_APPEALS
from serving.appeals.rules.appeals import AppealRecord
from serving.notices.policy import DEFAULT_NOTICES
from serving.notices.rules.notifier_complaints import admit_complaint
from serving.notices.rules.reporters import CountedNotice, Reputation, mute_until, reputation
from tests.fixtures.clocks import NOW

WARNED = NOW - timedelta(days=30)


def counted_notice(days_ago: float, founded: bool) -> CountedNotice:
    at = NOW - timedelta(days=days_ago)
    return CountedNotice(at - timedelta(days=1), at, founded)


def reputation_of(
    right: int, wrong: int, *, warned: bool = False, right_after: int = 0, wrong_after: int = 0
) -> Reputation:
    """A record with numbers of old notices and of notices after the warning."""
    before = [counted_notice(60, True)] * right + [counted_notice(60, False)] * wrong
    after = [counted_notice(5, True)] * right_after + [counted_notice(5, False)] * wrong_after
    return reputation(before + after, warned_at=WARNED if warned else None, as_of=NOW, policy=DEFAULT_NOTICES)


@pytest.mark.parametrize(
    ("right", "wrong", "doubted"),
    [
        pytest.param(0, 3, False, id="three may be chance"),
        pytest.param(0, 4, True, id="none of four: the upper end of Wilson's interval is 0.490"),
        pytest.param(1, 6, False, id="one of seven: 0.513"),
        pytest.param(1, 7, True, id="one of eight: 0.471"),
        pytest.param(50, 50, False, id="right as often as not"),
        pytest.param(400, 600, True, id="two in five of a thousand"),
    ],
)
def test_whose_notices_are_surely_unfounded_in_most_cases_is_doubted(right: int, wrong: int, doubted: bool) -> None:
    assert reputation_of(right, wrong).doubted is doubted


@pytest.mark.parametrize(
    ("right", "wrong", "to_warn"),
    [
        pytest.param(0, 9, False, id="nine are too few"),
        pytest.param(0, 10, True, id="ten of ten"),
        pytest.param(1, 10, True, id="ten of eleven are nine in ten"),
        pytest.param(2, 10, False, id="ten of twelve are not"),
        pytest.param(200, 20, False, id="twenty wrong of a careful reporter's many"),
    ],
)
def test_a_warning_takes_the_number_and_the_proportion(right: int, wrong: int, to_warn: bool) -> None:
    assert reputation_of(right, wrong).to_warn is to_warn


def test_nobody_is_warned_twice_for_the_same() -> None:
    assert not reputation_of(0, 10, warned=True).to_warn


@pytest.mark.parametrize(
    ("right_after", "wrong_after", "may_mute"),
    [
        pytest.param(0, 0, False, id="nothing since the warning"),
        pytest.param(0, 4, False, id="four since are too few"),
        pytest.param(0, 5, True, id="five since"),
        pytest.param(1, 5, False, id="one of six since was founded"),
    ],
)
def test_muting_counts_from_the_warning(right_after: int, wrong_after: int, may_mute: bool) -> None:
    assert reputation_of(0, 50, warned=True, right_after=right_after, wrong_after=wrong_after).may_mute is may_mute


def test_without_a_warning_nobody_is_muted() -> None:
    record = reputation_of(0, 500)
    assert not record.may_mute
    with pytest.raises(Conflict, match="Nobody is muted without a warning"):
        mute_until(record, warned_at=None, at=NOW, policy=DEFAULT_NOTICES)


def test_a_mute_that_the_record_does_not_carry_is_refused_and_says_what_is_missing() -> None:
    with pytest.raises(Conflict, match="Since the warning 4 notices were unfounded; a mute needs 5, and 90 %"):
        mute_until(reputation_of(0, 9, warned=True, wrong_after=4), warned_at=WARNED, at=NOW, policy=DEFAULT_NOTICES)


def test_a_mute_ends_by_itself() -> None:
    until = mute_until(
        reputation_of(0, 10, warned=True, wrong_after=5), warned_at=WARNED, at=NOW, policy=DEFAULT_NOTICES
    )
    assert until == NOW + timedelta(days=90)


def test_what_is_older_than_a_year_or_was_decided_later_counts_no_more() -> None:
    far = [counted_notice(366, False)] * 50 + [CountedNotice(NOW, NOW + timedelta(days=1), False)] * 50
    record = reputation(far, warned_at=None, as_of=NOW, policy=DEFAULT_NOTICES)
    assert (record.founded, record.unfounded, record.reasons) == (0, 0, (message("reporter.none", days=365),))


def test_the_reasons_give_the_counts() -> None:
    assert reputation_of(1, 9, warned=True, wrong_after=2).reasons == (
        message("reporter.founded", founded=1, n=12, days=365),
        message("reporter.doubted"),
        message("reporter.after_warning", unfounded=2, n=2),
    )


def is_admitted(*, days: float = 1, is_first: bool = True, upheld: int = 0, dismissed: int = 0) -> bool:
    """Whether a complaint at that time after the decision waits behind others."""
    record, at = AppealRecord(upheld, dismissed), NOW + timedelta(days=days)
    return admit_complaint(
        informed_at=NOW, at=at, is_first=is_first, record=record, policy=DEFAULT_APPEALS
    ).behind_others


@pytest.mark.parametrize(
    ("upheld", "dismissed", "behind"),
    [
        pytest.param(0, 0, False, id="a first one"),
        pytest.param(0, 9, False, id="nine dismissed are too few"),
        pytest.param(0, 10, True, id="ten, and none upheld"),
        pytest.param(1, 10, True, id="ten of eleven are nine in ten"),
        pytest.param(2, 10, False, id="ten of twelve are not"),
    ],
)
def test_a_record_changes_the_order_and_never_whether_it_is_heard(upheld: int, dismissed: int, behind: bool) -> None:
    assert is_admitted(upheld=upheld, dismissed=dismissed) is behind


def test_there_is_one_complaint_about_a_decision() -> None:
    with pytest.raises(Conflict, match="There has been a complaint"):
        is_admitted(is_first=False)


def test_it_is_open_for_six_months_as_a_sellers_appeal_is() -> None:
    assert not is_admitted(days=183)
    with pytest.raises(DeadlinePassed, match="open for 6 months"):
        is_admitted(days=186)
