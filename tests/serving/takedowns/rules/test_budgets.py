from datetime import UTC, date, datetime, timedelta

import pytest

from serving.takedowns.policy import DEFAULT_BUDGETS
from serving.takedowns.rules.budgets import UsualDay, reference_period, usual_day

MONDAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def days(*numbers: int, first: date = MONDAY) -> dict[date, int]:
    """The removals of consecutive days."""
    return {first + timedelta(days=n): number for n, number in enumerate(numbers)}


@pytest.mark.parametrize(
    ("per_day", "usual", "why"),
    [
        ({}, UsualDay(0, 0), "no record"),
        (days(8, 10, 3), UsualDay(8, 3), "the middle one"),
        (days(8, 10, 3, 9), UsualDay(8, 4), "of an even number the lower of the two middle ones"),
        (days(8, 0, 0, 0, 10), UsualDay(8, 2), "a weekday without removals is no working day"),
        (days(8, 8, 8, 8, 8, 90, 90), UsualDay(8, 5), "nor is a weekend"),
    ],
)
def test_the_usual_day_is_the_median_of_the_working_days(per_day: dict[date, int], usual: UsualDay, why: str) -> None:
    assert usual_day(per_day) == usual, why


def test_the_reference_period_is_four_weeks_that_ended_two_weeks_ago() -> None:
    start, end = reference_period(AT, DEFAULT_BUDGETS)
    assert (start, end) == (datetime(2026, 1, 19, tzinfo=UTC), datetime(2026, 2, 16, tzinfo=UTC))
