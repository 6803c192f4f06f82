"""The settings of the rules of review: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from typing import Final

# The number of listings that one request of a brand user may confirm.


@dataclass(frozen=True, slots=True)
class TakedownPolicy:
    """Settings of `serving.review.rules.takedown`."""

    # Sourced: the most listings in one notice (Alibaba IPP platform, FAQ on complaints). A person can still review
    # that many.
    most_listings: int = 300


DEFAULT_TAKEDOWN: Final = TakedownPolicy()
