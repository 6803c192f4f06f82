"""Listings of unsent sellers, to measure an arm's models on the goods of one brand."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.compute import ComputedFeatures
from features.history import History
from models.bundle import Bundle
from training.evaluate import metrics
from training.simulation.market import NOBODY_JUDGED, Market
from training.simulation.synthetic import evaluation_set

FALSE_ALARMS: Final = 0.01  # The rate at which the gates compare slices.


@dataclass(frozen=True, slots=True)
class BrandSlice:
    """Listings of one brand's goods and their true labels, shape (n,)."""

    brand_id: str
    rows: tuple[ComputedFeatures, ...]
    labels: NDArray[np.int8]

    @classmethod
    def unsent(cls, market: Market, brand_id: str, listings: int) -> "BrandSlice":
        """The listings of one brand among `listings` listings of unsent sellers, as of the end of the year."""
        unsent_listings, labels = evaluation_set(market.settings, listings)
        nothing = History(outcomes=NOBODY_JUDGED)
        chosen = [i for i, listing in enumerate(unsent_listings) if market.brand_of(listing) == brand_id]
        rows = (market.computed(unsent_listings[i], market.end, nothing, compared=True) for i in chosen)
        return cls(brand_id, tuple(rows), labels[chosen])

    def recall(self, model: Bundle) -> float:
        """The recall where one genuine listing in a hundred is flagged."""
        scores = np.array([score.value for score in model.score_many(self.rows, with_reasons=False)])
        return metrics.recall_at(self.labels, scores, false_alarms=FALSE_ALARMS)
