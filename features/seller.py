"""Seller signals from the marketplace's data: age, volume, returns and rating. The identity is never a signal."""

import math
from decimal import Decimal
from typing import Final

from features.message import Amount, Message, age_message, message, part_message
from features.seller_trade import turnover
from features.spec import (
    MISSING,
    SHARE,
    YES_NO,
    Evidence,
    Family,
    Registry,
    Scale,
    above_prior,
    age_in_days,
    burst,
    either,
    either_if_any,
    grave_share,
    indicator,
    log1p,
    log_of,
    low_is_counterfeit,
    recent_share,
    shrunk_share,
)

signals = Registry(Family.SELLER, source="Ozon E-CUP 2025: seller columns")
_RETURNS: Final = above_prior(lambda priors: priors.seller_returns.mean)


@signals.feature(
    log_of("days"),
    missing="age of the account not sent",
    side=age_in_days(90, 365),
    say=lambda e, _: age_message("seller_age", e.facts.listing.seller.age_days),
)
def seller_age(e: Evidence) -> float:
    """Days since the seller's account was opened."""
    return log1p(e.facts.listing.seller.age_days)


@signals.feature(
    log_of("orders"),
    missing="orders of the seller not sent",
    side=either_if_any,
    say=lambda e, _: message("seller_orders_90d", n=round(e.facts.listing.seller.orders.d90 or 0)),
)
def seller_orders_90d(e: Evidence) -> float:
    """Orders that the seller received in 90 days."""
    return log1p(e.facts.listing.seller.orders.d90)


@signals.feature(
    log_of("currency units"),
    missing="turnover of the seller neither sent nor recorded in the listing's currency",
    version=2,
    side=either_if_any,
    say=lambda e, _: _amount_message("seller_turnover_90d", e, turnover(e).d90 or 0),
)
def seller_turnover_90d(e: Evidence) -> float:
    """The seller's turnover in 90 days, in the listing's currency."""
    return log1p(turnover(e).d90)


@signals.feature(
    Scale("log of currency units", -25, 25),
    missing="turnover or orders not sent, or none in 90 days",
    side=either,
    say=lambda e, v: _amount_message("seller_order_value", e, math.exp(v)),
)
def seller_order_value(e: Evidence) -> float:
    """Log of the mean value of the seller's orders in 90 days."""
    gmv, orders = e.facts.listing.seller.gmv.d90, e.facts.listing.seller.orders.d90
    return max(-25.0, math.log(gmv / orders)) if gmv and orders else MISSING


@signals.feature(
    Scale("log ratio", -12, 12),
    missing="no price, or the value of the seller's orders is unknown",
    source="Own choice: a price outside the seller's own range",
    side=either,
    say=lambda _, v: message("seller_price_level", times=math.exp(v)),
)
def seller_price_level(e: Evidence) -> float:
    """Log of the price over the mean value of the seller's orders, both in the listing's currency."""
    price, order_value = e.facts.listing.price, seller_order_value(e)
    if not price or math.isnan(order_value):
        return MISSING
    return max(-12.0, min(12.0, math.log(price) - order_value))


@signals.feature(
    SHARE,
    missing="orders of the seller not sent, or none in 90 days",
    source="Own choice: bursts, over the windows of Ozon E-CUP 2025",
    side=burst,
    say=lambda _, v: message("seller_recent_orders_share", share=v),
)
def seller_recent_orders_share(e: Evidence) -> float:
    """Share of the seller's orders of 90 days that fell in the last 7 days; 8 % is a steady pace."""
    return recent_share(e.facts.listing.seller.orders)


@signals.feature(
    SHARE,
    missing="sales or returns of the seller neither sent nor recorded",
    version=2,
    side=_RETURNS,
    say=lambda e, _: part_message("seller_return_share_30d", e.facts.seller.returns.d30, e.facts.seller.sales.d30),
)
def seller_return_share_30d(e: Evidence) -> float:
    """Share of the seller's sales returned in 30 days, smoothed towards the base rate."""
    return shrunk_share(e.facts.seller.returns.d30, e.facts.seller.sales.d30, e.priors.seller_returns)


@signals.feature(
    SHARE,
    missing="sales or returns of the seller neither sent nor recorded",
    version=2,
    side=_RETURNS,
    say=lambda e, _: part_message("seller_return_share_90d", e.facts.seller.returns.d90, e.facts.seller.sales.d90),
)
def seller_return_share_90d(e: Evidence) -> float:
    """Share of the seller's sales returned in 90 days, smoothed towards the base rate."""
    return shrunk_share(e.facts.seller.returns.d90, e.facts.seller.sales.d90, e.priors.seller_returns)


