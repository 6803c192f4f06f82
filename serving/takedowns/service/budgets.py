"""What counts against the budgets that a removal meets: gathered for the rule."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from serving.platform.runtime import Runtime
from serving.takedowns.policy import BudgetPolicy
from serving.takedowns.rules.budgets import Spending, Spent, UsualDay, limits, reference_period, usual_day
from serving.takedowns.rules.bursts import HoldCause
from serving.takedowns.store import budgets
from serving.takedowns.store.approvals import Pacer, by_brand

_OF_PERSON = frozenset({HoldCause.PERSON_DAY, HoldCause.PERSON_WEEK})
_OF_BRAND = frozenset({HoldCause.BRAND_DAY, HoldCause.BRAND_WEEK, HoldCause.STEP_UP_DAY})


@dataclass(slots=True)
class UsualDays:
    """The usual days of marketplaces that this process has counted, each with the end of its period.

    A marketplace's record is long, and every removal above the day without a record asks for it.
    """

    counted: dict[str, tuple[datetime, UsualDay]] = field(default_factory=dict)

    def forget(self) -> None:
        """Count again at the next use."""
        self.counted.clear()


def usual_day_of(runtime: Runtime, connection: Connection, marketplace_id: str, pacer: Pacer, at: datetime) -> UsualDay:
    """The usual day of removals of a person or a brand, as of two weeks before."""
    period = reference_period(at, runtime.policies[BudgetPolicy])
    return usual_day(budgets.removals_per_day(connection, marketplace_id, pacer, period))


def usual_day_of_marketplace(runtime: Runtime, connection: Connection, marketplace_id: str, at: datetime) -> UsualDay:
    """The usual day of all removals of a marketplace, as of two weeks before; counted once a day."""
    period, counted = reference_period(at, runtime.policies[BudgetPolicy]), runtime.services[UsualDays].counted
    end, usual = counted.get(marketplace_id, (None, UsualDay()))
    if end != period[1]:
        usual = usual_day(budgets.removals_per_day(connection, marketplace_id, None, period))
        counted[marketplace_id] = period[1], usual
    return usual


def spending_of(
    runtime: Runtime,
    connection: Connection,
    place: tuple[str, str | None],
    person: Pacer,
    accounts: Collection[str],
    at: datetime,
    *,
    ahead: int = 0,
    stepped_up: bool = False,
    routed: bool = False,
    new_device: bool = False,
    shown: bool = False,
) -> Spending:
    """What counts against the budgets of a removal; `place` is (marketplace, brand), without a brand for an analyst's.

    `person` are the removals of one person, and `accounts` those that count as the same.
    `ahead` removals are foreseen before it and not stored. A record matters only once a budget without one is spent,
    and is slow to read; with `shown` it is always read, so that the limits can be shown.
    """
    here, brand_id = place
    stored = budgets.spent(connection, here, person, accounts, brand_id, at)
    spending = Spending(
        person=Spent(stored.person_day + ahead, stored.person_week + ahead),
        brand=None if brand_id is None else Spent(stored.brand_day + ahead, stored.brand_week + ahead),
        marketplace=Spent(stored.marketplace_day + ahead),
        with_step_up=stored.with_step_up + ahead,
        stepped_up=stepped_up,
        routed=routed,
        new_device=new_device,
    )

    def raised(spent: Spent, pacer: Pacer) -> Spent:
        return replace(spent, usual=usual_day_of(runtime, connection, here, pacer, at))

    used_up = _used_up(spending, runtime.policies[BudgetPolicy])
    if shown or used_up & _OF_PERSON:
        spending = replace(spending, person=raised(spending.person, person))
    if spending.brand is not None and brand_id is not None and (shown or used_up & _OF_BRAND):
        spending = replace(spending, brand=raised(spending.brand, by_brand(brand_id)))
    if HoldCause.MARKETPLACE_DAY in used_up:
        usual = usual_day_of_marketplace(runtime, connection, here, at)
        spending = replace(spending, marketplace=replace(spending.marketplace, usual=usual))
    return spending


def _used_up(spending: Spending, policy: BudgetPolicy) -> frozenset[HoldCause]:
    return frozenset(one.cause for one in limits(spending, policy) if one.used >= one.limit)
