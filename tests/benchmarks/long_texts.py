"""Simulated listings with descriptions as long as real ones: about 800 bytes, where the simulation writes 120."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from features.listing import Listing

MEAN_BYTES: Final = 812  # The target for training the text model applies to this length.
_SPREAD: Final = 0.5  # Spread of the log of the length.


def with_longer_texts(listings: Sequence[Listing], *, seed: int) -> list[Listing]:
    """The listings with random descriptions of others after their own.

    The added text does not depend on the label, like boilerplate of shops. It makes learning harder, equally for all
    sides.
    """
    random = np.random.default_rng(seed)
    others = [listing.description for listing in listings if listing.description]
    lengths = MEAN_BYTES * random.lognormal(-(_SPREAD**2) / 2, _SPREAD, len(listings))
    longer_listings = []
    for listing, length in zip(listings, lengths, strict=True):
        description = listing.description or ""
        while bytes_of(listing) + len(description.encode()) < length:
            description = f"{description} {others[int(random.integers(len(others)))]}".strip()
        longer_listings.append(replace(listing, description=description or None))
    return longer_listings


def bytes_of(listing: Listing) -> int:
    """Bytes of all text except the description."""
    return len(" ".join(filter(None, (listing.brand, listing.title, listing.product_type))).encode())
