"""Signals of a seller's other listings: new listings, brands, categories and prices."""

import math
from collections.abc import Callable
from typing import Final

from features.message import Message, age_message, message, part_message
from features.peer_listings import Assortment
from features.spec import (
    MISSING,
    SHARE,
    Evidence,
    Family,
    Registry,
    Scale,
    age_in_days,
    burst,
    either,
    either_if_any,
    is_always_known,
    log1p,
    log_of,
)

signals = Registry(Family.SELLER, condition=lambda e: e.facts.seller.others is not None)

_FEWEST: Final = 5  # One of one or two listings in a week is no burst.
_BURSTS: Final = "Own choice: bursts of new listings"
_MIX: Final = "Own choice: the brands and categories that a seller trades in"
_NOT_RECORDED: Final = "nothing was recorded about the seller yet"
_NO_OTHERS: Final = f"{_NOT_RECORDED}, or it has no other listing"


@signals.feature(
    log_of("days", 15),
    missing="the seller was first seen with this listing, or nothing was recorded about it yet",
    source="Own choice: an old account may be new to the service",
    condition=is_always_known,
    side=age_in_days(30, 365),
    say=lambda e, _: age_message("seller_known", e.facts.seller.known_days),
)
def seller_known(e: Evidence) -> float:
    """Days since the service first saw the seller, regardless of the age of the account."""
    return log1p(e.facts.seller.known_days)


@signals.feature(
    log_of("listings", 10),
    missing=_NOT_RECORDED,
    source=_MIX,
    side=either_if_any,
    say=lambda e, _: message("seller_offers", n=_assortment(e).listings),
)
def seller_offers(e: Evidence) -> float:
    """Other listings of the seller sent in the last 180 days, at most 500."""
    return _assortment_figure(e, lambda others: log1p(others.listings))


@signals.feature(
    log_of("listings", 10),
    missing=_NOT_RECORDED,
    source=_BURSTS,
    side=either_if_any,
    say=lambda e, _: message("seller_listings_7d", n=_assortment(e).listed_7d),
)
def seller_listings_7d(e: Evidence) -> float:
    """Other listings of the seller first seen in the last 7 days."""
    return _assortment_figure(e, lambda others: log1p(others.listed_7d))


@signals.feature(
    SHARE,
    missing=f"{_NOT_RECORDED}, or it published no other listing in 90 days",
    source=_BURSTS,
    side=burst,
    say=lambda e, _: _recent_message(_assortment(e)),
)
def seller_recent_listings_share(e: Evidence) -> float:
    """Share of the listings published in 90 days that are from the last 7 days; 8 % is a steady pace."""
    return _assortment_figure(e, lambda others: others.listed_7d / others.listed_90d if others.listed_90d else None)


@signals.feature(
    log_of("brands", 10),
    missing=_NOT_RECORDED,
    source=_MIX,
    side=either_if_any,
    say=lambda e, _: message("seller_brands", listings=_assortment(e).listings, n=_assortment(e).brands),
)
def seller_brands(e: Evidence) -> float:
    """Different brands among the seller's other listings."""
    return _assortment_figure(e, lambda others: log1p(others.brands))


@signals.feature(
    SHARE,
    missing=f"{_NOT_RECORDED}, or none of its other listings names a brand",
    source=_MIX,
    side=either,
    say=lambda _, v: message("seller_top_brand_share", share=v),
)
def seller_top_brand_share(e: Evidence) -> float:
    """Share of the seller's other branded listings that the commonest brand takes."""
    return _assortment_figure(e, lambda others: others.top_brand_share)


@signals.feature(
    Scale("nats", 0, 10),
    missing=f"{_NOT_RECORDED}, or none of its other listings names a brand",
    source="Shannon 1948: entropy; a bazaar sells many brands in equal parts, a dealer one brand",
    side=either,
    say=lambda e, _: message("seller_brand_entropy", n=_assortment(e).brands),
)
def seller_brand_entropy(e: Evidence) -> float:
    """How evenly the seller's other listings are spread over brands: 0 for one, log k for k in equal parts."""
    return _assortment_figure(e, lambda others: others.brand_entropy)


@signals.feature(
    SHARE,
    missing=_NO_OTHERS,
    source="Own choice: the brands that take part are the ones that are counterfeited",
    side=either,
    say=lambda e, v: _protected_message(v, _assortment(e).listings),
)
def seller_protected_share(e: Evidence) -> float:
    """Share of the seller's other listings whose brand took part at intake."""
    return _assortment_figure(e, lambda others: others.protected_share)


@signals.feature(
    log_of("categories", 10),
    missing=_NOT_RECORDED,
    source=_MIX,
    side=either_if_any,
    say=lambda e, _: message("seller_categories", n=_assortment(e).categories),
)
def seller_categories(e: Evidence) -> float:
    """Different categories among the seller's other listings."""
    return _assortment_figure(e, lambda others: log1p(others.categories))


@signals.feature(
    Scale("log ratio", 0, 40),
    missing=f"{_NOT_RECORDED}, or fewer than five of its other listings have a known price",
    source="Median absolute deviation: Rousseeuw and Croux 1993",
    side=either,
    say=lambda e, v: message("seller_price_spread", n=_assortment(e).priced, share=math.expm1(v)),
)
def seller_price_spread(e: Evidence) -> float:
    """Median absolute deviation of the log prices of the seller's other listings."""
    return _assortment_figure(e, lambda others: others.spread)


def _recent_message(others: Assortment) -> Message | None:
    if others.listed_90d < _FEWEST:
        return None
    return message("seller_recent_listings_share", part=others.listed_7d, n=others.listed_90d)


def _assortment(e: Evidence) -> Assortment:
    assert e.facts.seller.others is not None  # Called only where the value is known.
    return e.facts.seller.others


def _assortment_figure(e: Evidence, of: Callable[[Assortment], float | None]) -> float:
    others = e.facts.seller.others
    figure = None if others is None else of(others)
    return MISSING if figure is None else figure


def _protected_message(share: float, listings: int) -> Message | None:
    """How many of two or more; one listing is no assortment."""
    return part_message("seller_protected_share", share * listings, listings) if listings > 1 else None
