"""The rules that put a confirmed removal on hold until people approve it. Standard library only."""

from dataclasses import dataclass
from enum import StrEnum

from features.message import Message, message
from models.verdict import Side
from serving.takedowns.policy import BurstPolicy


class HoldCause(StrEnum):
    """The cause of a hold. If there are several, the first names the alert."""

    SWITCHED_OFF = "switched_off"
    USER_BURST = "user_burst"
    BRAND_BURST = "brand_burst"
    SELLER_BURST = "seller_burst"
    HIGH_IMPACT = "high_impact"
    BRAND_ALARM = "brand_alarm"  # Removals of the brand are still pending after a burst of its users.


OF_BRAND = frozenset({HoldCause.USER_BURST, HoldCause.BRAND_BURST, HoldCause.BRAND_ALARM})
BURSTS = OF_BRAND | {HoldCause.SELLER_BURST}


@dataclass(frozen=True, slots=True)
class Pace:
    """The removals of the last hour without a hold, and those of the busiest earlier hour; 0 without a history."""

    last_hour: int
    busiest_hour: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """A removal that a confirmation requests, with its circumstances.

    `brand` and `seller` are None where the listing names none; their caps then do not apply. `sales_90d` is None where
    the seller's sales are unknown. `user` has the removals of every account of the brand that counts as one person with
    the user's (`serving.accounts.rules.second_person`). `alarm` is set while removals of the brand are pending after a
    burst of its users.
    """

    side: Side
    user: Pace
    brand: Pace | None
    seller: Pace | None
    sales_90d: float | None
    switched_on: bool
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """One reason why a removal needs approval."""

    cause: HoldCause
    message: Message


def holds(asked: Asked, policy: BurstPolicy) -> tuple[Hold, ...]:
    """The holds of a removal; empty where it may be sent.

    The verdict stays in force; only the message to the marketplace is delayed. A cap counts sent removals and not
    requested ones, so that removals pending approval do not fill it up. A history never raises a seller's cap: earlier
    correct removals do not prove the next one. A brand's caps and kill switch apply to its own users. An analyst's
    confirmation counts toward the caps of the analyst and the seller. While removals of a brand are pending after a
    burst, all that its users confirm is pending too: a stolen account gets no new cap in the next hour.
    """
    found: list[Hold] = []
    by_brand = asked.side is Side.BRAND
    if by_brand and not asked.switched_on:
        found.append(Hold(HoldCause.SWITCHED_OFF, message("hold.switched_off")))
    user_cap = cap(asked.user, policy.per_user, policy.most_per_user, policy)
    if asked.user.last_hour >= user_cap:
        found.append(Hold(HoldCause.USER_BURST, message("hold.user_burst", n=user_cap)))
    if by_brand and asked.brand is not None:
        brand_cap = cap(asked.brand, policy.per_brand, policy.most_per_brand, policy)
        if asked.brand.last_hour >= brand_cap:
            found.append(Hold(HoldCause.BRAND_BURST, message("hold.brand_burst", n=brand_cap)))
    if asked.seller is not None and asked.seller.last_hour >= policy.per_seller:
        found.append(Hold(HoldCause.SELLER_BURST, message("hold.seller_burst", n=policy.per_seller)))
    if asked.sales_90d is not None and asked.sales_90d >= policy.high_sales_90d:
        found.append(Hold(HoldCause.HIGH_IMPACT, message("hold.high_impact", n=round(asked.sales_90d))))
    if by_brand and asked.alarm:
        found.append(Hold(HoldCause.BRAND_ALARM, message("hold.brand_alarm")))
    return tuple(found)


def cap(pace: Pace, least: int, most: int, policy: BurstPolicy) -> int:
    """The hourly limit of removals: `least`, raised by the busiest earlier hour, never above `most`."""
    return min(most, max(least, int(policy.times_usual * pace.busiest_hour)))
