"""The labelled listings of a file."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from features.listing import Listing
from training.dataset import read_listings
from training.material import Labelled


@dataclass(frozen=True, slots=True)
class Loaded:
    """The labelled listings of a file, and the numbers of rows that were refused or have no label."""

    data: Labelled
    refused: int
    unlabelled: int


def load_labelled(path: Path, format_name: str, *, received_at: datetime) -> Loaded:
    """All valid rows with a label.

    Raises
    ------
    ValueError
        No row has a label.
    """
    listings: list[Listing] = []
    labels: list[int] = []
    refused = unlabelled = 0
    for row in read_listings(path, format_name, received_at=received_at):
        if not isinstance(row.listing, Listing):
            refused += 1
        elif row.label is None:
            unlabelled += 1
        else:
            listings.append(row.listing)
            labels.append(row.label)
    if not listings:
        raise ValueError(f"{path.name}: no row has a label.")
    return Loaded(Labelled(tuple(listings), np.array(labels, dtype=np.int8)), refused, unlabelled)
