"""The removals that one secret sends in a day and in a week, against its budgets. Standard library only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median_low

from serving.takedowns.policy import BudgetPolicy

_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class UsualDay:
    """The median of the removals of a working day; `working_days` is the number of days that it rests on."""

    removals: int
    working_days: int


def reference_period(at: datetime, policy: BudgetPolicy) -> tuple[datetime, datetime]:
    """The start and the end of the period of the usual day: whole days (UTC), the end excluded."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    end = midnight - timedelta(days=policy.usual_ends_days_ago)
    return end - timedelta(days=policy.usual_days), end


def usual_day(per_day: Mapping[date, int]) -> UsualDay:
    """The usual day of a period, by the removals of each day.

    A working day is a weekday with at least one removal. Of an even number of days the lower of the two middle ones
    counts, so that half of the days never raise the usual day.
    """
    numbers = [number for day, number in per_day.items() if number and day.weekday() < _SATURDAY]
    return UsualDay(median_low(numbers) if numbers else 0, len(numbers))
