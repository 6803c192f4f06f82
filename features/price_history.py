"""Price history signals: the price against the listing's earlier prices and the seller's other listings."""

import math
from typing import Final

from features.history import OwnPrices
from features.message import message, part_message
from features.peer_listings import Assortment
from features.price import WIDEST, clip
from features.spec import (
    MISSING,
    Evidence,
    Family,
    Registry,
    Scale,
    Side,
    either,
    either_if_any,
    high_is_counterfeit,
    log1p,
    log_of,
)

signals = Registry(Family.PRICE)

_VERSIONS: Final = "Own choice: what changes after the first publication"
_OWN_LEVEL: Final = "Own choice: a price outside the seller's own range"
_FALL: Final = math.log(0.95)  # Smaller falls are ordinary and would read as 0 %.
_SAME_PRICE: Final = math.log(1.005)


@signals.feature(
    log_of("changes", 15),
    missing="no price, or earlier prices were not recorded yet",
    source=_VERSIONS,
    side=either_if_any,
    say=lambda e, _: message("price_changes", n=_own_prices(e).changes),
)
def price_changes(e: Evidence) -> float:
    """The number of price changes from version to version, without moves of the exchange rate."""
    own = e.facts.price.own
    return MISSING if own is None or e.facts.price.log_price is None else log1p(own.changes)


@signals.feature(
    Scale("log ratio", -WIDEST, 0),
    missing="fewer than two versions with a known price, or earlier prices were not recorded yet",
    source=_VERSIONS,
    side=lambda _, v: Side.COUNTERFEIT if v < _FALL else Side.NONE,
    say=lambda e, v: message("price_largest_fall", n=_own_prices(e).versions, share=-math.expm1(v)),
)
def price_largest_fall(e: Evidence) -> float:
    """Log ratio of the steepest fall of the price from one version to the next; 0 where it never fell."""
    own = e.facts.price.own
    return MISSING if own is None or own.versions < 2 else max(-WIDEST, own.largest_fall)


@signals.feature(
    Scale("log ratio", -WIDEST, WIDEST),
    missing="no claimed earlier price, fewer than two versions with a known price, or these were not recorded yet",
    source="Directive 98/6/EC, Article 6a: a reduction is from the lowest price of 30 days",
    side=high_is_counterfeit(_SAME_PRICE, _SAME_PRICE),
    say=lambda _, v: (
        message("price_claim_to_highest.equal")
        if abs(math.exp(v) - 1) <= 0.005
        else message("price_claim_to_highest", times=math.exp(v))
    ),
)
def price_claim_to_highest(e: Evidence) -> float:
    """Log of the claimed earlier price over the highest observed price of this listing."""
    claimed, own = claimed_log_price(e), e.facts.price.own
    if claimed is None or own is None or own.highest is None or own.versions < 2:
        return MISSING
    return clip(claimed - own.highest)


@signals.feature(
    Scale("log ratio", -WIDEST, WIDEST),
    missing="no price, or fewer than five other listings of the seller with a known price",
    source=_OWN_LEVEL,
    side=either,
    say=lambda e, v: message("price_to_seller_offers", times=math.exp(v), n=_assortment(e).priced),
)
def price_to_seller_offers(e: Evidence) -> float:
    """Log of the price over the median of the seller's other listings."""
    others, log_price = e.facts.seller.others, e.facts.price.log_price
    if others is None or others.log_median is None or log_price is None:
        return MISSING
    return clip(log_price - others.log_median)


@signals.feature(
    log_of("listings", 10),
    missing="no price, or nothing was recorded about the seller yet",
    source="Own choice: placeholder prices come in spikes",
    side=either_if_any,
    say=lambda e, _: part_message("price_same_at_seller", _assortment(e).same_price, _assortment(e).listings),
)
def price_same_at_seller(e: Evidence) -> float:
    """Other listings of the seller at exactly this price."""
    others = e.facts.seller.others
    return MISSING if others is None else log1p(others.same_price)


def claimed_log_price(e: Evidence) -> float | None:
    """Log of the claimed earlier price in the base currency, at the rate of the present price; None without either."""
    listing, log_price = e.facts.listing, e.facts.price.log_price
    if not listing.list_price or not listing.price or log_price is None:
        return None
    return log_price + math.log(listing.list_price / listing.price)


def _own_prices(e: Evidence) -> OwnPrices:
    assert e.facts.price.own is not None  # Called only where the value is known.
    return e.facts.price.own


def _assortment(e: Evidence) -> Assortment:
    assert e.facts.seller.others is not None  # Called only where the value is known.
    return e.facts.seller.others
