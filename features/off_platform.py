"""Signals of off-platform contact: addresses in the text, plain and obfuscated."""

from collections.abc import Sequence
from typing import Final

from features.message import quote_message
from features.spec import MISSING, Evidence, Family, Registry, Scale, indicator
from features.wording import NO_TEXT

signals = Registry(Family.TEXT, missing=NO_TEXT, source="Own choice: contact outside the marketplace")
_MOST_ADDRESSES: Final = 20


@signals.feature(
    Scale("links", 0, _MOST_ADDRESSES),
    side=indicator,
    say=lambda e, _: quote_message("text_links", e.reading.addresses.links),
)
def text_links(e: Evidence) -> float:
    """Different web addresses in title and description, at most 20."""
    return _address_count(e, e.reading.addresses.links)


@signals.feature(
    Scale("links", 0, _MOST_ADDRESSES),
    side=indicator,
    say=lambda e, _: quote_message("text_hidden_links", e.reading.addresses.hidden_links),
)
def text_hidden_links(e: Evidence) -> float:
    """Different obfuscated web addresses ('bags dot com') in title and description, at most 20."""
    return _address_count(e, e.reading.addresses.hidden_links)


@signals.feature(
    Scale("addresses", 0, _MOST_ADDRESSES),
    side=indicator,
    say=lambda e, _: quote_message("text_contacts", e.reading.addresses.contacts),
)
def text_contacts(e: Evidence) -> float:
    """Different e-mail addresses, telephone numbers and messenger accounts in the text, at most 20."""
    return _address_count(e, e.reading.addresses.contacts)


def _address_count(e: Evidence, addresses: Sequence[str]) -> float:
    if not (e.reading.title_folded or e.reading.description_folded):
        return MISSING
    return float(min(len(addresses), _MOST_ADDRESSES))
