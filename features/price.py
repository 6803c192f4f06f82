"""Price signals: the price against comparable listings, the previous version and the claimed discount."""

import math
from typing import Final

from features.message import Amount, Message, message, price_comparison
from features.spec import (
    MISSING,
    YES_NO,
    Evidence,
    Family,
    Registry,
    Scale,
    Side,
    cheap,
    either,
    either_if_any,
    high_is_counterfeit,
    indicator,
    log_of,
)

signals = Registry(Family.PRICE)

NO_PRICE: Final = "no price, a price of zero, or no dated rate for its currency"
# A spread below 5 % is a shelf price. A smaller divisor would turn a rounding difference into an outlier.
_SMALLEST_SPREAD: Final = 0.05
_MAD_TO_SIGMA: Final = 1.4826  # For a normal distribution.
_NEAR_SPREADS: Final = -0.5  # A price less far below the median is not cheap, and "below" would be no praise.
_MOVED: Final = 0.01  # Smaller changes of a price are rounding and would read as 0 %.
WIDEST: Final = 12.0  # Log ratios beyond this (a factor of 160,000) are unit mistakes.


@signals.feature(
    # The smallest unit of the weakest currency, 0.01 at a rate of a hundred-millionth, has a log of -23.
    Scale("log of the base currency", -25, 25),
    missing=NO_PRICE,
    source="Ozon E-CUP 2025: PriceDiscounted",
    side=either,
    say=lambda e, _: _price_message("price_log", e),
)
def price_log(e: Evidence) -> float:
    """Natural log of the price in the base currency."""
    return MISSING if e.facts.price.log_price is None else e.facts.price.log_price


@signals.feature(
    Scale("log ratio", -WIDEST, WIDEST),
    missing="no price, or fewer than five listings of the brand in the category",
    source="Corsearch Zeal, Auto-moderation rules for counterfeits: the price against average retail",
    side=cheap,
    say=lambda e, v: price_comparison("price_to_brand_category", v, n=_reference_size(e.facts.price.brand_category)),
)
def price_to_brand_category(e: Evidence) -> float:
    """Log of the price over the median of its brand in its category; -0.7 is half the median."""
    return _log_ratio(e.facts.price.log_price, e.facts.price.brand_category)


def _spread_message(e: Evidence, spreads: float) -> Message | None:
    """The price against the median in percent, which a reader knows; none for a small difference below it."""
    comparison = price_comparison(
        "price_to_brand_category", price_to_brand_category(e), n=_reference_size(e.facts.price.brand_category)
    )
    return None if spreads < 0 and comparison.code == "price_to_brand_category.equal" else comparison


def _spread_side(_: Evidence, spreads: float) -> Side:
    if spreads < _NEAR_SPREADS:
        return Side.COUNTERFEIT
    return Side.NONE if spreads < 0 else Side.GENUINE


@signals.feature(
    Scale("robust standard deviations", -100, 100),
    missing="no price, or fewer than five listings of the brand in the category",
    source="Median and MAD: Rousseeuw and Croux 1993",
    side=_spread_side,
    say=_spread_message,
)
def price_spread_brand_category(e: Evidence) -> float:
    """How many robust standard deviations the price lies from the median of its brand and category."""
    reference = e.facts.price.brand_category
    ratio = _log_ratio(e.facts.price.log_price, reference)
    if reference is None or math.isnan(ratio):
        return MISSING
    return clip(ratio / max(reference.mad * _MAD_TO_SIGMA, _SMALLEST_SPREAD), 100)


@signals.feature(
    Scale("log ratio", -WIDEST, WIDEST),
    missing="no price, or fewer than five listings in the category",
    source="Own choice: the same for goods of any brand",
    side=cheap,
    say=lambda e, v: price_comparison("price_to_category", v, n=_reference_size(e.facts.price.category)),
)
def price_to_category(e: Evidence) -> float:
    """Log of the price over the median of its category, whatever the brand."""
    return _log_ratio(e.facts.price.log_price, e.facts.price.category)


@signals.feature(
    log_of("listings", 20),
    missing="no brand or no category, or fewer than five comparable listings",
    source="Own choice: the count behind the reference",
    side=either_if_any,
    say=lambda e, _: message("price_reference_offers", n=_reference_size(e.facts.price.brand_category)),
)
def price_reference_offers(e: Evidence) -> float:
    """The number of listings behind the reference of the brand and category."""
    reference = e.facts.price.brand_category
    return MISSING if reference is None else math.log1p(reference.n)


def _discount_message(e: Evidence, share: float) -> Message | None:
    listing = e.facts.listing
    if not listing.list_price or not listing.currency:
        return None
    list_price = Amount(listing.list_price, listing.currency)
    if share < 0:
        return message("price_claimed_discount.negative", share=-share, list_price=list_price)
    return message("price_claimed_discount", share=share, list_price=list_price)


@signals.feature(
    Scale("share", -1, 1),
    missing="no claimed earlier price",
    source="Own choice: the size of the claimed reduction",
    side=high_is_counterfeit(0.2, 0.5),
    say=_discount_message,
)
def price_claimed_discount(e: Evidence) -> float:
    """The claimed discount as a share; below zero where the price is above the claimed earlier price."""
    price, claimed = e.facts.listing.price, e.facts.listing.list_price
    return MISSING if price is None or not claimed else max(-1.0, 1.0 - float(price) / float(claimed))


@signals.feature(
    YES_NO,
    missing="no price",
    source="Own choice: on marketplaces 1, 9999 and 123 stand for 'ask me'",
    side=indicator,
    say=lambda e, v: _price_message("price_is_placeholder" if v else "price_is_placeholder.no", e),
)
def price_is_placeholder(e: Evidence) -> float:
    """1 for a placeholder price: at most 1, four or more equal digits, or counting up."""
    price = e.facts.listing.price
    if price is None:
        return MISSING
    digits = f"{int(price)}"
    repeated = len(digits) >= 4 and len(set(digits)) == 1
    counting = len(digits) >= 3 and digits in "123456789"
    return float(price <= 1 or repeated or counting)


@signals.feature(
    Scale("log ratio", -WIDEST, WIDEST),
    missing="the first version, or no price in one of the two",
    source="Own choice: what changes after the first publication",
    side=lambda _, v: Side.NONE if abs(v) < _MOVED else Side.COUNTERFEIT if v < 0 else Side.GENUINE,
    say=lambda _, v: message(f"price_change.{'fall' if v < 0 else 'rise'}", share=abs(math.expm1(v))),
)
def price_change(e: Evidence) -> float:
    """Log of the price over that of the previous version."""
    now, before = e.facts.price.log_price, e.facts.price.previous_log_price
    return MISSING if now is None or before is None else clip(now - before)


def _log_ratio(log_price: float | None, reference: tuple[float, float, int] | None) -> float:
    return MISSING if log_price is None or reference is None else clip(log_price - reference[0])


def clip(number: float, bound: float = WIDEST) -> float:
    return max(-bound, min(bound, number))


def _reference_size(reference: tuple[float, float, int] | None) -> int:
    return reference[2] if reference else 0


def _price_message(code: str, e: Evidence) -> Message | None:
    listing = e.facts.listing
    if listing.price is None:
        return None
    return message(code, price=Amount(listing.price, listing.currency) if listing.currency else f"{listing.price:,}")
