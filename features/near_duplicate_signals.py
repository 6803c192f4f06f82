"""Near-duplicate signals: other sellers with nearly the same text, their prices and their listings' outcomes."""

import math
from collections.abc import Callable
from typing import Final

from features.message import Message, message, part_message, price_comparison
from features.near_duplicates import MOST_COMPARED, NearDuplicates
from features.spec import (
    MISSING,
    SHARE,
    Compute,
    Evidence,
    Family,
    Registry,
    Say,
    Scale,
    Side,
    SideOf,
    accusing,
    cheap,
    clearing,
    either,
    either_if_any,
    grave_share,
    indicator,
    log1p,
    log_of,
    smoothed_share,
)

signals = Registry(Family.NEAR_DUPLICATES, condition=lambda e: e.facts.near_duplicates is not None)

_UNCOMPARED: Final = "too little text to recognise a copy, or texts were not compared yet"
_NO_SELLER: Final = f"{_UNCOMPARED}; no seller named"
_COPIES: Final = "ADR 6: near-duplicates"
_RELISTED: Final = "ADR 6: relisting under another account"
_PRICES: Final = "Own choice: the price among near-duplicates"
_MOST: Final = math.log1p(MOST_COMPARED)
# Mostly suspicious listings are reviewed, so one verdict on a copied text says little. The prior weighs four verdicts.
_PRIOR, _STRENGTH = 0.5, 4.0


def _similarity_feature(
    side: SideOf, say: Say, *, missing: str = _UNCOMPARED, source: str = _COPIES
) -> Callable[[Compute], Compute]:
    """Registers a similarity to the nearest listing of a kind."""
    return signals.feature(Scale("share of text", 0, 1), missing=missing, source=source, side=side, say=say)


def _count_feature(
    side: SideOf,
    say: Callable[[NearDuplicates], Message],
    *,
    unit: str = "listings",
    missing: str = _UNCOMPARED,
    source: str = _COPIES,
) -> Callable[[Compute], Compute]:
    """Registers a number of near-duplicates; at most 64 listings are compared."""
    return signals.feature(
        log_of(unit, _MOST), missing=missing, source=source, side=side, say=lambda e, _: say(_near_duplicates(e))
    )


@_similarity_feature(either, lambda _, v: _similarity_message("likeness_nearest", v))
def likeness_nearest(e: Evidence) -> float:
    """How much text the nearest listing of another seller shares, from 0.7 on; 0 where none does."""
    return MISSING if e.facts.near_duplicates is None else e.facts.near_duplicates.nearest or 0.0


@_similarity_feature(indicator, lambda _, v: _similarity_message("likeness_counterfeit", v), source=_RELISTED)
def likeness_counterfeit(e: Evidence) -> float:
    """How much text the nearest confirmed counterfeit of another seller shares, from 0.7 on; 0 where none does."""
    return MISSING if e.facts.near_duplicates is None else e.facts.near_duplicates.nearest_counterfeit or 0.0


@_similarity_feature(clearing, lambda _, v: _similarity_message("likeness_genuine", v))
def likeness_genuine(e: Evidence) -> float:
    """How much text the nearest known-genuine listing of another seller shares, from 0.7 on; 0 where none does."""
    return MISSING if e.facts.near_duplicates is None else e.facts.near_duplicates.nearest_genuine or 0.0


@_similarity_feature(
    indicator, lambda _, v: _similarity_message("likeness_own_counterfeit", v), missing=_NO_SELLER, source=_RELISTED
)
def likeness_own_counterfeit(e: Evidence) -> float:
    """How much text the nearest confirmed counterfeit of the same seller shares, from 0.7 on; 0 where none does."""
    near_duplicates = e.facts.near_duplicates
    return MISSING if near_duplicates is None or _has_no_seller(e) else near_duplicates.nearest_own_counterfeit or 0.0


@signals.feature(
    Scale("share of text", -1, 1),
    missing=f"{_UNCOMPARED}; none of another seller is known to be counterfeit or genuine",
    source=_COPIES,
    side=lambda _, v: Side.COUNTERFEIT if v > 0 else Side.GENUINE if v < 0 else Side.EITHER,
    say=lambda _, v: message(
        "likeness_balance" if v == 0 else f"likeness_balance.{'counterfeit' if v > 0 else 'genuine'}"
    ),
)
def likeness_balance(e: Evidence) -> float:
    """Similarity to the nearest confirmed counterfeit less that to the nearest known-genuine listing."""
    near_duplicates = e.facts.near_duplicates
    if near_duplicates is None or (
        near_duplicates.nearest_counterfeit is None and near_duplicates.nearest_genuine is None
    ):
        return MISSING
    return (near_duplicates.nearest_counterfeit or 0.0) - (near_duplicates.nearest_genuine or 0.0)


@_count_feature(either_if_any, lambda duplicates: _count_message("likeness_offers", duplicates.listings, duplicates))
def likeness_offers(e: Evidence) -> float:
    """Near-duplicates of other sellers."""
    return MISSING if e.facts.near_duplicates is None else log1p(e.facts.near_duplicates.listings)


