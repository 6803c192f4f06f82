"""The labelled rows of a cross-validation, with the facts of each fold: assembled from a file, or as stored."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from features.brands import Brand, BrandRegister
from features.facts import Facts
from features.listing import Listing
from models.arrays import Floats, Labels, Rows
from training.evaluate.splits import seller_groups
from training.fit.weighting import training_weights
from training.snapshots.references import OfflineReferences
from training.snapshots.snapshot import read_snapshot


class Material(Protocol):
    """Labels in {0, 1}, seller numbers and weights for the fit, each of shape (n,), and the facts of a fold."""

    @property
    def listings(self) -> tuple[Listing, ...]: ...

    @property
    def labels(self) -> Labels:
        """Labels, shape (n,)."""
        ...

    @property
    def groups(self) -> NDArray[np.intp]:
        """Seller numbers, shape (n,)."""
        ...

    @property
    def weights(self) -> Floats:
        """Weights for the fit, shape (n,)."""
        ...

    def facts(self, split: tuple[Rows, Rows]) -> tuple[list[Facts], list[Facts]]:
        """The facts of the training rows and of the test rows, from what is known without the test rows."""
        ...


@dataclass(frozen=True, slots=True)
class LabelledListings:
    """Labelled listings: labels of shape (n,) in {0, 1}, sellers by external id or None."""

    listings: tuple[Listing, ...]
    labels: Labels

    @property
    def groups(self) -> NDArray[np.intp]:
        """Seller numbers, shape (n,)."""
        return seller_groups([listing.seller.external_id for listing in self.listings])


@dataclass(frozen=True, slots=True)
class FileMaterial:
    """Rows of a file, each compared with the training rows of its fold; every row has the same weight.

    `brands` are no register, because its indexes are made in each process.
    """

    labelled: LabelledListings
    brands: tuple[Brand, ...]
    as_of: datetime
    marketplace: str

    @property
    def listings(self) -> tuple[Listing, ...]:
        return self.labelled.listings

    @property
    def labels(self) -> Labels:
        """Labels, shape (n,)."""
        return self.labelled.labels

    @property
    def groups(self) -> NDArray[np.intp]:
        """Seller numbers, shape (n,)."""
        return self.labelled.groups

    @property
    def weights(self) -> Floats:
        """One for each row."""
        return np.ones(len(self.labelled.labels))

    def facts(self, split: tuple[Rows, Rows]) -> tuple[list[Facts], list[Facts]]:
        """The facts of a fold, with references of its training rows; those of a training row exclude the row itself."""
        train, test = split
        offline = OfflineReferences([self.labelled.listings[i] for i in train], BrandRegister(self.brands))
        return self._facts_of_rows(offline, train, took_part=True), self._facts_of_rows(offline, test, took_part=False)

    def _facts_of_rows(self, offline: OfflineReferences, rows: Rows, *, took_part: bool) -> list[Facts]:
        listings = [self.labelled.listings[i] for i in rows]
        return [
            offline.facts(listing, as_of=self.as_of, marketplace=self.marketplace, took_part=took_part)
            for listing in listings
        ]


@dataclass(frozen=True, slots=True)
class SnapshotMaterial:
    """Rows of a snapshot with their facts as stored; linked accounts are one seller, and the weights are training's."""

    stored: tuple[Facts, ...]
    labels: Labels
    groups: NDArray[np.intp]
    weights: Floats

    @classmethod
    def read(cls, path: Path) -> Self:
        """The rows of a file. Raises SnapshotRefused (as `read_snapshot`)."""
        snapshot = read_snapshot(path)
        facts = snapshot.facts()
        groups = seller_groups([row.seller_cluster for row in snapshot.rows])
        return cls(tuple(facts), snapshot.labels, groups, training_weights(snapshot.rows, facts).values)

    @property
    def listings(self) -> tuple[Listing, ...]:
        return tuple(facts.listing for facts in self.stored)

    def facts(self, split: tuple[Rows, Rows]) -> tuple[list[Facts], list[Facts]]:
        """The stored facts, which were known before the labels."""
        train, test = split
        return [self.stored[i] for i in train], [self.stored[i] for i in test]
