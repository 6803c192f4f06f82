"""The removals that one secret sends in a day and in a week, against its budgets. Standard library only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median_low
from typing import Final

from features.message import message
from serving.accounts.rules.access import Secret
from serving.takedowns.policy import BudgetPolicy
from serving.takedowns.rules.bursts import Hold, HoldCause

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
class Budget:
    """The removals that leave in 24 hours, and in seven days; None where the day is the only limit."""

    day: int
    week: int | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """The removals without a hold of the last 24 hours and seven days, and the usual day of the record."""

    day: int
    week: int = 0
    usual: UsualDay = UsualDay()


@dataclass(frozen=True, slots=True)
class Spending:
    """What counts against the budgets that one removal meets.

    `person` has the removals of all accounts that count as the same person. `routed` is set for an analyst's removal of
    a case that somebody else opened; `person` then has those alone. `brand` has those of a brand's people together,
    None for an analyst's removal; `with_step_up` is the number of the brand's day with those of step-ups.
    """

    person: Spent
    marketplace: Spent
    brand: Spent | None = None
    with_step_up: int = 0
    stepped_up: bool = False
    routed: bool = False
    new_device: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of removals in a day or a week, and how many are used."""

    cause: HoldCause
    limit: int
    used: int

    @property
    def left(self) -> int:
        """How many removals are left."""
        return max(0, self.limit - self.used)


def person_budget(spending: Spending, policy: BudgetPolicy) -> Budget:
    """What one person sends: an analyst on cases that somebody else opened, or anybody of their own accord."""
    usual = spending.person.usual
    if not spending.routed:
        return _raised(usual, Budget(policy.person_day, policy.person_week), policy.most_person_day, policy)
    if spending.new_device:
        return Budget(policy.new_device_day)
    return Budget(_raised(usual, Budget(policy.routed_day), policy.most_routed_day, policy).day)


def brand_budget(spent: Spent, policy: BudgetPolicy) -> Budget:
    """What the people of a brand send together."""
    times = policy.brand_times
    least = Budget(times * policy.person_day, times * policy.person_week)
    return _raised(spent.usual, least, times * policy.most_person_day, policy)


def marketplace_day(spent: Spent, policy: BudgetPolicy) -> int:
    """What all people of a marketplace send in a day before an administrator is asked."""
    return max(policy.marketplace_day, int(policy.marketplace_times_usual * _counted(spent.usual, policy)))


def limits(spending: Spending, policy: BudgetPolicy) -> tuple[Limit, ...]:
    """The limits that a removal meets, in the order of `HoldCause`.

    A removal after a step-up meets that of the brand's day alone, in which the ordinary ones count too. An ordinary one
    meets the same limit beside its budgets, so that nothing leaves on top of a day's step-up.
    """
    found: list[Limit] = []
    in_place = policy.step_up_day
    if not spending.stepped_up:
        found += _of(HoldCause.PERSON_DAY, HoldCause.PERSON_WEEK, person_budget(spending, policy), spending.person)
        if spending.brand is not None:
            of_brand = brand_budget(spending.brand, policy)
            found += _of(HoldCause.BRAND_DAY, HoldCause.BRAND_WEEK, of_brand, spending.brand)
            in_place = max(in_place, of_brand.day)
    if spending.stepped_up or spending.brand is not None:
        found.append(Limit(HoldCause.STEP_UP_DAY, in_place, spending.with_step_up))
    whole = spending.marketplace
    return (*found, Limit(HoldCause.MARKETPLACE_DAY, marketplace_day(whole, policy), whole.day))


def holds(spending: Spending, policy: BudgetPolicy) -> tuple[Hold, ...]:
    """The holds of a removal whose budgets are spent. That of the marketplace names no figure: outsiders read it."""
    spent = [limit for limit in limits(spending, policy) if not limit.left]
    return tuple(Hold(limit.cause, message(f"hold.{limit.cause.value}", **_figure(limit))) for limit in spent)


def _figure(limit: Limit) -> dict[str, int]:
    return {} if limit.cause is HoldCause.MARKETPLACE_DAY else {"n": limit.limit}


def _of(day: HoldCause, week: HoldCause, budget: Budget, spent: Spent) -> list[Limit]:
    of_week = [] if budget.week is None else [Limit(week, budget.week, spent.week)]
    return [Limit(day, budget.day, spent.day), *of_week]


def _raised(usual: UsualDay, least: Budget, most_day: int, policy: BudgetPolicy) -> Budget:
    """A budget raised by the record; the week by as many raised days as a working week has."""
    raised = min(most_day, int(policy.times_usual * _counted(usual, policy)))
    week = None if least.week is None else max(least.week, policy.working_days_a_week * raised)
    return Budget(max(least.day, raised), week)


def _counted(usual: UsualDay, policy: BudgetPolicy) -> int:
    """The usual day, 0 where it rests on too few days."""
    return usual.removals if usual.working_days >= policy.least_working_days else 0
