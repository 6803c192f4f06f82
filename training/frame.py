"""Features as a data frame, for scikit-learn: the numbers by name, and the text beside them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from features.brands import BrandRegister
from features.compute import FEATURES, NAMES
from features.facts import Facts
from features.fields import with_nearest
from features.listing import Listing, check
from features.references import Rates
from training.adapters import native
from training.fit.listing_rows import ListingRows
from training.snapshots.references import OfflineReferences, commonest_currency
from training.snapshots.soundness import leaks

_NO_BRANDS: Final = BrandRegister([])
# References are made again when there are a twentieth more earlier rows: to do so for each row takes too long.
_MORE: Final = 1.05


def features_frame(
    listings: Sequence[Listing] | pd.DataFrame,
    labels: ArrayLike,
    *,
    as_of: datetime,
    brands: BrandRegister = _NO_BRANDS,
    rates: Rates | None = None,
    marketplace: str = "",
) -> pd.DataFrame:
    """The features of n listings and the text that the model reads, a row each in the given order, by external id.

    `listings` may be a frame with the columns of a native file, such as `title` and `seller.age_days`.

    A row is compared with earlier rows alone, and never with another version of its own listing; the latest twentieth
    may lack. Earlier is by `occurred_at` where every listing has one, else in the given order; `attrs["order"]`
    says which. `attrs` also has "unit", "family" and "meaning" of each feature, and under "leaks" those that separate
    the labels, shape (n,) in {0, 1}, too well to be honest. Nothing else is made of the labels.

    Raises ValueError (there is not one label for each listing; a column is no field; or a row is refused).
    """
    if isinstance(listings, pd.DataFrame):
        listings = _read_listings(listings, as_of)
    targets = np.asarray(labels, dtype=np.int8)
    if len(targets) != len(listings):
        raise ValueError(f"There are {len(listings):,} listings and {len(targets):,} labels.")
    times = [listing.occurred_at for listing in listings]
    known = [time for time in times if time is not None]
    order = sorted(range(len(listings)), key=known.__getitem__) if len(known) == len(times) else range(len(listings))
    rates = rates or Rates(commonest_currency(listings))
    earlier: list[Listing] = []
    seen: set[str] = set()
    facts: dict[int, Facts] = {}
    compared_with = 0
    offline = OfflineReferences([], brands, rates)
    for i in order:
        own = listings[i].external_id
        if len(earlier) > compared_with * _MORE or own in seen:
            offline = OfflineReferences([row for row in earlier if row.external_id != own], brands, rates)
            compared_with = len(earlier)
        facts[i] = offline.facts(listings[i], as_of=as_of, marketplace=marketplace, took_part=False)
        earlier.append(listings[i])
        seen.add(own)
    frame = facts_frame([facts[i] for i in range(len(listings))])
    frame.attrs["order"] = "occurred_at" if len(known) == len(times) else "rows"
    frame.attrs["leaks"] = [str(leak) for leak in leaks(frame[list(NAMES)].to_numpy(), targets)]
    return frame


def _read_listings(rows: pd.DataFrame, received_at: datetime) -> list[Listing]:
    if unknown := [str(name) for name in rows.columns if name not in native.COLUMNS]:
        raise ValueError(f"{with_nearest(unknown[0], native.COLUMNS)} is no column of listings.")
    listings = []
    for number, row in enumerate(rows.to_dict("records")):
        listing = check(native.to_listing({str(k): v for k, v in row.items() if pd.notna(v)}), received_at=received_at)
        if not isinstance(listing, Listing):
            raise ValueError(f"Row {number}: {listing.sentence}")
        listings.append(listing)
    return listings


def facts_frame(facts: Sequence[Facts]) -> pd.DataFrame:
    """The frame of stored facts, such as those of a snapshot, which were known before the labels."""
    frame = ListingRows.of(facts).frame().set_axis([row.listing.external_id for row in facts])
    for attribute in ("unit", "family", "meaning"):
        frame.attrs[attribute] = {feature.name: str(getattr(feature, attribute)) for feature in FEATURES}
    return frame
