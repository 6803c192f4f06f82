"""The settings of the rules of review: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from typing import Final

# How much one click of a brand's person may confirm.


@dataclass(frozen=True, slots=True)
class TakedownPolicy:
    """Settings of `serving.review.rules.takedown`."""

    # Sourced: one notice names at most so many listings (Alibaba IPP platform, FAQ on complaints). A person can still
    # look at them.
    most_listings: int = 300


DEFAULT_TAKEDOWN: Final = TakedownPolicy()
