"""What counts against the budgets and hourly caps that a removal meets: gathered for the rule."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection

from serving.brands.store import brands
from serving.platform.database.series import notes_of
from serving.platform.runtime import Runtime
from serving.takedowns.policy import BudgetPolicy, BurstPolicy
from serving.takedowns.rules.budgets import (
    BrandUsage,
    RemovalUsage,
    Spending,
    UsualDay,
    limits,
    reference_period,
    usual_day,
)
from serving.takedowns.rules.bursts import Pace, PendingCause
from serving.takedowns.store import budgets
from serving.takedowns.store.approvals import Pacer, busiest_hour, sent_by_seller, sent_unapproved

T = TypeVar("T")
_OF_PERSON = frozenset({PendingCause.PERSON_DAY, PendingCause.PERSON_WEEK})


@dataclass(slots=True)
class UsualDays:
    """The usual days of marketplaces that this process has counted, each with its period.

    A marketplace's record is long, and every removal above the day without a record asks for it.
    """

    counted: dict[str, tuple[tuple[datetime, datetime], UsualDay]] = field(default_factory=dict)

    def forget(self) -> None:
        """Count again at the next use."""
        self.counted.clear()


@dataclass(frozen=True, slots=True)
class Spender:
    """Those whose budgets a removal meets: (marketplace, brand), the accounts of one person, and how they confirm."""

    place: tuple[str, str | None]
    accounts: frozenset[str]
    stepped_up: bool
    routed: bool


@dataclass(frozen=True, slots=True)
class LeftRemoval:
    """A removal that left in a series of decisions."""

    spender: Spender
    seller: str | None


@dataclass(frozen=True, slots=True)
class _Count:
    """What was counted in a series, after so many of its removals had left."""

    key: object
    counted: Any
    after: int


def _count_once(connection: Connection, key: object, count: Callable[[], T]) -> tuple[T, list[LeftRemoval]]:
    """What is counted once in a series, and its removals that have left since."""
    left_removals, counts = notes_of(connection, LeftRemoval), notes_of(connection, _Count)
    known = next((known for known in counts if known.key == key), None)
    if known is None:
        known = _Count(key, count(), len(left_removals))
        counts.append(known)
    return known.counted, left_removals[known.after :]


def seller_pace(connection: Connection, marketplace_id: str, seller: str, since: datetime, ahead: int) -> Pace:
    """The removals of a seller that needed no approval, for a large report, which may name hundreds of sellers."""
    by_seller, later = _count_once(
        connection, (marketplace_id, since), lambda: sent_by_seller(connection, marketplace_id, since)
    )
    return Pace(ahead + by_seller[seller] + sum(removal.seller == seller for removal in later))


def _removal_usage(connection: Connection, spender: Spender, person: Pacer, at: datetime) -> tuple[int, ...]:
    """What counts against the budgets of a removal: in a series counted once, with what leaves in it."""
    (marketplace_id, brand_id), accounts, stepped_up = spender.place, spender.accounts, spender.stepped_up

    def count() -> tuple[int, ...]:
        return budgets.removal_usage(connection, marketplace_id, person, accounts, brand_id, at, stepped_up=stepped_up)

    usage, later = _count_once(connection, spender, count)
    if any(removal.spender != spender for removal in later):
        return count()
    own = 0 if stepped_up else len(later)
    return tuple(map(sum, zip(usage, (own, own, len(later), len(later)), strict=True)))


@dataclass(frozen=True, slots=True)
class PacerCap:
    """The hourly cap of a pacer: its lowest value, the removals foreseen before this one, and since when it counts."""

    pacer: Pacer
    least: int
    ahead: int
    since: datetime


def paces_of(
    connection: Connection,
    marketplace_id: str,
    caps: Mapping[PendingCause, PacerCap],
    policy: BurstPolicy,
    at: datetime,
) -> dict[PendingCause, Pace]:
    """The pace of the removals that each cap limits. The history matters only above the lowest cap: it is long."""
    end = at - timedelta(days=policy.usual_ends_days_ago)
    start = end - timedelta(days=policy.usual_days)
    passed = sent_unapproved(connection, marketplace_id, [(cap.pacer, cap.since) for cap in caps.values()])
    paces = dict[PendingCause, Pace]()
    for (cause, cap), (number, oldest) in zip(caps.items(), passed, strict=True):
        is_over = cap.ahead + number >= cap.least
        busiest = busiest_hour(connection, marketplace_id, cap.pacer, start, end) if is_over else 0
        paces[cause] = Pace(cap.ahead + number, busiest, oldest)
    return paces


def usual_day_of(
    runtime: Runtime, connection: Connection, marketplace_id: str, pacer: Pacer | None, at: datetime
) -> UsualDay:
    """The usual day of a person or a brand, as of two weeks before; of the marketplace without a pacer, once a day."""
    period, counted = reference_period(at, runtime.policies[BudgetPolicy]), runtime.services[UsualDays].counted
    if pacer is None and marketplace_id in counted and counted[marketplace_id][0] == period:
        return counted[marketplace_id][1]
    usual = usual_day(budgets.removals_per_day(connection, marketplace_id, pacer, period))
    if pacer is None:
        counted[marketplace_id] = period, usual
    return usual


def spending_of(
    runtime: Runtime,
    connection: Connection,
    spender: Spender,
    person: Pacer,
    at: datetime,
    *,
    ahead: int = 0,
    new_device: bool = False,
    shown: bool = False,
) -> Spending:
    """What counts against the budgets of a removal; `person` are the spender's own.

    `ahead` removals are foreseen before it and not stored. A record matters only once a budget without one is spent,
    and is slow to read; with `shown` it is always read, so that the limits can be shown.
    """
    marketplace_id, brand_id = spender.place
    spent = _removal_usage(connection, spender, person, at)
    day, week, brand_day, marketplace_day = (number + ahead for number in spent)
    brand = None
    if brand_id is not None:
        brand = BrandUsage(brand_day, brands.contract_day(connection, marketplace_id, brand_id))
    spending = Spending(
        person=RemovalUsage(day, week),
        marketplace=RemovalUsage(marketplace_day),
        brand=brand,
        stepped_up=spender.stepped_up,
        routed=spender.routed,
        new_device=new_device,
    )

    def raised(spent: RemovalUsage, pacer: Pacer | None) -> RemovalUsage:
        return replace(spent, usual=usual_day_of(runtime, connection, marketplace_id, pacer, at))

    used_up = {limit.cause for limit in limits(spending, runtime.policies[BudgetPolicy]) if not limit.remaining}
    if shown or used_up & _OF_PERSON:
        spending = replace(spending, person=raised(spending.person, person))
    if PendingCause.MARKETPLACE_DAY in used_up:
        spending = replace(spending, marketplace=raised(spending.marketplace, None))
    return spending
