"""The settings of the rules of learning: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from typing import Final

# The number of approvals that a model needs before it scores.


@dataclass(frozen=True, slots=True)
class PromotionPolicy:
    """Settings of `serving.learning.rules.promotion.standing`."""

    # A model decides which listings people review, so one person's error or ill will must not change it.
    # A marketplace with a single data scientist sets one (TOUCHSTONE_APPROVALS_NEEDED) and records the reason.
    approvals_needed: int = 2


DEFAULT_PROMOTION: Final = PromotionPolicy()
