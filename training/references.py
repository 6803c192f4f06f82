"""References for offline work: made from training rows, and for each of these without the row itself."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from features.brands import BrandRegister, Resolution
from features.facts import Facts, assemble_facts, reference_keys
from features.history import NOTHING_RECORDED
from features.listing import Listing
from features.references import PricePool, Prices, PriceTable, Rates, References


class OfflineReferences:
    """What the rows of a file are compared with: prices of the training rows in their commonest currency."""

    def __init__(self, training: Sequence[Listing], brands: BrandRegister, rates: Rates | None = None) -> None:
        self.brands = brands
        self.rates = rates or Rates(commonest_currency(training))
        self._pool = PricePool(
            (*reference_keys(listing, self._resolve(listing)), log_price)
            for listing in training
            if isinstance(log_price := self.rates.log_price(listing.price, listing.currency), float)
        )
        self.table = self._pool.table()

    def references(self) -> References:
        """For rows that took no part; also what a bundle keeps."""
        return References(self.rates, self.brands, self.table)

    def facts(self, listing: Listing, *, as_of: datetime, marketplace: str, took_part: bool) -> Facts:
        """Facts of one row, compared without itself if it `took_part`."""
        prices: Prices = self.table
        log_price = self.rates.log_price(listing.price, listing.currency)
        if took_part:
            prices = self._pool.without(log_price) if isinstance(log_price, float) else PriceTable()
        references = References(self.rates, self.brands, prices)
        return assemble_facts(listing, references, NOTHING_RECORDED, marketplace=marketplace, as_of=as_of)

    def _resolve(self, listing: Listing) -> Resolution:
        return self.brands.resolve(title=listing.title, declared=listing.brand, gtin=listing.gtin)


def commonest_currency(listings: Sequence[Listing]) -> str:
    """The currency of most priced listings, EUR if none has one; ties go to the first in the alphabet."""
    counts = Counter(listing.currency for listing in listings if listing.currency is not None)
    return min(counts, key=lambda code: (-counts[code], code)) if counts else "EUR"
