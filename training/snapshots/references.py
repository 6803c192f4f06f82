"""References for offline work, made from training rows; those of a training row exclude the row itself."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from features.brands import BrandRegister, Resolution
from features.common_prices import CommonPrices
from features.facts import Facts, assemble_facts, reference_keys
from features.fields import Windows
from features.history import NOTHING_RECORDED
from features.listing import Listing
from features.price_lists import NO_LISTS, PriceLists
from features.priors import FAKE_RETURNS, MOST_FAKE_RETURNS, RETURNS, Priors, estimate_prior
from features.references import PricePool, Prices, PriceTable, Rates, References


class OfflineReferences:
    """References for the rows of a file: prices of the training rows in their most common currency.

    Base-rate priors include all training rows, also for a training row itself: one row barely changes them.
    """

    def __init__(
        self,
        training: Sequence[Listing],
        brands: BrandRegister,
        rates: Rates | None = None,
        lists: PriceLists = NO_LISTS,
    ) -> None:
        self.brands, self.lists = brands, lists
        self.rates = rates or Rates(commonest_currency(training))
        self._pool = PricePool(
            (*reference_keys(listing, self._resolve(listing)), log_price)
            for listing in training
            if isinstance(log_price := self.rates.log_price(listing.price, listing.currency), float)
        )
        self.table = self._pool.table()
        self.common = CommonPrices.among(listing.price_minor for listing in training if listing.price_minor is not None)
        self.priors = base_rate_priors(training)

    def references(self) -> References:
        """The references for rows outside the training rows, which a bundle also stores."""
        return self._compared_with(self.table, self.common)

    def facts(self, listing: Listing, *, as_of: datetime, marketplace: str, took_part: bool) -> Facts:
        """The facts of one row; `took_part` is whether it is a training row, which its references exclude."""
        prices: Prices = self.table
        common = self.common.around(listing.price_minor) if took_part else self.common
        log_price = self.rates.log_price(listing.price, listing.currency)
        if took_part:
            prices = self._pool.without(log_price) if isinstance(log_price, float) else PriceTable()
        references = self._compared_with(prices, common)
        return assemble_facts(listing, references, NOTHING_RECORDED, marketplace=marketplace, as_of=as_of)

    def _compared_with(self, prices: Prices, common: CommonPrices) -> References:
        return References(self.rates, self.brands, prices, lists=self.lists, common=common, priors=self.priors)

    def _resolve(self, listing: Listing) -> Resolution:
        return self.brands.resolve(title=listing.title, declared=listing.brand, gtin=listing.gtin)


def base_rate_priors(listings: Sequence[Listing]) -> Priors:
    """The return rates of these listings and their sellers; the last row of a seller counts."""
    sellers = {
        listing.seller.external_id: listing.seller for listing in listings if listing.seller.external_id is not None
    }
    return Priors(
        seller_returns=estimate_prior(
            _known_counts((seller.returned, seller.accepted) for seller in sellers.values()), otherwise=RETURNS
        ),
        item_returns=estimate_prior(
            _known_counts((listing.returns, listing.sales) for listing in listings), otherwise=RETURNS
        ),
        item_fake_returns=estimate_prior(
            _known_counts((listing.fake_returns, listing.sales) for listing in listings),
            otherwise=FAKE_RETURNS,
            most=MOST_FAKE_RETURNS,
        ),
    )


def _known_counts(windows: Iterable[tuple[Windows, Windows]]) -> Iterator[tuple[float, float]]:
    return ((part.d90, whole.d90) for part, whole in windows if part.d90 is not None and whole.d90 is not None)


def commonest_currency(listings: Sequence[Listing]) -> str:
    """The most common currency, EUR if no listing has one; ties go to the first in alphabetical order."""
    counts = Counter(listing.currency for listing in listings if listing.currency is not None)
    return min(counts, key=lambda code: (-counts[code], code)) if counts else "EUR"
