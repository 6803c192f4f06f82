"""Prices of comparable listings: median and spread in log space, per brand and category, as of a moment."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from features.brands import Brand, BrandRegister
from features.common_prices import NOTHING_COMMON, CommonPrices
from features.indicators import Indicators
from features.price_lists import NO_LISTS, PriceLists
from features.priors import NO_PRIORS, Priors

FEWEST: Final = 5  # A median of fewer depends on a single seller.
SAMPLED: Final = 20
EXACT_UP_TO: Final = 400  # Among more listings, leaving one out moves the median by less than one rank in 400.

Key = tuple[str, str]
ANY: Final = ""


class PriceMissing(StrEnum):
    """Why a price could not be compared."""

    NO_PRICE = "no_price"
    ZERO_PRICE = "zero_price"
    NO_RATE = "no_rate"


class PriceReference(NamedTuple):
    """Log prices of comparable listings in the base currency: median, median absolute deviation, how many."""

    log_median: float
    mad: float
    n: int


class PriceSamples(NamedTuple):
    """Log prices of `listings` listings: all of them, or values that each represent as many (`PricePool.samples`)."""

    log_prices: tuple[float, ...]
    listings: int


NO_SAMPLES: Final = PriceSamples((), 0)


class Prices(Protocol):
    def find(self, brand_key: str, category_key: str) -> PriceReference | None:
        """The reference of a brand in a category; an empty key means any. None below five listings."""


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Precomputed references, as serving and bundles use them."""

    rows: Mapping[Key, PriceReference] = field(default_factory=dict)

    def find(self, brand_key: str, category_key: str) -> PriceReference | None:
        """As `Prices.find`."""
        return self.rows.get((brand_key, category_key))


class PricePool:
    """Log prices, from which references without one of them can be computed.

    Cross-validation needs this, because a row must not be compared with itself.
    """

    def __init__(self, rows: Iterable[tuple[str, str, float]]) -> None:
        groups: dict[Key, list[float]] = {}
        for brand, category, log_price in rows:
            for key in {(brand, category), (ANY, category), (brand, ANY)} - {(ANY, ANY)}:
                groups.setdefault(key, []).append(log_price)
        self._sorted: dict[Key, NDArray[np.float64]] = {key: np.sort(prices) for key, prices in groups.items()}

    def table(self) -> PriceTable:
        """The references of every group of five or more."""
        references = {key: _price_reference(prices) for key, prices in sorted(self._sorted.items())}
        return PriceTable({key: reference for key, reference in references.items() if reference is not None})

    def samples(self) -> dict[Key, tuple[float, ...]]:
        """Log prices of each group of five or more: at most `SAMPLED`, each representing as many listings.

        A group of up to `SAMPLED` listings has its own prices; a larger one has the middle of each twentieth, so that a
        single listing is no dot (quantile dot plots: Kay and others 2016).
        """
        return {key: _quantile_sample(prices) for key, prices in sorted(self._sorted.items()) if prices.size >= FEWEST}

    def without(self, log_price: float) -> Prices:
        """References without one listing at this price."""
        return _LeaveOneOut(self._sorted, log_price)


@dataclass(frozen=True, slots=True)
class _LeaveOneOut:
    pools: Mapping[Key, NDArray[np.float64]]
    log_price: float

    def find(self, brand_key: str, category_key: str) -> PriceReference | None:
        prices = self.pools.get((brand_key, category_key))
        if prices is None:
            return None
        at = int(np.searchsorted(prices, self.log_price))
        if prices.size <= EXACT_UP_TO and at < prices.size and prices[at] == self.log_price:
            prices = np.delete(prices, at)
        return _price_reference(prices)


def _quantile_sample(prices: NDArray[np.float64]) -> tuple[float, ...]:
    if prices.size > SAMPLED:
        prices = np.quantile(prices, (np.arange(SAMPLED) + 0.5) / SAMPLED)
    return tuple(float(price) for price in prices)


def _price_reference(prices: NDArray[np.float64]) -> PriceReference | None:
    if prices.size < FEWEST:
        return None
    middle = float(np.median(prices))
    return PriceReference(middle, float(np.median(np.abs(prices - middle))), int(prices.size))


