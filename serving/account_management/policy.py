"""The settings of the rules of account management: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from typing import Final

# When a brand needs its account manager.


@dataclass(frozen=True, slots=True)
class AttentionPolicy:
    """Settings of `serving.account_management.rules.attention`. The number is an inference of ours."""

    # Questions come back unanswered after four days; a brand that let some go and said nothing for two weeks has most
    # likely nobody at the desk any more, and a call finds out sooner than a third silence.
    silent_after_days: int = 14


DEFAULT_ATTENTION: Final = AttentionPolicy()
