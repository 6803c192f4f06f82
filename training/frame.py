"""Features as a data frame, for scikit-learn: the numbers by name, and the text beside them."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from features.brands import BrandRegister
from features.common_prices import FEWEST, CommonPrices
from features.compute import FEATURES, NAMES
from features.facts import Facts, assemble_facts, reference_keys
from features.fields import with_nearest
from features.history import NOTHING_RECORDED
from features.listing import Listing, check
from features.priors import NO_PRIORS
from features.references import PricePool, Rates, References
from training.adapters import native
from training.fit.listing_rows import ListingRows
from training.snapshots.references import base_rate_priors, commonest_currency
from training.snapshots.soundness import leaks

_NO_BRANDS: Final = BrandRegister([])
# Base rates of all earlier rows take time, so they are estimated again when there are a tenth more.
_MORE: Final = 1.1


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

    A row is compared with earlier rows alone, and never with another version of its own listing: by `occurred_at` where
    every listing has one, else in the given order; `attrs["order"]` says which. `attrs` has "unit", "family" and
    "meaning" of each feature too, and under "leaks" the features that separate the labels, shape (n,) in {0, 1}, too
    well to be honest. Nothing else is made of the labels.

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
    earlier = _EarlierRows(brands, rates or Rates(commonest_currency(listings)))
    facts: dict[int, Facts] = {}
    for i in order:
        references = earlier.references(listings[i])
        facts[i] = assemble_facts(listings[i], references, NOTHING_RECORDED, marketplace=marketplace, as_of=as_of)
        earlier.add(facts[i])
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


class _EarlierRows:
    """What the next row is compared with: the rows that were added, of each listing the last version."""

    def __init__(self, brands: BrandRegister, rates: Rates) -> None:
        self._brands, self._rates, self._prices, self._priors = brands, rates, PricePool([]), NO_PRIORS
        self._common: Counter[tuple[int, str]] = Counter()
        self._last: dict[str, Facts] = {}
        self._estimated_at = 0

    def references(self, listing: Listing) -> References:
        """The references of a row, which forget an earlier version of its listing."""
        if listing.external_id in self._last:
            self._count(self._last.pop(listing.external_id), -1)
        if len(self._last) > self._estimated_at * _MORE:
            self._estimated_at = len(self._last)
            self._priors = base_rate_priors([facts.listing for facts in self._last.values()])
        price = listing.price_minor
        common = {} if price is None or self._common[price] < FEWEST else {price: self._common[price]}
        return References(self._rates, self._brands, self._prices, common=CommonPrices(common), priors=self._priors)

    def add(self, facts: Facts) -> None:
        self._last[facts.listing.external_id] = facts
        self._count(facts, 1)

    def _count(self, facts: Facts, times: int) -> None:
        listing = facts.listing
        if listing.price_minor is not None:
            self._common[listing.price_minor] += times
        if facts.price.log_price is not None:
            self._prices.change(*reference_keys(listing, facts.brand), facts.price.log_price, added=times > 0)
