from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.platform.deadlines import BusinessCalendar, after_business_days, after_days, after_months, days_that_count

GERMANY = BusinessCalendar("DE", holidays=frozenset({date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1)}))
EMIRATES = BusinessCalendar("AE", weekend=frozenset({4, 5}))  # A weekend of Friday and Saturday.


def noon(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "days", "calendar", "ends", "why"),
    [
        (datetime(2026, 3, 2, 9, tzinfo=UTC), 3, GERMANY, noon(2026, 3, 6), "Monday: Tuesday to Thursday, everywhere"),
        (datetime(2026, 3, 5, 9, tzinfo=UTC), 3, GERMANY, noon(2026, 3, 11), "a weekend is between"),
        (datetime(2026, 4, 1, 9, tzinfo=UTC), 3, GERMANY, noon(2026, 4, 9), "Good Friday and Easter Monday are free"),
        (datetime(2026, 3, 4, 9, tzinfo=UTC), 3, EMIRATES, noon(2026, 3, 10), "Friday and Saturday are free there"),
        (datetime(2026, 3, 2, 10, tzinfo=UTC), 1, GERMANY, noon(2026, 3, 5), "on Kiritimati it is Tuesday already"),
        (datetime(2026, 3, 2, 9, tzinfo=UTC), 0, GERMANY, noon(2026, 3, 3), "no days: the end of today"),
    ],
)
def test_the_end_of_business_days(
    start: datetime, days: int, calendar: BusinessCalendar, ends: datetime, why: str
) -> None:
    assert after_business_days(start, days, calendar) == ends, why


@settings(deadline=None)
@given(minutes=st.integers(0, 15 * 366 * 24 * 60), days=st.integers(1, 30), offset_hours=st.integers(-12, 14))
def test_nobody_anywhere_has_fewer_whole_business_days_than_promised(
    minutes: int, days: int, offset_hours: int
) -> None:
    start = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ends = after_business_days(start, days, GERMANY)
    local, last = start + timedelta(hours=offset_hours), ends + timedelta(hours=offset_hours)
    whole = 0
    day = local.date() + timedelta(days=1)
    while datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1) <= last:
        whole += GERMANY.works(day)
        day += timedelta(days=1)
    assert whole >= days


@pytest.mark.parametrize(
    ("start", "months", "ends", "why"),
    [
        (datetime(2026, 3, 2, 9, tzinfo=UTC), 6, noon(2026, 9, 3), "the same day six months later, to its end"),
        (datetime(2026, 8, 31, 9, tzinfo=UTC), 6, noon(2027, 3, 1), "February has no 31st: its last day"),
        (datetime(2026, 12, 31, 9, tzinfo=UTC), 6, noon(2027, 7, 1), "over the new year"),
    ],
)
def test_the_end_of_months(start: datetime, months: int, ends: datetime, why: str) -> None:
    assert after_months(start, months) == ends, why


def test_days_that_are_no_business_days_count_weekends() -> None:
    assert after_days(datetime(2026, 3, 2, 9, tzinfo=UTC), 15) == noon(2026, 3, 18)


@settings(deadline=None)
@given(
    minutes=st.integers(0, 15 * 366 * 24 * 60), days=st.integers(0, 30), calendar=st.sampled_from([GERMANY, EMIRATES])
)
def test_as_many_days_count_as_the_deadline_was_made_from(minutes: int, days: int, calendar: BusinessCalendar) -> None:
    start = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    found = days_that_count(start, after_business_days(start, days, calendar), calendar)
    assert len(found) == days
    assert all(calendar.works(day) for day in found)
    assert sorted(set(found)) == list(found)
