"""How long a case may be set aside, and how much may be written about it."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class WaitingPolicy:
    """Settings of `models.waiting` and `models.case_note`. The numbers are inferences of ours."""

    # What waits for longer than two weeks is a decision that nobody wants to take; it comes back to be taken.
    most_days: int = 14
    # A page of text; whatever is longer belongs into a document.
    longest_note: int = 2_000
    # Beyond a handful nobody feels meant.
    most_mentioned: int = 10
    longest_missing: int = 500


DEFAULT_WAITING: Final = WaitingPolicy()
