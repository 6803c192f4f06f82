"""Price signals against the brand's list price, and against common prices of the marketplace."""

import math
from typing import Final

from features.message import Amount, Message, message, price_comparison
from features.price import WIDEST, clip
from features.price_history import claimed_log_price
from features.spec import MISSING, Evidence, Family, Registry, Scale, Side, cheap, either_if_any, log1p, log_of

signals = Registry(Family.PRICE)

_BELOW, _ABOVE = math.log(0.95), math.log(1.05)
_NO_LIST: Final = "no resolved brand, no list price for these goods, or no rate for one of the currencies"
_RETAIL: Final = "Corsearch Zeal, Auto-moderation rules for counterfeits: below 20 % of average retail, and new"


@signals.feature(
    Scale("log ratio", -WIDEST, WIDEST),
    missing=f"no price, {_NO_LIST}",
    source=_RETAIL,
    side=cheap,
    say=lambda e, v: price_comparison("price_to_list", v, goods=_list_price_message(e)),
)
def price_to_list(e: Evidence) -> float:
    """Log of the price over the brand's list price of the goods; -1.6 is a fifth of it."""
    log_price, listed = e.facts.price.log_price, _log_list_price(e)
    return MISSING if log_price is None or listed is None else clip(log_price - listed)


@signals.feature(
    Scale("log ratio", -WIDEST, WIDEST),
    missing=f"no price or no claimed earlier price, {_NO_LIST}",
    source="Own choice: a reduction from a price that was never charged",
    side=lambda _, v: Side.COUNTERFEIT if v > _ABOVE else Side.GENUINE if v >= _BELOW else Side.EITHER,
    say=lambda e, v: price_comparison("price_claim_to_list", v, goods=_list_price_message(e)),
)
def price_claim_to_list(e: Evidence) -> float:
    """Log of the claimed earlier price over the brand's list price of the goods."""
    claimed, listed = claimed_log_price(e), _log_list_price(e)
    return MISSING if claimed is None or listed is None else clip(claimed - listed)


@signals.feature(
    log_of("listings", 20),
    missing="no price, or common prices were not recorded yet",
    source="Own choice: placeholder prices come in spikes",
    side=either_if_any,
    say=lambda e, _: message("price_same_on_marketplace", n=e.facts.price.common or 0),
)
def price_same_on_marketplace(e: Evidence) -> float:
    """Listings of the marketplace at exactly this price, 0 below twenty."""
    return log1p(e.facts.price.common)


def _log_list_price(e: Evidence) -> float | None:
    return None if e.facts.price.listed is None else e.facts.price.listed.log_price


def _list_price_message(e: Evidence) -> Message:
    listed = e.facts.price.listed
    assert listed is not None  # Called only where the value is known.
    return message(f"goods.{listed.by.value}", name=listed.name, list_price=Amount(listed.amount, listed.currency))
