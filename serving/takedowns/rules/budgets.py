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
class BrandUsage:
    """A brand's removals of the last 24 hours, those of large reports included, and the figure of its contract."""

    day: int
    contract_day: int | None = None


@dataclass(frozen=True, slots=True)
class Spending:
    """What counts against the budgets that one removal meets.

    `person` has the removals of all accounts that count as the same person. `routed` is set for an analyst's removal of
    a case that somebody else opened; `person` then has those alone. `brand` is None for an analyst's removal.
    `marketplace` has the removals of step-ups for a removal after one alone.
    """

    person: RemovalUsage
    marketplace: RemovalUsage
    brand: BrandUsage | None = None
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

    A brand has one figure a day, in which ordinary removals and those of large reports count together. An ordinary
    removal also meets the day and the week of one secret. The marketplace's day is for ordinary removals, so that a
    large report holds nobody else's; all together have one full report more.
    """
    met_limits: list[Limit] = []
    person, whole = spending.person, spending.marketplace
    if not spending.stepped_up and spending.routed:
        raised = max(policy.routed_day, _raised_day(person, policy.most_routed_day, policy))
        met_limits.append(
            Limit(PendingCause.PERSON_DAY, policy.new_device_day if spending.new_device else raised, person.day)
        )
    elif not spending.stepped_up:
        raised = _raised_day(person, policy.most_person_day, policy)
        of_week = max(policy.person_week, policy.working_days_a_week * raised)
        met_limits.append(Limit(PendingCause.PERSON_DAY, max(policy.person_day, raised), person.day))
        met_limits.append(Limit(PendingCause.PERSON_WEEK, of_week, person.week))
    if spending.brand is not None:
        figure = policy.step_up_day if spending.brand.contract_day is None else spending.brand.contract_day
        met_limits.append(Limit(PendingCause.BRAND_DAY, figure, spending.brand.day))
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


def _raised_day(spent: RemovalUsage, most: int, policy: BudgetPolicy) -> int:
    """The day that a record allows."""
    return min(most, int(policy.times_usual * _counted_usual_day(spent.usual, policy)))


def _counted_usual_day(usual: UsualDay, policy: BudgetPolicy) -> int:
    """The usual day, 0 where it rests on too few days."""
    return usual.removals if usual.working_days >= policy.least_working_days else 0