@dataclass(frozen=True, slots=True)
class Rates:
    """The value of one unit of each currency in the base currency, as of a date."""

    base_currency: str
    table: Mapping[str, float] = field(default_factory=dict)

    def log_price(self, amount: Decimal | None, currency: str | None) -> float | PriceMissing:
        """Natural log of the amount in the base currency, or why there is none."""
        if amount is None or currency is None:
            return PriceMissing.NO_PRICE
        if amount == 0:
            return PriceMissing.ZERO_PRICE
        rate = 1.0 if currency == self.base_currency else self.table.get(currency)
        return PriceMissing.NO_RATE if rate is None else math.log(float(amount)) + math.log(rate)


@dataclass(frozen=True, slots=True)
class References:
    """Everything that a listing is compared with, as of a moment."""

    rates: Rates
    brands: BrandRegister
    prices: Prices
    indicators: Indicators = field(default_factory=Indicators)
    lists: PriceLists = NO_LISTS
    common: CommonPrices = NOTHING_COMMON
    priors: Priors = NO_PRIORS


def references_to_dict(references: References, as_of: datetime | None) -> dict[str, Any]:
    """References as a bundle and a snapshot keep them: plain values in a fixed order.

    Counterfeit indicators are left out, because they are confidential to a brand and other parties may read a bundle.
    """
    if not isinstance(references.prices, PriceTable):
        raise TypeError("a bundle keeps a table of references, not the prices behind it")
    return {
        "as_of": as_of.isoformat() if as_of else None,
        "base_currency": references.rates.base_currency,
        "rates": dict(sorted(references.rates.table.items())),
        "brands": [asdict(brand) for _, brand in sorted(references.brands.brands.items())],
        "prices": [[*key, *reference] for key, reference in sorted(references.prices.rows.items())],
        "lists": references.lists.to_rows(),
        "common": [[*price, listings] for price, listings in sorted(references.common.rows.items())],
        "priors": references.priors.to_dict(),
    }


def references_from_dict(document: dict[str, Any]) -> tuple[References, datetime | None]:
    """The inverse of `references_to_dict`; references of an earlier version have no lists, common prices and priors.

    Raises AttributeError, KeyError, OverflowError, TypeError, ValueError (the value is not references, or a part has
    the wrong type).
    """
    if not document.keys() <= _PARTS:
        raise ValueError("more than references")
    brands = [
        Brand(
            _parse_word(row["brand_id"]),
            _parse_word(row["name"]),
            _parse_words(row["aliases"]),
            _parse_words(row["gtin_prefixes"]),
        )
        for row in document["brands"]
    ]
    if len({brand.brand_id for brand in brands}) != len(brands):
        raise ValueError("a brand that stands twice")
    prices = {
        (_parse_word(brand), _parse_word(category)): PriceReference(
            _parse_finite(median), _parse_spread(mad), int(_parse_positive(n))
        )
        for brand, category, median, mad, n in document["prices"]
    }
    rates = Rates(
        _parse_word(document["base_currency"]),
        {code: _parse_positive(rate) for code, rate in document["rates"].items()},
    )
    references = References(
        rates,
        BrandRegister(brands),
        PriceTable(prices),
        lists=PriceLists.from_rows(document.get("lists", ())),
        common=CommonPrices(
            {
                (int(_parse_finite(minor)), _parse_word(code)): int(_parse_finite(n))
                for minor, code, n in document.get("common", ())
            }
        ),
        priors=Priors.from_dict(document.get("priors", {})),
    )
    return references, _parse_moment(document["as_of"])


_PARTS: Final = frozenset({"as_of", "base_currency", "rates", "brands", "prices", "lists", "common", "priors"})


def _parse_moment(raw: object) -> datetime | None:
    if raw is None:
        return None
    moment = datetime.fromisoformat(_parse_word(raw))
    if moment.tzinfo is None:
        raise ValueError("a moment without an offset")
    return moment


def _parse_word(raw: object) -> str:
    if not isinstance(raw, str):
        raise TypeError("a reference that is no word")
    return raw


def _parse_words(raw: object) -> tuple[str, ...]:
    if not isinstance(raw, list | tuple):
        raise TypeError("references that are no list of words")
    return tuple(_parse_word(word) for word in raw)


def _parse_finite(raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
        raise ValueError("a reference that is no number")
    return float(raw)


def _parse_spread(raw: object) -> float:
    spread = _parse_finite(raw)
    if spread < 0:
        raise ValueError("a spread below zero")
    return spread


def _parse_positive(raw: object) -> float:
    number = _parse_finite(raw)
    if number <= 0:
        raise ValueError("a reference that is not above zero")
    return number
