"""The settings of the rules of intake: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from typing import Final

# When an incoming listing counts as a relist of a removed one.


@dataclass(frozen=True, slots=True)
class RelistPolicy:
    """Settings of `serving.listings.matching`, which only opens cases for analysts."""

    # Share of common character n-grams above which texts are near-duplicates (`features.near_duplicates`).
    own_similarity: float = 0.7
    # Strangers copy parts of each other's texts; only a nearly complete copy that few sellers use deserves a review.
    copied_similarity: float = 0.9
    most_sellers_of_a_text: int = 3
    # Shared contacts are more often chance with every further step (`LinkPolicy` in `serving.sellers.policy`).
    most_steps: int = 2
    # As long as a strike lasts (`StrikePolicy` in `models.policies.sellers`).
    watched_days: int = 365


DEFAULT_RELIST: Final = RelistPolicy()
