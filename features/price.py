"""Price signals: against comparable offers, against itself, against what it claims."""

import math
from typing import Final

from features.facts import amount_text
from features.spec import MISSING, YES_NO, Evidence, Family, Registry, Scale, log_of

signals = Registry(Family.PRICE)

NO_PRICE: Final = "no price, a price of zero, or no dated rate for its currency"
# A spread below five per cent is a shelf price; dividing by less would make a rounding look like an outlier.
_SMALLEST_SPREAD: Final = 0.05
_MAD_TO_SIGMA: Final = 1.4826  # For a normal distribution.
_WIDEST: Final = 12.0  # Log ratios beyond this (a factor of 160,000) are unit mistakes.


@signals.feature(
    # The smallest unit of the weakest currency, 0.01 at a rate of a hundred-millionth, has a log of -23.
    Scale("log of the base currency", -25, 25),
    missing=NO_PRICE,
    source="E-CUP column PriceDiscounted",
    say=lambda e, _: f"The price is {_price_words(e)}",
)
def price_log(e: Evidence) -> float:
    """Natural log of the price in the base currency."""
    return MISSING if e.facts.price.log_price is None else e.facts.price.log_price


@signals.feature(
    Scale("log ratio", -_WIDEST, _WIDEST),
    missing="no price, or fewer than five offers of the brand in the category",
    source="Capabilities row 15",
    say=lambda e, v: _against(v, e.facts.price.brand_category, "offers of this brand and category"),
)
def price_to_brand_category(e: Evidence) -> float:
    """Log of the price over the median of its brand in its category; -0.7 is half the median."""
    return _log_ratio(e.facts.price.log_price, e.facts.price.brand_category)


@signals.feature(
    Scale("robust standard deviations", -100, 100),
    missing="no price, or fewer than five offers of the brand in the category",
    source="Median and MAD: Rousseeuw and Croux 1993",
    say=lambda e, v: (
        f"The price lies {abs(v):.1f} usual spreads {'below' if v < 0 else 'above'} the median of "
        f"{_n(e.facts.price.brand_category)} offers of this brand and category"
    ),
)
def price_spread_brand_category(e: Evidence) -> float:
    """How many robust standard deviations the price lies from the median of its brand and category."""
    reference = e.facts.price.brand_category
    ratio = _log_ratio(e.facts.price.log_price, reference)
    if reference is None or math.isnan(ratio):
        return MISSING
    return _clip(ratio / max(reference.mad * _MAD_TO_SIGMA, _SMALLEST_SPREAD), 100)


@signals.feature(
    Scale("log ratio", -_WIDEST, _WIDEST),
    missing="no price, or fewer than five offers in the category",
    source="Capabilities row 15",
    say=lambda e, v: _against(v, e.facts.price.category, "offers in this category"),
)
def price_to_category(e: Evidence) -> float:
    """Log of the price over the median of its category, whatever the brand."""
    return _log_ratio(e.facts.price.log_price, e.facts.price.category)


@signals.feature(
    log_of("offers", 20),
    missing="no brand or no category, or fewer than five comparable offers",
    source="The count behind each reference",
    say=lambda e, _: f"{_n(e.facts.price.brand_category)} offers of this brand and category are known",
)
def price_reference_offers(e: Evidence) -> float:
    """How many offers stand behind the brand and category reference."""
    reference = e.facts.price.brand_category
    return MISSING if reference is None else math.log1p(reference.n)


@signals.feature(
    Scale("share", -1, 1),
    missing="no claimed earlier price",
    source="Capabilities row 15",
    say=lambda e, v: f"The offer claims {_share(v)} off {_list_price_words(e)}",
)
def price_claimed_discount(e: Evidence) -> float:
    """Share by which the offer says it is reduced; below zero where it costs more than it claims to have cost."""
    price, claimed = e.facts.listing.price, e.facts.listing.list_price
    if price is None or not claimed:
        return MISSING
    return max(-1.0, 1.0 - float(price) / float(claimed))


@signals.feature(
    YES_NO,
    missing="no price",
    source="Inference from marketplace practice: 1, 9999 and 123 stand for 'ask me'",
    say=lambda e, v: f"The price {_price_words(e)} {'looks like a placeholder' if v else 'is no placeholder'}",
)
def price_is_placeholder(e: Evidence) -> float:
    """1 for a price that stands for another one: at most 1, four or more equal digits, or counting up."""
    price = e.facts.listing.price
    if price is None:
        return MISSING
    digits = f"{int(price)}"
    repeated = len(digits) >= 4 and len(set(digits)) == 1
    counting = len(digits) >= 3 and digits in "123456789"
    return float(price <= 1 or repeated or counting)


@signals.feature(
    Scale("log ratio", -_WIDEST, _WIDEST),
    missing="the first version, or no price in one of the two",
    source="Capabilities row 4",
    say=lambda _, v: (
        f"The price {'fell' if v < 0 else 'rose'} by {_share(abs(math.expm1(v)))} since the version before"
    ),
)
def price_change(e: Evidence) -> float:
    """Log of the price over that of the version before."""
    now, before = e.facts.price.log_price, e.facts.price.previous_log_price
    return MISSING if now is None or before is None else _clip(now - before, _WIDEST)


def _log_ratio(log_price: float | None, reference: tuple[float, float, int] | None) -> float:
    return MISSING if log_price is None or reference is None else _clip(log_price - reference[0], _WIDEST)


def _clip(value: float, bound: float) -> float:
    return max(-bound, min(bound, value))


def _against(log_ratio: float, reference: tuple[float, float, int] | None, what: str) -> str:
    ratio = math.exp(log_ratio)
    if 0.95 <= ratio <= 1.05:
        return f"Price is at the median of {_n(reference)} {what}"
    if ratio > 2:
        return f"Price is {ratio:.1f} times the median of {_n(reference)} {what}"
    side = "below" if ratio < 1 else "above"
    return f"Price is {_share(abs(1 - ratio))} {side} the median of {_n(reference)} {what}"


def _n(reference: tuple[float, float, int] | None) -> str:
    return f"{reference[2]:,}" if reference else "0"


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"


def _price_words(e: Evidence) -> str:
    listing = e.facts.listing
    return amount_text(listing.price, listing.currency) if listing.price is not None and listing.currency else "unknown"


def _list_price_words(e: Evidence) -> str:
    listing = e.facts.listing
    return amount_text(listing.list_price, listing.currency) if listing.list_price and listing.currency else "nothing"
