"""The rules that put a confirmed removal on hold until people approve it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from features.message import Message, message
from models.verdict import Side
from serving.takedowns.policy import BurstPolicy, StepUpPolicy


class PendingCause(StrEnum):
    """The cause of a hold. If there are several, the first names the alert."""

    SWITCHED_OFF = "switched_off"
    USER_BURST = "user_burst"
    BRAND_BURST = "brand_burst"
    SELLER_SHARE = "seller_share"  # More of one seller than leaves without approval, with a second factor or without.
    HIGH_IMPACT = "high_impact"
    # The budgets of 24 hours and of seven days (`serving.takedowns.rules.budgets`).
    PERSON_DAY = "person_day"
    PERSON_WEEK = "person_week"
    BRAND_DAY = "brand_day"  # More of one brand than its figure a day.
    MARKETPLACE_DAY = "marketplace_day"
    ANALYST_ALARM = "analyst_alarm"  # Removals of the analyst are still pending after a burst.
    CHOSEN = "chosen"  # An analyst opened the case by choice.
    FIRST_DAY = "first_day"  # Somebody made the analyst's account or gave the role less than a day ago.
    UNTOLD = "untold"  # Nobody who could stop the person's removals can be told of them.
    STOPPED = "stopped"  # Somebody has stopped the person's removals.
    DOUBT = "doubt"  # It was reinstated or found genuine, and no other person has found it counterfeit since.


_OF_PERSON = frozenset({PendingCause.USER_BURST, PendingCause.PERSON_DAY, PendingCause.PERSON_WEEK})
OF_ANALYST = _OF_PERSON | {PendingCause.ANALYST_ALARM}
OF_BRAND = _OF_PERSON | {PendingCause.BRAND_BURST, PendingCause.BRAND_DAY}
# Of an analyst: another person approves, also one of the same organisation.
BY_SECOND_PERSON = frozenset(
    {PendingCause.CHOSEN, PendingCause.FIRST_DAY, PendingCause.UNTOLD, PendingCause.STOPPED, PendingCause.DOUBT}
)
BURSTS = OF_BRAND | OF_ANALYST | {PendingCause.SELLER_SHARE}


@dataclass(frozen=True, slots=True)
class Pace:
    """The removals of the last hour without a hold, and those of the busiest earlier hour; 0 without a history.

    `oldest` is the time of the first of the last hour.
    """

    last_hour: int
    busiest_hour: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sales:
    """A seller's sales: items in 90 days, and items and US dollars in twelve months. None is unknown, and not zero."""

    items_90d: float | None = None
    items_12m: float | None = None
    dollars_12m: float | None = None


@dataclass(frozen=True, slots=True)
class RemovalRequest:
    """A removal that a confirmation requests, with its circumstances.

    `brand` and `seller` are None where the listing names none; their caps then do not apply. `user` has the removals of
    every account of the brand, or of every analyst, that counts as one person with the user's
    (`serving.accounts.rules.second_person`). `switched_on` is about the removals of the side. `own_alarm` is set while
    removals of the analyst are pending after a burst. `chosen` is set for a case that was opened by choice, unless a
    brand's user confirms who counts as another person than the one who opened it. `first_day` is set on the first day
    of an analyst whom somebody else let in. `untold` is the number of the person's removals of a day where no mail
    about them arrives. `stopped` is set once somebody has stopped them. `stepped_up` is set for a report that a person
    has confirmed with a second factor; `seller` then has the removals since that moment, or of the last hour where
    these are more. Removals of such reports are not among those of `user` and `brand`.
    """

    side: Side
    user: Pace
    brand: Pace | None
    seller: Pace | None
    sales: Sales
    switched_on: bool
    stepped_up: bool = False
    own_alarm: bool = False
    chosen: bool = False
    first_day: bool = False
    untold: int | None = None
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class PendingReason:
    """One reason why a removal needs approval."""

    cause: PendingCause
    message: Message


@dataclass(frozen=True, slots=True)
class Cap:
    """A limit of removals in an hour, and how many were used; `frees_at` is when the first of them no longer counts."""

    limit: int
    used: int
    frees_at: datetime | None = None

    @property
    def remaining(self) -> int:
        """How many removals are left."""
        return max(0, self.limit - self.used)

    @property
    def is_used_up(self) -> bool:
        """Whether none is left."""
        return not self.remaining


@dataclass(frozen=True, slots=True)
class Caps:
    """The limits that a removal meets; None where one does not apply."""

    user: Cap | None
    brand: Cap | None
    seller: Cap | None


