"""Signals from the verdicts on a seller's earlier listings, as known when the listing is scored."""

from typing import Final

from features.history import Outcomes
from features.message import message, part_message
from features.priors import Prior
from features.spec import (
    MISSING,
    SHARE,
    Evidence,
    Family,
    Registry,
    accusing,
    always_accusing,
    clearing,
    grave_share,
    log1p,
    log_of,
    shrunk_share,
)

_OUTCOMES: Final = "ADR 10: outcomes known before the moment"
_NOT_RECORDED: Final = "no verdicts were recorded yet"
signals = Registry(
    Family.SELLER, missing=_NOT_RECORDED, source=_OUTCOMES, condition=lambda e: e.facts.seller.outcomes is not None
)
# One reviewed listing in twenty is counterfeit; the prior has the weight of ten reviews.
_COUNTERFEITS: Final = Prior(0.05, 10.0)


@signals.feature(
    log_of("listings"),
    side=accusing,
    say=lambda e, _: message("seller_confirmed_counterfeits", n=_outcomes(e).counterfeit),
)
def seller_confirmed_counterfeits(e: Evidence) -> float:
    """Earlier listings of the seller confirmed counterfeit, as known at the moment."""
    return MISSING if e.facts.seller.outcomes is None else log1p(e.facts.seller.outcomes.counterfeit)


@signals.feature(log_of("listings"), side=clearing, say=lambda e, _: message("seller_cleared", n=_outcomes(e).genuine))
def seller_cleared(e: Evidence) -> float:
    """Earlier listings of the seller found genuine, or cleared on appeal, as known at the moment."""
    return MISSING if e.facts.seller.outcomes is None else log1p(e.facts.seller.outcomes.genuine)


@signals.feature(
    SHARE,
    side=grave_share(lambda e: _outcomes(e).counterfeit, lambda _: _COUNTERFEITS.mean),
    say=lambda e, _: part_message(
        "seller_counterfeit_share", _outcomes(e).counterfeit, _outcomes(e).counterfeit + _outcomes(e).genuine
    ),
)
def seller_counterfeit_share(e: Evidence) -> float:
    """Share of the seller's reviewed listings found counterfeit, smoothed towards 5 %."""
    outcomes = e.facts.seller.outcomes
    if outcomes is None:
        return MISSING
    reviewed = outcomes.counterfeit + outcomes.genuine
    return shrunk_share(outcomes.counterfeit, reviewed, _COUNTERFEITS)


@signals.feature(
    log_of("listings"),
    side=accusing,
    say=lambda e, _: message("seller_counterfeits_90d", n=_outcomes(e).counterfeit_90d or 0),
)
def seller_counterfeits_90d(e: Evidence) -> float:
    """Listings of the seller confirmed counterfeit in the last 90 days."""
    return MISSING if e.facts.seller.outcomes is None else log1p(e.facts.seller.outcomes.counterfeit_90d)


@signals.feature(
    log_of("days", 15),
    missing=f"{_NOT_RECORDED}, or no listing of the seller stands as counterfeit",
    side=always_accusing,
    say=lambda e, _: message("seller_since_counterfeit", n=round(_outcomes(e).days_since_counterfeit or 0)),
)
def seller_since_counterfeit(e: Evidence) -> float:
    """Days since a listing of the seller was last confirmed counterfeit."""
    return MISSING if e.facts.seller.outcomes is None else log1p(e.facts.seller.outcomes.days_since_counterfeit)


@signals.feature(
    log_of("incidents", 10),
    source="AliExpress, seller rules: serious infringements within three days count once, for 365 days",
    side=accusing,
    say=lambda e, _: message("seller_strikes", n=_outcomes(e).strikes or 0),
)
def seller_strikes(e: Evidence) -> float:
    """Incidents of confirmed counterfeits in a year; confirmations within three days of each other are one."""
    return MISSING if e.facts.seller.outcomes is None else log1p(e.facts.seller.outcomes.strikes)


def _outcomes(e: Evidence) -> Outcomes:
    assert e.facts.seller.outcomes is not None  # Called only where the value is known.
    return e.facts.seller.outcomes
