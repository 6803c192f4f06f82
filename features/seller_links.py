"""Signals of linked sellers: how many share contacts with the seller, and the outcomes of their listings.

The unit is the seller, not the listing. Many confirmations of one brand against one shop therefore weigh on linked
sellers as much as a single confirmation.
"""

from typing import Final

from features.links import Links
from features.message import Message, message, part_message
from features.priors import Prior
from features.spec import (
    MISSING,
    SHARE,
    Evidence,
    Family,
    Registry,
    Scale,
    accusing,
    always_accusing,
    clearing,
    grave_share,
    indicator,
    log1p,
    log_of,
    shrunk_share,
)

_LINKED: Final = "ADR 19; Corsearch Zeal, Seller Network: identical contacts, transitive"
signals = Registry(Family.SELLER, source=_LINKED, condition=lambda e: e.facts.seller.links is not None)
_NO_CONTACT: Final = "no contact of the seller is known, or links were not recorded yet"
# The prior is the same as for a seller's own earlier listings.
_COUNTERFEITS: Final = Prior(0.05, 10.0)
# The most listings that count of one linked seller: the weight of the prior, so that none outweighs it alone.
_LISTINGS_OF_ONE: Final = 10


@signals.feature(
    log_of("sellers", 4),
    missing=_NO_CONTACT,
    side=accusing,
    say=lambda e, _: message(
        "seller_linked_sellers.more" if _required_links(e).more else "seller_linked_sellers",
        n=len(_required_links(e).sellers),
    ),
)
def seller_linked_sellers(e: Evidence) -> float:
    """Other sellers linked by a shared telephone, e-mail, handle, payout or address, also through each other."""
    links = _known_links(e)
    return MISSING if links is None else log1p(len(links.sellers))


@signals.feature(
    log_of("sellers", 4),
    missing=_NO_CONTACT,
    side=indicator,
    say=lambda e, _: part_message(
        "seller_linked_counterfeiters", len(_required_links(e).counterfeiters), len(_required_links(e).sellers)
    ),
)
def seller_linked_counterfeiters(e: Evidence) -> float:
    """Linked sellers with a listing confirmed counterfeit, as known at the moment."""
    links = _known_links(e)
    return MISSING if links is None else log1p(len(links.counterfeiters))


@signals.feature(
    log_of("sellers", 4),
    missing=_NO_CONTACT,
    side=clearing,
    say=lambda e, _: message("seller_linked_cleared", n=_cleared_count(_required_links(e))),
)
def seller_linked_cleared(e: Evidence) -> float:
    """Linked sellers whose reviewed listings were all found genuine, as known at the moment."""
    links = _known_links(e)
    return MISSING if links is None else log1p(_cleared_count(links))


@signals.feature(
    SHARE,
    missing=f"{_NO_CONTACT}, or no seller is linked",
    side=grave_share(lambda e: _reviewed_counts(_required_links(e))[0], lambda _: _COUNTERFEITS.mean),
    say=lambda e, _: _outcomes_message(*_reviewed_counts(_required_links(e))),
)
def seller_linked_counterfeit_share(e: Evidence) -> float:
    """Share of the reviewed listings of linked sellers found counterfeit, at most ten of each seller."""
    links = _known_links(e)
    if links is None or not links.sellers:
        return MISSING
    counterfeit, reviewed = 0.0, 0.0
    for seller in links.sellers:
        counted = min(seller.reviewed, _LISTINGS_OF_ONE)
        reviewed += counted
        counterfeit += counted * seller.counterfeit / max(seller.reviewed, 1)
    return shrunk_share(counterfeit, reviewed, _COUNTERFEITS)


@signals.feature(
    Scale("steps", 1, 10),
    missing=f"{_NO_CONTACT}, or no linked seller has a confirmed counterfeit",
    side=always_accusing,
    say=lambda e, v: message("seller_linked_distance", n=int(v), way=_contact_path(e)),
)
def seller_linked_distance(e: Evidence) -> float:
    """Steps of shared contacts to the nearest seller with a confirmed counterfeit; 1 is a direct link."""
    links = _known_links(e)
    return MISSING if links is None or not links.counterfeiters else float(len(links.counterfeiters[0].path))


def _known_links(e: Evidence) -> Links | None:
    links = e.facts.seller.links
    return None if links is None or not links.contacts else links


def _required_links(e: Evidence) -> Links:
    assert e.facts.seller.links is not None  # Called only where the value is known.
    return e.facts.seller.links


def _cleared_count(links: Links) -> int:
    return sum(seller.genuine > 0 and not seller.counterfeit for seller in links.sellers)


def _reviewed_counts(links: Links) -> tuple[int, int]:
    """The listings of linked sellers found counterfeit, and those found genuine."""
    return sum(seller.counterfeit for seller in links.sellers), sum(seller.genuine for seller in links.sellers)


def _outcomes_message(counterfeit: int, genuine: int) -> Message | None:
    if not counterfeit + genuine:
        return None
    return message("seller_linked_counterfeit_share", counterfeit=counterfeit, genuine=genuine)


def _contact_path(e: Evidence) -> tuple[Message, ...]:
    """The kinds of contact on the path, without the sellers' names."""
    return tuple(message(f"contact.{step.kind.value}") for step in _required_links(e).counterfeiters[0].path)
