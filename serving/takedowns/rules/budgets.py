"""The removals that one secret sends in a day and in a week, against its budgets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median_low
from typing import Final

from features.message import message
from serving.accounts.rules.access import Secret
from serving.takedowns.policy import BudgetPolicy
from serving.takedowns.rules.bursts import PendingCause, PendingReason

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class UsualDay:
    """The median of the removals of a working day; `working_days` is the number of days that it rests on."""

    removals: int = 0
    working_days: int = 0


def is_new_device(secret: Secret | None, now: datetime) -> bool:
    """Whether a person acts from a device on its first day; not where the service acts for them."""
    return secret is not None and (secret.known_since is None or now < secret.known_since + DAY)


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


@dataclass(frozen=True, slots=True)
class RemovalUsage:
    """The removals without a hold of the last 24 hours and seven days, and the usual day of the record."""

    day: int
    week: int = 0
    usual: UsualDay = UsualDay()


@dataclass(frozen=True, slots=True)
class Spending:
    """What counts against the budgets that one removal meets.

    `person` has the removals of all accounts that count as the same person. `routed` is set for an analyst's removal of
    a case that somebody else opened; `person` then has those alone. `brand` has those of a brand's people together,
    None for an analyst's removal; `with_step_up` is the number of the brand's day with those of step-ups. `marketplace`
    has those of step-ups for a removal after one alone.
    """

    person: RemovalUsage
    marketplace: RemovalUsage
    brand: RemovalUsage | None = None
    with_step_up: int = 0
    stepped_up: bool = False
    routed: bool = False
    new_device: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of removals in a day or a week, and how many are used."""

    cause: PendingCause
    limit: int
    used: int

    @property
    def remaining(self) -> int:
        """How many removals are left."""
        return max(0, self.limit - self.used)


def limits(spending: Spending, policy: BudgetPolicy) -> tuple[Limit, ...]:
    """The limits that a removal meets, in the order of `PendingCause`.

    A removal after a step-up meets that of the brand's day alone, in which the ordinary ones count too. An ordinary one
    meets the same limit beside its budgets, so that nothing leaves on top of a day's step-up. The marketplace's day is
    for ordinary removals, so that a large report holds nobody else's; all together have one full report more.
    """
    met_limits: list[Limit] = []
    person, brand, whole, in_place = spending.person, spending.brand, spending.marketplace, policy.step_up_day
    if not spending.stepped_up and spending.routed:
        raised = max(policy.routed_day, _raised_day(person, policy.most_routed_day, policy))
        met_limits.append(
            Limit(PendingCause.PERSON_DAY, policy.new_device_day if spending.new_device else raised, person.day)
        )
    elif not spending.stepped_up:
        met_limits += _day_and_week_limits(PendingCause.PERSON_DAY, PendingCause.PERSON_WEEK, person, 1, policy)
    if not spending.stepped_up and brand is not None:
        of_brand = _day_and_week_limits(
            PendingCause.BRAND_DAY, PendingCause.BRAND_WEEK, brand, policy.brand_times, policy
        )
        met_limits += of_brand
        in_place = max(in_place, of_brand[0].limit)
    if spending.stepped_up or brand is not None:
        met_limits.append(Limit(PendingCause.STEP_UP_DAY, in_place, spending.with_step_up))
    usual = int(policy.marketplace_times_usual * _counted_usual_day(whole.usual, policy))
    of_all = max(policy.marketplace_day, usual) + (policy.step_up_day if spending.stepped_up else 0)
    return (*met_limits, Limit(PendingCause.MARKETPLACE_DAY, of_all, whole.day))


def pending_reasons(spending: Spending, policy: BudgetPolicy) -> tuple[PendingReason, ...]:
    """The holds of a removal whose budgets are spent. That of the marketplace names no figure: outsiders read it."""
    spent = [limit for limit in limits(spending, policy) if not limit.remaining]
    return tuple(
        PendingReason(limit.cause, message(f"pending.{limit.cause.value}", **_limit_parameters(limit)))
        for limit in spent
    )


def _limit_parameters(limit: Limit) -> dict[str, int]:
    return {} if limit.cause is PendingCause.MARKETPLACE_DAY else {"n": limit.limit}


def _day_and_week_limits(
    day: PendingCause, week: PendingCause, spent: RemovalUsage, people: int, policy: BudgetPolicy
) -> list[Limit]:
    """The limits of so many people; a record raises the week by as many raised days as a working week has."""
    raised = _raised_day(spent, people * policy.most_person_day, policy)
    of_week = max(people * policy.person_week, policy.working_days_a_week * raised)
    return [Limit(day, max(people * policy.person_day, raised), spent.day), Limit(week, of_week, spent.week)]


def _raised_day(spent: RemovalUsage, most: int, policy: BudgetPolicy) -> int:
    """The day that a record allows."""
    return min(most, int(policy.times_usual * _counted_usual_day(spent.usual, policy)))


def _counted_usual_day(usual: UsualDay, policy: BudgetPolicy) -> int:
    """The usual day, 0 where it rests on too few days."""
    return usual.removals if usual.working_days >= policy.least_working_days else 0
