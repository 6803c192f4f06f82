"""Which removals wait for people although somebody confirmed them, and why. Standard library only."""

from dataclasses import dataclass
from enum import StrEnum

from features.message import Message, message
from models.verdict import Side
from serving.takedowns.policy import BurstPolicy


class HoldCause(StrEnum):
    """The ground of a hold. If there are several, the first names the alert."""

    SWITCHED_OFF = "switched_off"
    USER_BURST = "user_burst"
    BRAND_BURST = "brand_burst"
    SELLER_BURST = "seller_burst"
    HIGH_IMPACT = "high_impact"


BURSTS = frozenset({HoldCause.USER_BURST, HoldCause.BRAND_BURST, HoldCause.SELLER_BURST})


@dataclass(frozen=True, slots=True)
class Pace:
    """Removals of the last hour without a hold, and the most of any hour in the past; 0 where there is no past."""

    last_hour: int
    busiest_hour: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """A removal that a confirmation asks for, with what surrounds it.

    `brand` and `seller` are None where the listing names none: nothing is known of their pace, and no cap of theirs
    holds it. `sales_90d` is None where the seller's sales are not known.
    """

    side: Side
    user: Pace
    brand: Pace | None
    seller: Pace | None
    sales_90d: float | None
    switched_on: bool


@dataclass(frozen=True, slots=True)
class Hold:
    """One reason for which a removal waits for approval."""

    cause: HoldCause
    message: Message


def holds(asked: Asked, policy: BurstPolicy) -> tuple[Hold, ...]:
    """Why a removal is held; empty where it may leave.

    Nothing is refused and nothing dropped: the verdict stands, the marketplace is not told yet. A cap counts what was
    let through and not what was asked for, so that removals pending approval do not fill it up. A seller's cap is never
    raised by a past: that many removals were right says nothing about the next. A brand's caps hold its own people; an
    analyst's confirmation is the marketplace's, counts for the analyst and the seller, and no switch for brands holds
    it.
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
    return tuple(found)


def cap(pace: Pace, least: int, most: int, policy: BurstPolicy) -> int:
    """The hourly limit of removals: `least`, or more for accounts with a long record of more, never above `most`."""
    return min(most, max(least, int(policy.times_usual * pace.busiest_hour)))
