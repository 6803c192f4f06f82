"""The linear n-gram model: weights per hashed index, scored without a matrix."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features import text_kernel
from features.listing import Listing

# Title, description, brand and category. What a seller copies or picks from a list counts half of a title of equal
# length. Our choice (ADR 1).
SCALES: Final = (1.0, 0.5, 0.5, 0.5)


@dataclass(frozen=True, slots=True)
class TextModel:
    """Log-odds from text alone. `weights` has shape (text_kernel.COLUMNS,), scales and idf already inside."""

    weights: NDArray[np.float32]
    intercept: float

    def log_odds(self, listing: Listing) -> float:
        """The value of one listing; the intercept where it has no text."""
        return text_kernel.score(listing, self.weights) + self.intercept

    def many(self, listings: Sequence[Listing]) -> NDArray[np.float64]:
        """`log_odds` of each, shape (n,)."""
        return text_kernel.scores(listings, self.weights) + self.intercept

    def pull(self, phrase: str, fields: Sequence[int]) -> float:
        """The weights of the phrase's n-grams, summed over the fields that have it; above zero towards counterfeit."""
        return sum(float(self.weights[text_kernel.indices(phrase, field)].sum()) for field in fields)
