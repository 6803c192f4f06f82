"""Expired data, and the periods that an operator may set."""

from datetime import UTC, datetime, timedelta

import pytest

from models.errors import Invalid
from serving.appeals.policy import DEFAULT_APPEALS
from serving.appeals.rules.appeals import appeal_period_end
from serving.platform.data_classes import DataClass
from serving.privacy.policy import DEFAULT_RETENTION
from serving.privacy.rules.erasure import complained_before, expired_before, with_periods

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize("what", DataClass)
def test_each_class_has_a_time_of_its_own(what: DataClass) -> None:
    past = expired_before(what, NOW, DEFAULT_RETENTION)
    assert past is not None
    assert past < NOW - timedelta(days=29)


def test_an_operators_days_stand_in_place_of_the_policys() -> None:
    policy = with_periods(DEFAULT_RETENTION, {DataClass.DOCUMENTS: 10, DataClass.CONTACTS: None})
    assert expired_before(DataClass.DOCUMENTS, NOW, policy) == NOW - timedelta(days=10)
    assert expired_before(DataClass.CONTACTS, NOW, policy) is None
    assert expired_before(DataClass.CUSTODY, NOW, policy) == expired_before(DataClass.CUSTODY, NOW, DEFAULT_RETENTION)


@pytest.mark.parametrize(("days", "is_refused"), [(119, True), (120, False), (None, False)])
def test_events_are_kept_for_as_long_as_windows_are_counted_from_them(days: int | None, is_refused: bool) -> None:
    if not is_refused:
        assert with_periods(DEFAULT_RETENTION, {DataClass.SELLER_EVENTS: days}).seller_events == days
        return
    with pytest.raises(Invalid, match="at least 120 days"):
        with_periods(DEFAULT_RETENTION, {DataClass.SELLER_EVENTS: days})


def test_nobody_who_was_told_by_then_can_complain_on_any_day_of_a_leap_year() -> None:
    for day in range(366):
        now = datetime(2028, 1, 1, 0, 30, tzinfo=UTC) + timedelta(days=day)
        informed_at = complained_before(now, DEFAULT_APPEALS)
        assert timedelta(0) <= now - appeal_period_end(informed_at, DEFAULT_APPEALS) < timedelta(days=8)
