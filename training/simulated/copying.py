"""Copied texts: the accounts of a ring copy each other, counterfeiters copy honest listings, and honest shops copy too.

A text near that of a genuine listing is therefore no evidence, and neither is a text that many sellers use. The shares
are invented.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from training.simulated.chance import Random, happens, one_of
from training.simulated.listings import Draft, varied
from training.simulated.records import Row
from training.simulated.sellers import Supplier

# The share of counterfeits that have the text of the ring's listing of the same goods, where there is one.
RINGS_COPY: Final = 0.5
COUNTERFEITERS_COPY: Final = 0.15
SHOPS_COPY: Final = 0.08
_COPIED: Final = ("title", "description", "language", "brand")


def copied(random: Random, listings: Sequence[Draft]) -> list[Draft]:
    """The listings, in order; some have the text of an earlier listing of the same model by another seller."""
    genuine: dict[tuple[int, int], list[Draft]] = {}
    of_rings: dict[tuple[Supplier, int, int], list[Draft]] = {}
    found: list[Draft] = []
    for draft in listings:
        listing, house, supplier = draft, draft.item.house, draft.seller.supplier
        if house is not None and not draft.item.part and "description" in draft.content:
            honest = genuine.setdefault((house, draft.item.model), [])
            if not draft.item.counterfeit:
                listing = _copy(random, draft, honest, SHOPS_COPY)
                honest.append(listing)
            elif supplier is None:
                listing = _copy(random, draft, honest, COUNTERFEITERS_COPY)
            else:
                ring = of_rings.setdefault((supplier, house, draft.item.model), [])
                listing = _copy(random, draft, ring, RINGS_COPY)
                if listing is draft:
                    listing = _copy(random, draft, honest, COUNTERFEITERS_COPY)
                ring.append(listing)
        found.append(listing)
    return found


def _copy(random: Random, draft: Draft, earlier: Sequence[Draft], share: float) -> Draft:
    """The listing with the text of an earlier one by another seller, with probability `share`; else itself."""
    others = [one for one in earlier if one.seller.external_id != draft.seller.external_id]
    return _with_text_of(random, draft, one_of(random, others)) if others and happens(random, share) else draft


def _with_text_of(random: Random, listing: Draft, source: Draft) -> Draft:
    kept = {name: value for name, value in listing.content.items() if name not in _COPIED}
    words: Row = {name: source.content[name] for name in _COPIED if name in source.content}
    return replace(listing, content={**kept, **words, "title": varied(random, str(words["title"]))})
