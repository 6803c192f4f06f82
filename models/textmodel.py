"""The linear n-gram model: weights per hashed index, scored without a matrix."""

import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features import text_kernel
from features.listing import Listing

# A description counts half of a heading of equal length. Fixed in advance: sellers write titles but copy descriptions.
DESCRIPTION_SCALE: Final = 0.5
_LONGEST_WORD: Final = 40  # As shown in a reason; a longer run without a blank is not one word.
_PUNCTUATION: Final = string.punctuation + "«»“”„…，。、：；！？（）"
_MOST_WORDS: Final = 200  # Words considered for a reason; the rest of a long description adds nothing new.


@dataclass(frozen=True, slots=True)
class TextModel:
    """Log-odds from text alone. `weights` has shape (text_kernel.COLUMNS,), scales and idf already inside."""

    weights: NDArray[np.float32]
    intercept: float

    def log_odds(self, listing: Listing) -> float:
        """The value of one listing; the intercept where it has no text."""
        return float(self.many((listing,))[0])

    def many(self, listings: Sequence[Listing]) -> NDArray[np.float64]:
        """`log_odds` of each, shape (n,)."""
        return text_kernel.scores(listings, self.weights) + self.intercept

    def telling_words(self, listing: Listing, most: int = 3) -> tuple[str, ...]:
        """The words whose n-grams point most to counterfeit, at most `most`, strongest first."""
        sums: dict[str, float] = {}
        for field, text in ((text_kernel.HEADING, text_kernel.heading(listing)), (1, listing.description or "")):
            for word in text.split()[:_MOST_WORDS]:
                if 1 < len(word) <= _LONGEST_WORD and any(map(str.isalpha, word)):
                    found = text_kernel.indices(word, field)
                    shown = word.strip(_PUNCTUATION)
                    sums[shown] = sums.get(shown, 0.0) + float(self.weights[found].sum())
        strongest = sorted((-total, word) for word, total in sums.items() if total > 0)
        return tuple(word for _, word in strongest[:most])
