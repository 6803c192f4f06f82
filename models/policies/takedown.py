"""How much one click of a brand's person may confirm."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class TakedownPolicy:
    """Settings of `models.takedown`."""

    # Sourced: one notice names at most so many listings (Alibaba; Capabilities C.5). A person can still look at them.
    most_listings: int = 300


DEFAULT_TAKEDOWN: Final = TakedownPolicy()
