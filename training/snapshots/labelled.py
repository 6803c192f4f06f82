"""The labelled listings of a file or of a snapshot."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from features.listing import Listing
from training.dataset import read_listings
from training.evaluate.material import FileMaterial, LabelledListings, Material, SnapshotMaterial

SNAPSHOT: Final = "snapshot"


@dataclass(frozen=True, slots=True)
class LoadedListings:
    """The labelled listings of a file, and the numbers of rows that were refused or have no label."""

    labelled: LabelledListings
    refused: int
    unlabelled: int


def load_labelled(path: Path, format_name: str, *, received_at: datetime) -> LoadedListings:
    """All valid rows with a label. Raises ValueError (no row has a label)."""
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
    return LoadedListings(LabelledListings(tuple(listings), np.array(labels, dtype=np.int8)), refused, unlabelled)


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """Rows for a cross-validation, and the numbers of rows that were refused or have no label."""

    material: Material
    refused: int = 0
    unlabelled: int = 0


def labelled_rows(path: Path, format_name: str, *, received_at: datetime) -> LabelledRows:
    """The labelled rows of a file of a format, or of a snapshot where the format is `SNAPSHOT`.

    Raises ValueError (as `load_labelled` and `SnapshotMaterial.read`; or there is no such snapshot).
    """
    if format_name != SNAPSHOT:
        loaded = load_labelled(path, format_name, received_at=received_at)
        return LabelledRows(
            FileMaterial(loaded.labelled, (), received_at, format_name), loaded.refused, loaded.unlabelled
        )
    if not path.is_file():
        raise ValueError(f"{path.name} is no file.")
    return LabelledRows(SnapshotMaterial.read(path))
