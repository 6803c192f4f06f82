"""Signals of likeness: who else offers goods in nearly these words, at what price, and what became of it."""

import math
from collections.abc import Callable
from typing import Final

from features.likeness import MOST_COMPARED, Likeness
from features.spec import MISSING, SHARE, Compute, Evidence, Family, Registry, Say, Scale, log1p, log_of, smoothed_share

signals = Registry(Family.LIKENESS)

_UNCOMPARED: Final = "too little text to tell a copy by, or texts were not compared then"
_NO_SELLER: Final = f"{_UNCOMPARED}; no seller named"
_COPIES: Final = "Capabilities row 19: near-duplicate clusters"
_RELISTED: Final = "Capabilities row 5: re-listing under another account"
_PRICES: Final = "Capabilities row 15: the price among comparable offers"
_SAME: Final = "In nearly the same words"
_MOST: Final = math.log1p(MOST_COMPARED)
# Offers are judged when they look bad, so one verdict on a copied text says little: as if four had been split evenly.
_PRIOR, _STRENGTH = 0.5, 4.0


def _shared_text(say: Say, *, missing: str = _UNCOMPARED, source: str = _COPIES) -> Callable[[Compute], Compute]:
    """Registers a similarity to the nearest offer of a kind."""
    return signals.feature(Scale("share of text", 0, 1), missing=missing, source=source, say=say)


def _count(
    say: Callable[[Likeness], str], *, unit: str = "offers", missing: str = _UNCOMPARED, source: str = _COPIES
) -> Callable[[Compute], Compute]:
    """Registers a number of near-duplicates; at most 64 offers are compared."""
    return signals.feature(log_of(unit, _MOST), missing=missing, source=source, say=lambda e, _: say(_known(e)))


@_shared_text(lambda _, v: _similar(v, "an offer of another seller"))
def likeness_nearest(e: Evidence) -> float:
    """How much text the nearest offer of another seller shares, from 0.7 on; 0 where none does."""
    return MISSING if e.facts.likeness is None else e.facts.likeness.nearest or 0.0


@_shared_text(lambda _, v: _similar(v, "an offer of another seller that was found counterfeit"), source=_RELISTED)
def likeness_counterfeit(e: Evidence) -> float:
    """How much text the nearest confirmed counterfeit of another seller shares, from 0.7 on; 0 where none does."""
    return MISSING if e.facts.likeness is None else e.facts.likeness.nearest_counterfeit or 0.0


@_shared_text(lambda _, v: _similar(v, "an offer of another seller that is known to be genuine"))
def likeness_genuine(e: Evidence) -> float:
    """How much text the nearest known-genuine offer of another seller shares, from 0.7 on; 0 where none does."""
    return MISSING if e.facts.likeness is None else e.facts.likeness.nearest_genuine or 0.0


@_shared_text(
    lambda _, v: _similar(v, "an offer of the same seller that was found counterfeit"),
    missing=_NO_SELLER,
    source=_RELISTED,
)
def likeness_own_counterfeit(e: Evidence) -> float:
    """How much text the nearest confirmed counterfeit of the same seller shares, from 0.7 on; 0 where none does."""
    found = e.facts.likeness
    return MISSING if found is None or _unnamed(e) else found.nearest_own_counterfeit or 0.0


@signals.feature(
    Scale("share of text", -1, 1),
    missing=f"{_UNCOMPARED}; no near-duplicate of another seller is known to be either",
    source=_COPIES,
    say=lambda _, v: _nearer(v),
)
def likeness_balance(e: Evidence) -> float:
    """Similarity to the nearest confirmed counterfeit less that to the nearest known-genuine offer."""
    found = e.facts.likeness
    if found is None or (found.nearest_counterfeit is None and found.nearest_genuine is None):
        return MISSING
    return (found.nearest_counterfeit or 0.0) - (found.nearest_genuine or 0.0)


@_count(lambda found: f"{_SAME}: {_least(found)}{_offers(found.offers)} of others")
def likeness_offers(e: Evidence) -> float:
    """Near-duplicates of other sellers."""
    return MISSING if e.facts.likeness is None else log1p(e.facts.likeness.offers)


@_count(lambda found: f"{_SAME}: {_least(found)}{found.sellers} other seller{_s(found.sellers)}", unit="sellers")
def likeness_sellers(e: Evidence) -> float:
    """Different other sellers with near-duplicates; an offer without a named seller counts as one."""
    return MISSING if e.facts.likeness is None else log1p(e.facts.likeness.sellers)


@_count(lambda found: f"{_SAME}: {_least(found)}{_offers(found.own_offers)} of the same seller", missing=_NO_SELLER)
def likeness_own_offers(e: Evidence) -> float:
    """Near-duplicates of the same seller; the listing's own versions are none."""
    return MISSING if e.facts.likeness is None or _unnamed(e) else log1p(e.facts.likeness.own_offers)


