"""What counts against the budgets that a removal meets: gathered for the rule."""

from dataclasses import replace
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


def usual_day_of(
    runtime: Runtime, connection: Connection, marketplace_id: str, pacer: Pacer | None, at: datetime
) -> UsualDay:
    """The usual day of removals of a person or a brand, as of two weeks before; without a pacer the marketplace's."""
    period = reference_period(at, runtime.policies[BudgetPolicy])
    return usual_day(budgets.removals_per_day(connection, marketplace_id, pacer, period))


def spending_of(
    runtime: Runtime,
    connection: Connection,
    place: tuple[str, str | None],
    person: Pacer,
    at: datetime,
    *,
    ahead: int = 0,
    stepped_up: bool = False,
    routed: bool = False,
    new_device: bool = False,
    shown: bool = False,
) -> Spending:
    """What counts against the budgets of a removal; `place` is (marketplace, brand), without a brand for an analyst's.

    `ahead` removals are foreseen before it and not stored. A record matters only once a budget without one is spent,
    and is slow to read; with `shown` it is always read, so that the limits can be shown.
    """
    here, brand_id = place
    stored = budgets.spent(connection, here, person, brand_id, at)
    spending = Spending(
        person=Spent(stored.person_day + ahead, stored.person_week + ahead),
        brand=None if brand_id is None else Spent(stored.brand_day + ahead, stored.brand_week + ahead),
        marketplace=Spent(stored.marketplace_day + ahead),
        with_step_up=stored.with_step_up + ahead,
        stepped_up=stepped_up,
        routed=routed,
        new_device=new_device,
    )

    def raised(spent: Spent, pacer: Pacer | None) -> Spent:
        return replace(spent, usual=usual_day_of(runtime, connection, here, pacer, at))

    used_up = _used_up(spending, runtime.policies[BudgetPolicy])
    if shown or used_up & _OF_PERSON:
        spending = replace(spending, person=raised(spending.person, person))
    if spending.brand is not None and brand_id is not None and (shown or used_up & _OF_BRAND):
        spending = replace(spending, brand=raised(spending.brand, by_brand(brand_id)))
    if HoldCause.MARKETPLACE_DAY in used_up:
        spending = replace(spending, marketplace=raised(spending.marketplace, None))
    return spending


def _used_up(spending: Spending, policy: BudgetPolicy) -> frozenset[HoldCause]:
    return frozenset(one.cause for one in limits(spending, policy) if one.used >= one.limit)
