"""What a labelled row stands for, and how much it may count in fitting."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.snapshot import SnapshotRow

Floats = NDArray[np.float64]

# A rarely drawn listing stands for many, but a single one must not outweigh a brand's whole answer sheet.
MOST_WEIGHT: Final = 10.0


def stands_for(rows: Sequence[SnapshotRow]) -> Floats:
    """How many listings each row stands for: one over its chance of having been reviewed, shape (n,).

    Weighted so, reviewed rows describe all listings (Horvitz and Thompson 1952): what a person would have looked at
    anyway stands for itself, what was drawn at one in thirty-three for thirty-three. Nothing is capped, because a
    figure must be of the listings there are; how far a few heavy rows can be trusted, their effective number says.
    """
    return 1.0 / np.array([row.inclusion_probability for row in rows])


def training_weights(rows: Sequence[SnapshotRow]) -> Floats:
    """Label weight over the chance of having been reviewed, at most ten: the audit slice stands for the unreviewed."""
    found: Floats = np.minimum(np.array([row.weight for row in rows]) * stands_for(rows), MOST_WEIGHT)
    return found
