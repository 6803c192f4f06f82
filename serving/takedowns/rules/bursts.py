"""Which removals wait for people although somebody confirmed them, and why. Standard library only."""

from dataclasses import dataclass
from enum import StrEnum

from models.verdict import Side
from serving.takedowns.policy import BurstPolicy


class HoldCause(StrEnum):
    """What a removal is held for. Of several the first names the alert."""

    SWITCHED_OFF = "switched_off"
    USER_BURST = "user_burst"
    BRAND_BURST = "brand_burst"
    SELLER_BURST = "seller_burst"
    HIGH_IMPACT = "high_impact"


BURSTS = frozenset({HoldCause.USER_BURST, HoldCause.BRAND_BURST, HoldCause.SELLER_BURST})


@dataclass(frozen=True, slots=True)
class Pace:
    """Removals of the last hour that nobody held, and the most of any hour long ago; 0 where there is no past."""

    last_hour: int
    busiest_hour: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """A removal that a confirmation asks for, with what surrounds it.

    `brand` and `seller` are None where the offer names none: nothing is known of their pace, and no cap of theirs
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
    """One reason for which a removal waits, as a person reads it."""

    cause: HoldCause
    sentence: str


def holds(asked: Asked, policy: BurstPolicy) -> tuple[Hold, ...]:
    """Why a removal is held; empty where it may leave.

    Nothing is refused and nothing dropped: the verdict stands, the marketplace is not told yet. A cap counts what was
    let through and not what was asked for, so that held removals do not fill it up. A seller's cap is never raised by
    a past: that many removals were right says nothing about the next. A brand's caps hold its own people; an analyst's
    confirmation is the marketplace's, counts for the analyst and the seller, and no switch for brands holds it.
    """
    found: list[Hold] = []
    by_brand = asked.side is Side.BRAND
    if by_brand and not asked.switched_on:
        found.append(Hold(HoldCause.SWITCHED_OFF, "Removals on a brand's confirmation are switched off."))
    user_cap = cap(asked.user, policy.per_user, policy.most_per_user, policy)
    if asked.user.last_hour >= user_cap:
        found.append(Hold(HoldCause.USER_BURST, f"One person has confirmed {user_cap} removals within an hour."))
    if by_brand and asked.brand is not None:
        brand_cap = cap(asked.brand, policy.per_brand, policy.most_per_brand, policy)
        if asked.brand.last_hour >= brand_cap:
            found.append(Hold(HoldCause.BRAND_BURST, f"One brand has confirmed {brand_cap} removals within an hour."))
    if asked.seller is not None and asked.seller.last_hour >= policy.per_seller:
        sentence = f"{policy.per_seller} offers of one seller were removed within an hour."
        found.append(Hold(HoldCause.SELLER_BURST, sentence))
    if asked.sales_90d is not None and asked.sales_90d >= policy.high_sales_90d:
        sentence = (
            f"The seller sold {asked.sales_90d:,.0f} items in 90 days; two organisations decide about such a shop."
        )
        found.append(Hold(HoldCause.HIGH_IMPACT, sentence))
    return tuple(found)


def cap(pace: Pace, least: int, most: int, policy: BurstPolicy) -> int:
    """How many removals may leave in an hour: `least`, or more for whoever has long done more, never above `most`."""
    return min(most, max(least, int(policy.times_usual * pace.busiest_hour)))
