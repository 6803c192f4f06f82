"""The settings of the rules of account management: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from typing import Final

# When a brand needs its account manager.


@dataclass(frozen=True, slots=True)
class AttentionPolicy:
    """Settings of `serving.account_management.rules.attention`. The number is inferred."""

    # Questions expire after four days. A brand that let some expire and was silent for two weeks has most likely lost
    # its contact; a call finds out sooner than a third silence.
    silent_after_days: int = 14


DEFAULT_ATTENTION: Final = AttentionPolicy()
