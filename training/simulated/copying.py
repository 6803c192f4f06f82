"""Copied texts: counterfeiters copy honest listings, and honest shops copy each other.

A text near that of a genuine listing is therefore no evidence, and neither is a text that many sellers use.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from training.simulated.chance import Random, happens, one_of
from training.simulated.listings import Draft, varied
from training.simulated.records import Row

COUNTERFEITERS_COPY: Final = 0.15
SHOPS_COPY: Final = 0.08
_COPIED: Final = ("title", "description", "language", "brand")


def copied(random: Random, listings: Sequence[Draft]) -> list[Draft]:
    """The listings, in order; some have the text of an earlier genuine listing of the same model by another seller."""
    by_model: dict[tuple[int, int], list[Draft]] = {}
    found: list[Draft] = []
    for draft in listings:
        listing = draft
        house, model = listing.item.house, listing.item.model
        models = [] if house is None or listing.item.part else by_model.setdefault((house, model), [])
        share = COUNTERFEITERS_COPY if listing.item.counterfeit else SHOPS_COPY
        others = [one for one in models if one.seller.external_id != listing.seller.external_id]
        if others and "description" in listing.content and happens(random, share):
            listing = _with_text_of(random, listing, one_of(random, others))
        if not listing.item.counterfeit and "description" in listing.content and house is not None:
            models.append(listing)
        found.append(listing)
    return found


def _with_text_of(random: Random, listing: Draft, source: Draft) -> Draft:
    kept = {name: value for name, value in listing.content.items() if name not in _COPIED}
    words: Row = {name: source.content[name] for name in _COPIED if name in source.content}
    return replace(listing, content={**kept, **words, "title": varied(random, str(words["title"]))})