@signals.feature(
    SHARE,
    missing="the marketplace's seller events are not complete over 90 days",
    source="Ozon E-CUP 2025 counts such returns by item; here they are summed by seller",
    version=2,
    side=grave_share(lambda e: e.facts.seller.fake_returns.d90, lambda priors: priors.seller_fake_returns.mean),
    say=lambda e, _: part_message(
        "seller_fake_return_share_90d", e.facts.seller.fake_returns.d90, e.facts.seller.sales.d90
    ),
)
def seller_fake_return_share_90d(e: Evidence) -> float:
    """Share of the seller's sales returned as not genuine in 90 days, smoothed towards the base rate."""
    return shrunk_share(e.facts.seller.fake_returns.d90, e.facts.seller.sales.d90, e.priors.seller_fake_returns)


@signals.feature(
    SHARE,
    missing="turnover or returned value not sent",
    side=_RETURNS,
    say=lambda e, _: part_message(
        "seller_returned_value_share", e.facts.listing.seller.returned_value.d90, e.facts.listing.seller.gmv.d90
    ),
)
def seller_returned_value_share(e: Evidence) -> float:
    """Share of the seller's turnover of 90 days that was returned; at most 1."""
    returned, gmv = e.facts.listing.seller.returned_value.d90, e.facts.listing.seller.gmv.d90
    return MISSING if returned is None or not gmv else min(1.0, returned / gmv)


@signals.feature(
    log_of("products"),
    missing="variety not sent",
    side=either_if_any,
    say=lambda e, _: message("seller_variety", n=e.facts.listing.seller.variety or 0),
)
def seller_variety(e: Evidence) -> float:
    """Different products that the seller lists."""
    return log1p(e.facts.listing.seller.variety)


@signals.feature(
    log_of("items"),
    missing="stock not sent",
    side=either_if_any,
    say=lambda e, _: message("seller_available", n=e.facts.listing.seller.available or 0),
)
def seller_available(e: Evidence) -> float:
    """Items that the seller has in stock over all listings."""
    return log1p(e.facts.listing.seller.available)


def _rating_message(e: Evidence, rating: float) -> Message | None:
    n = e.facts.listing.seller.rating_count
    if n is None:
        return message("seller_rating.uncounted", rating=rating)
    return message("seller_rating", rating=rating, n=n) if n else None


@signals.feature(
    Scale("stars", 0, 5),
    missing="rating of the seller not sent",
    source="data/dictionary.md: the seller block",
    side=low_is_counterfeit(4.0, 4.5),
    say=_rating_message,
)
def seller_rating(e: Evidence) -> float:
    """Mean rating of the seller."""
    rating = e.facts.listing.seller.rating
    return MISSING if rating is None else rating


@signals.feature(
    YES_NO,
    missing="the seller's country or the place of dispatch not sent",
    source="Own choice: dispatch from a country other than the stated one",
    side=indicator,
    say=lambda e, v: message(
        "seller_ships_from_elsewhere" if v else "seller_ships_from_elsewhere.no",
        ship_from=e.facts.listing.ship_from or "",
        country=e.facts.listing.seller.country or "",
    ),
)
def seller_ships_from_elsewhere(e: Evidence) -> float:
    """1 if the goods ship from a country other than the seller's."""
    home, origin = e.facts.listing.seller.country, e.facts.listing.ship_from
    return MISSING if home is None or origin is None else float(home.casefold() != origin.casefold())


@signals.feature(
    log_of("listings"),
    missing="nothing was recorded about the seller yet",
    source="Own choice: bursts, over the windows of Ozon E-CUP 2025",
    version=2,
    side=either_if_any,
    say=lambda e, _: message("seller_listings_30d", n=e.facts.seller.listings_30d or 0),
)
def seller_listings_30d(e: Evidence) -> float:
    """Other listings of the seller first seen in the last 30 days, at most 500."""
    return log1p(e.facts.seller.listings_30d)


def _amount_message(code: str, e: Evidence, amount: float) -> Message | None:
    currency = e.facts.listing.currency
    return message(code, amount=Amount(Decimal(round(amount)), currency)) if currency else None