@_count(
    lambda found: f"{_SAME}: {_offers(found.counterfeit)} of others that {_were(found.counterfeit)} found counterfeit",
    source=_RELISTED,
)
def likeness_counterfeits(e: Evidence) -> float:
    """Near-duplicates of other sellers that were confirmed counterfeit."""
    return MISSING if e.facts.likeness is None else log1p(e.facts.likeness.counterfeit)


@_count(lambda found: f"{_SAME}: {_offers(found.genuine)} of others that {_were(found.genuine)} found genuine")
def likeness_cleared(e: Evidence) -> float:
    """Near-duplicates of other sellers that a verdict or an appeal found genuine."""
    return MISSING if e.facts.likeness is None else log1p(e.facts.likeness.genuine)


@_count(lambda found: f"{_SAME}: {_offers(found.authorised)} of authorised sellers")
def likeness_authorised(e: Evidence) -> float:
    """Near-duplicates of sellers whom the brand had authorised."""
    return MISSING if e.facts.likeness is None else log1p(e.facts.likeness.authorised)


@signals.feature(
    SHARE, missing=f"{_UNCOMPARED}; no near-duplicate was judged", source=_RELISTED, say=lambda e, _: _judged(_known(e))
)
def likeness_counterfeit_share(e: Evidence) -> float:
    """Share of the judged near-duplicates, the same seller's among them, that were counterfeit; towards one half."""
    if e.facts.likeness is None:
        return MISSING
    fakes, judged = _verdicts(e.facts.likeness)
    return smoothed_share(fakes, judged, prior=_PRIOR, strength=_STRENGTH) if judged else MISSING


@signals.feature(
    log_of("days", 16),
    missing=f"{_UNCOMPARED}; no near-duplicate of another seller",
    source=_COPIES,
    say=lambda e, _: f"Others have used nearly the same words for {_known(e).first_days or 0:,.0f} days",
)
def likeness_first_days(e: Evidence) -> float:
    """Days since another seller was first seen with nearly the same words."""
    return MISSING if e.facts.likeness is None else log1p(e.facts.likeness.first_days)


@signals.feature(
    Scale("log ratio", -50, 50),
    missing=f"{_UNCOMPARED}; no price, or fewer than three priced near-duplicates of others",
    source=_PRICES,
    say=lambda e, v: f"The price is {_level(v)} the median of {_priced(_known(e))} of others in nearly the same words",
)
def likeness_price_level(e: Evidence) -> float:
    """Log of the price over the median price of others' near-duplicates that were not found counterfeit."""
    found, log_price = e.facts.likeness, e.facts.price.log_price
    if found is None or found.price is None or log_price is None:
        return MISSING
    return log_price - found.price.log_median


@_count(lambda found: f"{_SAME}: {_priced(found)} of others with a price to compare with", source=_PRICES)
def likeness_price_offers(e: Evidence) -> float:
    """Offers behind that median; 0 where fewer than three are known."""
    found = e.facts.likeness
    return MISSING if found is None else log1p(found.price.n if found.price else 0)


def _known(e: Evidence) -> Likeness:
    """The likeness of a listing of which a feature has a value."""
    assert e.facts.likeness is not None
    return e.facts.likeness


def _unnamed(e: Evidence) -> bool:
    return e.facts.listing.seller.external_id is None


def _s(n: int) -> str:
    return "" if n == 1 else "s"


def _were(n: int) -> str:
    return "was" if n == 1 else "were"


def _least(found: Likeness) -> str:
    return "at least " if found.more else ""


def _offers(n: int) -> str:
    return f"{n} offer{_s(n)}"


def _similar(similarity: float, whom: str) -> str:
    if not similarity:
        return f"The text is not like that of {whom}"
    return f"The text is {100 * similarity:.0f} % that of {whom}"


def _nearer(balance: float) -> str:
    if balance == 0:
        return "The text is as near to that of confirmed counterfeits as to that of genuine offers"
    return f"The text is nearer to that of {'confirmed counterfeits' if balance > 0 else 'genuine offers'}"


def _verdicts(found: Likeness) -> tuple[int, int]:
    fakes = found.counterfeit + found.own_counterfeit
    return fakes, fakes + found.genuine + found.own_genuine


def _judged(found: Likeness) -> str:
    fakes, judged = _verdicts(found)
    return f"{_SAME}: {fakes} of {judged} judged offer{_s(judged)} {_were(fakes)} found counterfeit"


def _priced(found: Likeness) -> str:
    return _offers(found.price.n if found.price else 0)


def _level(log_ratio: float) -> str:
    ratio = math.exp(min(log_ratio, 20.0))
    return f"{100 * abs(1 - ratio):.0f} % {'below' if ratio < 1 else 'above'}"
