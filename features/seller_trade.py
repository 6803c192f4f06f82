"""Signals of a seller's trade: sales, returns and turnover, and their recent growth."""

import math
from typing import Final

from features.fields import Windows
from features.message import Message, message, part_message
from features.spec import (
    MISSING,
    SHARE,
    Evidence,
    Family,
    Registry,
    Scale,
    above_prior,
    accusing,
    either_if_any,
    grave_share,
    growth,
    log1p,
    log_of,
    shrunk_share,
)

signals = Registry(Family.SELLER)

_BURSTS: Final = "Own choice: bursts, over the windows of Ozon E-CUP 2025"
_WINDOWS: Final = "Ozon E-CUP 2025: seller columns, over 7, 30 and 90 days"
_NO_SALES: Final = "sales of the seller neither sent nor recorded"
# Seller events and blocks hold at most 2^53; its log is 37.
_MOST_GROWTH: Final = 40
_RETURNS: Final = above_prior(lambda priors: priors.seller_returns.mean)


@signals.feature(
    log_of("items"),
    missing=_NO_SALES,
    source=_WINDOWS,
    side=either_if_any,
    say=lambda e, _: message("seller_sales_30d", n=round(e.facts.seller.sales.d30 or 0)),
)
def seller_sales_30d(e: Evidence) -> float:
    """Items that the seller sold in 30 days."""
    return log1p(e.facts.seller.sales.d30)


@signals.feature(
    Scale("log ratio", -_MOST_GROWTH, _MOST_GROWTH),
    missing=_NO_SALES,
    source=_BURSTS,
    side=growth,
    say=lambda e, v: _pace_message("seller_sales_growth_7d", v, e.facts.seller.sales.d7, e.facts.seller.sales.d30),
)
def seller_sales_growth_7d(e: Evidence) -> float:
    """Log of the daily sales of 7 days over those of 30; 0.7 is twice the pace."""
    return _growth(e.facts.seller.sales.d7, e.facts.seller.sales.d30, 7 / 30)


@signals.feature(
    Scale("log ratio", -_MOST_GROWTH, _MOST_GROWTH),
    missing=_NO_SALES,
    source=_BURSTS,
    side=growth,
    say=lambda e, v: _pace_message("seller_sales_growth_30d", v, e.facts.seller.sales.d30, e.facts.seller.sales.d90),
)
def seller_sales_growth_30d(e: Evidence) -> float:
    """Log of the daily sales of 30 days over those of 90."""
    return _growth(e.facts.seller.sales.d30, e.facts.seller.sales.d90, 30 / 90)


@signals.feature(
    Scale("log ratio", -_MOST_GROWTH, _MOST_GROWTH),
    missing="turnover of the seller neither sent nor recorded in the listing's currency",
    source=_BURSTS,
    side=growth,
    say=lambda e, v: _pace_message("seller_turnover_growth_30d", v, turnover(e).d30, turnover(e).d90),
)
def seller_turnover_growth_30d(e: Evidence) -> float:
    """Log of the daily turnover of 30 days over that of 90."""
    turnovers = turnover(e)
    return _growth(turnovers.d30, turnovers.d90, 30 / 90)


@signals.feature(
    SHARE,
    missing="sales or returns of the seller neither sent nor recorded",
    source=_WINDOWS,
    side=_RETURNS,
    say=lambda e, _: part_message("seller_return_share_7d", e.facts.seller.returns.d7, e.facts.seller.sales.d7),
)
def seller_return_share_7d(e: Evidence) -> float:
    """Share of the seller's sales returned in 7 days, smoothed towards the base rate."""
    return shrunk_share(e.facts.seller.returns.d7, e.facts.seller.sales.d7, e.priors.seller_returns)


@signals.feature(
    SHARE,
    missing="the marketplace's seller events are not complete over 30 days",
    source="Ozon E-CUP 2025 counts such returns by item; here they are summed by seller",
    side=grave_share(lambda e: e.facts.seller.fake_returns.d30, lambda priors: priors.seller_fake_returns.mean),
    say=lambda e, _: part_message(
        "seller_fake_return_share_30d", e.facts.seller.fake_returns.d30, e.facts.seller.sales.d30
    ),
)
def seller_fake_return_share_30d(e: Evidence) -> float:
    """Share of the seller's sales returned as not genuine in 30 days, smoothed towards the base rate."""
    return shrunk_share(e.facts.seller.fake_returns.d30, e.facts.seller.sales.d30, e.priors.seller_fake_returns)


@signals.feature(
    log_of("items"),
    missing="the marketplace's seller events are not complete over 90 days",
    source="Ozon E-CUP 2025 counts such returns by item; here they are summed by seller",
    side=accusing,
    say=lambda e, _: message("seller_fake_returns_90d", n=round(e.facts.seller.fake_returns.d90 or 0)),
)
def seller_fake_returns_90d(e: Evidence) -> float:
    """Items of the seller returned as not genuine in 90 days."""
    return log1p(e.facts.seller.fake_returns.d90)


def turnover(e: Evidence) -> Windows:
    """The seller's turnover in the listing's currency."""
    return e.facts.seller.turnover


def _growth(short: float | None, long: float | None, part: float) -> float:
    """Log of the pace in the short window over that in the long one; the short window is the `part` of the long one.

    Adds one item sold evenly over the long window, so that zero sales in both windows is no growth.
    """
    if short is None or long is None:
        return MISSING
    return max(-_MOST_GROWTH, math.log((short + part) / (part * (long + 1))))


def _pace_message(code: str, log_ratio: float, part: float | None, whole: float | None) -> Message | None:
    n = round(whole or 0)
    return message(code, times=math.exp(log_ratio), part=round(part or 0), n=n) if n else None
