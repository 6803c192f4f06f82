"""The settings of the rules of intake: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from typing import Final

# When a listing that comes in is held to be one that was removed, back again.


@dataclass(frozen=True, slots=True)
class RelistPolicy:
    """Settings of `serving.intake.matching`. It only brings a listing before an analyst."""

    # Of the runs of characters shared: the line from which texts are near-duplicates (`features.near_duplicates`).
    own_similarity: float = 0.7
    # Strangers copy each other's texts; only nearly the whole of it, and of few sellers, is worth a look.
    copied_similarity: float = 0.9
    most_sellers_of_a_text: int = 3
    # Contacts are shared by chance with every further step (`LinkPolicy` in `serving.sellers.policy`).
    most_steps: int = 2
    # As long as a strike lasts (`StrikePolicy` in `models.policies.sellers`).
    watched_days: int = 365


DEFAULT_RELIST: Final = RelistPolicy()