def hourly_caps(removal: RemovalRequest, policy: BurstPolicy, step_up: StepUpPolicy) -> Caps:
    """The limits that a removal meets.

    A cap counts sent removals and not requested ones, so that removals pending approval do not fill it up. A history
    never raises a seller's cap: earlier correct removals do not prove the next one. A brand's cap applies to its own
    users. An analyst's confirmation counts toward the caps of the analyst and the seller. A report that was confirmed
    with a second factor meets the seller's share alone: it is withdrawn within its hour if anybody told of it objects.
    """
    user = brand = seller = None
    if not removal.stepped_up:
        user = _cap_usage(removal.user, hourly_cap(removal.user, policy.per_user, policy.most_per_user, policy), policy)
        if removal.side is Side.BRAND and removal.brand is not None:
            brand = _cap_usage(
                removal.brand, hourly_cap(removal.brand, policy.per_brand, policy.most_per_brand, policy), policy
            )
    if removal.seller is not None:
        seller = _cap_usage(removal.seller, step_up.per_seller if removal.stepped_up else policy.per_seller, policy)
    return Caps(user, brand, seller)


def pending_reasons(removal: RemovalRequest, policy: BurstPolicy, step_up: StepUpPolicy) -> tuple[PendingReason, ...]:
    """The holds of a removal; empty where it may be sent.

    The verdict stays in force; only the message to the marketplace is delayed. While removals of an analyst are pending
    after a burst, all that they confirm is pending too: a stolen account gets no new cap in the next hour. A brand's
    reports do not hold one another; its budgets of the day bound what a stolen account sends. What an analyst chose
    without a route, a brand or a notifier needs a second person.
    """
    reasons: list[PendingReason] = []
    by_brand, limits = removal.side is Side.BRAND, hourly_caps(removal, policy, step_up)
    if not removal.switched_on:
        code = "pending.switched_off" if by_brand else "pending.analysts_switched_off"
        reasons.append(PendingReason(PendingCause.SWITCHED_OFF, message(code)))
    if limits.user is not None and not limits.user.remaining:
        reasons.append(PendingReason(PendingCause.USER_BURST, message("pending.user_burst", n=limits.user.limit)))
    if limits.brand is not None and not limits.brand.remaining:
        reasons.append(PendingReason(PendingCause.BRAND_BURST, message("pending.brand_burst", n=limits.brand.limit)))
    if limits.seller is not None and not limits.seller.remaining:
        reasons.append(PendingReason(PendingCause.SELLER_SHARE, message("pending.seller_share")))
    large = high_impact_reason(removal.sales, policy)
    if large is not None:
        reasons.append(PendingReason(PendingCause.HIGH_IMPACT, large))
    if not by_brand and removal.own_alarm:
        reasons.append(PendingReason(PendingCause.ANALYST_ALARM, message("pending.analyst_alarm")))
    if removal.chosen:
        reasons.append(PendingReason(PendingCause.CHOSEN, message("pending.chosen")))
    if not by_brand and removal.first_day:
        reasons.append(PendingReason(PendingCause.FIRST_DAY, message("pending.first_day")))
    if removal.untold is not None:
        reasons.append(PendingReason(PendingCause.UNTOLD, message("pending.untold", n=removal.untold)))
    if removal.stopped:
        reasons.append(PendingReason(PendingCause.STOPPED, message("pending.stopped")))
    return tuple(reasons)


def begins_alarm(reasons: Sequence[PendingReason], side: Side) -> bool:
    """Whether a removal with these holds is one after a burst of a brand's users, or the first after an analyst's."""
    causes = {reason.cause for reason in reasons}
    if side is Side.BRAND:
        return bool(causes & OF_BRAND)
    return bool(causes & OF_ANALYST) and PendingCause.ANALYST_ALARM not in causes


def high_impact_reason(sales: Sales, policy: BurstPolicy) -> Message | None:
    """Why two organisations decide about a seller of this size; None where they need not.

    With both figures of twelve months, by the INFORM Consumers Act: the number of sales and the turnover. An unknown
    figure is not zero, so without both the stricter rule holds that needs no turnover: the sales of 90 days alone. The
    sales of 90 days are also the least that were sold in twelve months, whatever the marketplace sent. Brands read the
    reason, so it has no figure.
    """
    recent = sales.items_90d
    if sales.items_12m is not None and sales.dollars_12m is not None:
        sold = max(sales.items_12m, recent or 0)
        if sold >= policy.high_sales_12m and sales.dollars_12m >= policy.high_dollars_12m:
            return message("pending.high_impact_12m")
        return None
    if recent is not None and recent >= policy.high_sales_90d:
        return message("pending.high_impact")
    return None


def hourly_cap(pace: Pace, least: int, most: int, policy: BurstPolicy) -> int:
    """The hourly limit of removals: `least`, raised by the busiest earlier hour, never above `most`."""
    return min(most, max(least, int(policy.times_usual * pace.busiest_hour)))


def _cap_usage(pace: Pace, limit: int, policy: BurstPolicy) -> Cap:
    frees = None if pace.oldest is None else pace.oldest + timedelta(minutes=policy.window_minutes)
    return Cap(limit, pace.last_hour, frees)
