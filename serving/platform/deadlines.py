"""Deadlines in calendar days, as moments.

A seller's country is known, its time zone is not: a country may have eleven. A day therefore begins where it begins
first on earth (UTC+14) and ends where it ends last (UTC-12), so that no seller has a day less than promised.
"""

from calendar import monthrange
from collections.abc import Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

_FIRST_TO_BEGIN: Final = timedelta(hours=14)
_LAST_TO_END: Final = timedelta(hours=12)
_SATURDAY, _SUNDAY = 5, 6


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """The non-working days of a country. `weekend` counts from Monday, which is 0.

    `country` is None where it is not known: then only Saturdays and Sundays are free.
    """

    country: str | None = None
    weekend: Set[int] = frozenset({_SATURDAY, _SUNDAY})
    holidays: Set[date] = frozenset()

    def works(self, day: date) -> bool:
        return day.weekday() not in self.weekend and day not in self.holidays


def after_business_days(start: datetime, days: int, calendar: BusinessCalendar) -> datetime:
    """The end of the last of `days` business days; the day of the start does not count.

    >>> friday = datetime(2026, 4, 30, 9, tzinfo=UTC)
    >>> after_business_days(friday, 1, BusinessCalendar("DE", holidays={date(2026, 5, 1)}))
    datetime.datetime(2026, 5, 5, 12, 0, tzinfo=datetime.timezone.utc)
    """
    day, days_left = latest_day(start), days
    while days_left:
        day += timedelta(days=1)
        days_left -= calendar.works(day)
    return _end_of(day)


def after_days(start: datetime, days: int) -> datetime:
    """The end of the last of `days` days; the day of the start does not count."""
    return _end_of(latest_day(start) + timedelta(days=days))


def after_months(start: datetime, months: int) -> datetime:
    """The end of the day with the same number `months` later, or of that month's last day.

    >>> after_months(datetime(2026, 8, 30, 9, tzinfo=UTC), 6)
    datetime.datetime(2027, 3, 1, 12, 0, tzinfo=datetime.timezone.utc)
    """
    day = latest_day(start)
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return _end_of(date(year, month, min(day.day, monthrange(year, month)[1])))


def days_that_count(start: datetime, due_at: datetime, calendar: BusinessCalendar) -> tuple[date, ...]:
    """The days between a start and the deadline computed from it; the day of the start does not count.

    >>> start, calendar = datetime(2026, 4, 30, 9, tzinfo=UTC), BusinessCalendar()
    >>> [day.day for day in days_that_count(start, after_business_days(start, 2, calendar), calendar)]
    [1, 4]
    """
    first, last = latest_day(start), (due_at.astimezone(UTC) - _LAST_TO_END).date() - timedelta(days=1)
    days = (first + timedelta(days=number) for number in range(1, (last - first).days + 1))
    return tuple(day for day in days if calendar.works(day))


def latest_day(at: datetime) -> date:
    """The date where the day begins first on earth: no date of that moment is later.

    >>> latest_day(datetime(2026, 4, 30, 11, tzinfo=UTC))
    datetime.date(2026, 5, 1)
    """
    return (at.astimezone(UTC) + _FIRST_TO_BEGIN).date()


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC) + _LAST_TO_END