@_count_feature(
    either_if_any, lambda duplicates: _count_message("likeness_sellers", duplicates.sellers, duplicates), unit="sellers"
)
def likeness_sellers(e: Evidence) -> float:
    """Different other sellers with near-duplicates; a listing without a named seller counts as one."""
    return MISSING if e.facts.near_duplicates is None else log1p(e.facts.near_duplicates.sellers)


@_count_feature(
    either_if_any,
    lambda duplicates: _count_message("likeness_own_offers", duplicates.own_listings, duplicates),
    missing=_NO_SELLER,
)
def likeness_own_offers(e: Evidence) -> float:
    """Near-duplicates of the same seller; versions of the listing itself do not count."""
    return (
        MISSING if e.facts.near_duplicates is None or _has_no_seller(e) else log1p(e.facts.near_duplicates.own_listings)
    )


@_count_feature(
    accusing, lambda duplicates: message("likeness_counterfeits", n=duplicates.counterfeit), source=_RELISTED
)
def likeness_counterfeits(e: Evidence) -> float:
    """Near-duplicates of other sellers that were confirmed counterfeit."""
    return MISSING if e.facts.near_duplicates is None else log1p(e.facts.near_duplicates.counterfeit)


@_count_feature(clearing, lambda duplicates: message("likeness_cleared", n=duplicates.genuine))
def likeness_cleared(e: Evidence) -> float:
    """Near-duplicates of other sellers that a verdict or an appeal found genuine."""
    return MISSING if e.facts.near_duplicates is None else log1p(e.facts.near_duplicates.genuine)


@_count_feature(clearing, lambda duplicates: message("likeness_authorised", n=duplicates.authorised))
def likeness_authorised(e: Evidence) -> float:
    """Near-duplicates of sellers whom the brand had authorised."""
    return MISSING if e.facts.near_duplicates is None else log1p(e.facts.near_duplicates.authorised)


@signals.feature(
    SHARE,
    missing=f"{_UNCOMPARED}; no near-duplicate was reviewed",
    source=_RELISTED,
    side=grave_share(lambda e: _verdict_counts(_near_duplicates(e))[0], lambda _: _PRIOR),
    say=lambda e, _: part_message("likeness_counterfeit_share", *_verdict_counts(_near_duplicates(e))),
)
def likeness_counterfeit_share(e: Evidence) -> float:
    """Share of reviewed near-duplicates, the same seller's included, found counterfeit; smoothed towards one half."""
    if e.facts.near_duplicates is None:
        return MISSING
    fakes, judged = _verdict_counts(e.facts.near_duplicates)
    return smoothed_share(fakes, judged, prior=_PRIOR, strength=_STRENGTH) if judged else MISSING


@signals.feature(
    log_of("days", 16),
    missing=f"{_UNCOMPARED}; no near-duplicate of another seller",
    source=_COPIES,
    side=either,
    say=lambda e, _: message("likeness_first_days", n=round(_near_duplicates(e).first_days or 0)),
)
def likeness_first_days(e: Evidence) -> float:
    """Days since another seller was first seen with nearly the same text."""
    return MISSING if e.facts.near_duplicates is None else log1p(e.facts.near_duplicates.first_days)


@signals.feature(
    Scale("log ratio", -50, 50),
    missing=f"{_UNCOMPARED}; no price, or fewer than three priced near-duplicates of others",
    source=_PRICES,
    side=cheap,
    say=lambda e, v: price_comparison("likeness_price_level", v, n=_priced_count(_near_duplicates(e))),
)
def likeness_price_level(e: Evidence) -> float:
    """Log of the price over the median price of others' near-duplicates that were not found counterfeit."""
    duplicates, log_price = e.facts.near_duplicates, e.facts.price.log_price
    if duplicates is None or duplicates.price is None or log_price is None:
        return MISSING
    return log_price - duplicates.price.log_median


@_count_feature(
    either_if_any, lambda duplicates: message("likeness_price_offers", n=_priced_count(duplicates)), source=_PRICES
)
def likeness_price_offers(e: Evidence) -> float:
    """Near-duplicates behind the median price of others; 0 where fewer than three are known."""
    near_duplicates = e.facts.near_duplicates
    return MISSING if near_duplicates is None else log1p(near_duplicates.price.n if near_duplicates.price else 0)


def _near_duplicates(e: Evidence) -> NearDuplicates:
    """The near-duplicate evidence of a listing, where a feature has a value."""
    assert e.facts.near_duplicates is not None
    return e.facts.near_duplicates


def _has_no_seller(e: Evidence) -> bool:
    return e.facts.listing.seller.external_id is None


def _count_message(code: str, n: int, near_duplicates: NearDuplicates) -> Message:
    """A message with a count; `code.more` where the limit of compared listings was reached."""
    return message(f"{code}.more" if near_duplicates.more else code, n=n)


def _similarity_message(code: str, similarity: float) -> Message:
    return message(code, share=similarity) if similarity else message(f"{code}.none")


def _verdict_counts(near_duplicates: NearDuplicates) -> tuple[int, int]:
    fakes = near_duplicates.counterfeit + near_duplicates.own_counterfeit
    return fakes, fakes + near_duplicates.genuine + near_duplicates.own_genuine


def _priced_count(near_duplicates: NearDuplicates) -> int:
    return near_duplicates.price.n if near_duplicates.price else 0
