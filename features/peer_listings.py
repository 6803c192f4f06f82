"""The other listings of a listing's seller, and a summary of their number, brands, categories and prices."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Final

# Half a year covers a season. Older listings say little about how the seller trades now.
LISTINGS_DAYS: Final = 180
# 500 listings show a seller's assortment as well as a million do, and reading a million for each row is too slow.
MOST_LISTINGS: Final = 500
# As for price references: a median of fewer depends on a single listing.
FEWEST_PRICED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerListing:
    """Another listing in its last state before the moment; keys are '' where it has no brand or category.

    `age` is the time since the listing was first seen. `protected` is whether its brand took part at intake.
    """

    age: timedelta
    log_price: float | None
    price: tuple[int, str] | None
    brand_key: str
    category_key: str
    protected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Assortment:
    """Figures on the other listings. Shares and entropies are None where no listing counts in their denominator.

    `listed_7d`, `listed_30d` and `listed_90d` count those first seen in so many days. Entropy is in nats: 0 for one
    brand, log(k) for k brands in equal parts. `log_median` and `spread` (median absolute deviation) need five priced
    listings. `same_price` counts listings at exactly this listing's price, None where it has none.
    """

    listings: int
    listed_7d: int
    listed_30d: int
    listed_90d: int
    brands: int
    top_brand_share: float | None
    brand_entropy: float | None
    protected_share: float | None
    categories: int
    priced: int
    log_median: float | None
    spread: float | None
    same_price: int | None


def assortment(listings: Sequence[PeerListing], *, price: tuple[int, str] | None) -> Assortment:
    """A summary of a seller's other listings; `price` is this listing's, in minor units with its currency."""
    brands = Counter(listing.brand_key for listing in listings if listing.brand_key)
    branded = brands.total()
    log_prices = sorted(listing.log_price for listing in listings if listing.log_price is not None)
    enough = len(log_prices) >= FEWEST_PRICED
    middle = median(log_prices) if enough else None
    return Assortment(
        listings=len(listings),
        listed_7d=_listed_within(listings, 7),
        listed_30d=_listed_within(listings, 30),
        listed_90d=_listed_within(listings, 90),
        brands=len(brands),
        top_brand_share=max(brands.values()) / branded if branded else None,
        brand_entropy=_entropy(brands) if branded else None,
        protected_share=sum(listing.protected for listing in listings) / len(listings) if listings else None,
        categories=len({listing.category_key for listing in listings if listing.category_key}),
        priced=len(log_prices),
        log_median=middle,
        spread=median(abs(log_price - middle) for log_price in log_prices) if middle is not None else None,
        same_price=None if price is None else sum(listing.price == price for listing in listings),
    )


def _listed_within(listings: Iterable[PeerListing], days: int) -> int:
    within = timedelta(days=days)
    return sum(listing.age <= within for listing in listings)


def _entropy(counts: Counter[str]) -> float:
    total = counts.total()
    # fsum gives the same figure for every order of the listings.
    return max(0.0, -math.fsum(n / total * math.log(n / total) for n in counts.values()))
