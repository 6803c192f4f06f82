"""The facts of a listing version at a moment: built by one pure function, stored verbatim."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from features.brands import Naming, Resolution
from features.corrections import Correction, NamedBrand, apply_naming, naming_in_force, still_applies
from features.fields import Windows
from features.fold import fold
from features.history import EventCounts, History, Outcomes, OwnPrices
from features.indicators import IndicatorFacts
from features.links import Links
from features.listing import Listing
from features.near_duplicates import NearDuplicates
from features.peer_listings import Assortment, assortment
from features.price_lists import ListedBy
from features.priors import Priors
from features.records import with_fast_init
from features.references import ANY, PriceMissing, PriceReference, References

SCHEMA: Final = 1
_UNKNOWN: Final = Windows()


class Source(StrEnum):
    """The source of a seller's window."""

    COMPUTED = "computed"  # From the marketplace's events, complete over the window.
    SUPPLIED = "supplied"  # As sent with the listing.
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandListPrice:
    """The brand's own price for the goods; `log_price` is in the base currency, None without a rate."""

    by: ListedBy
    name: str
    amount: Decimal
    currency: str
    log_price: float | None


@with_fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFacts:
    """The price in the base currency and the prices to compare it with.

    `own` are the listing's prices including this one. `listed` is the brand's list price. `common` is the number of
    listings of the marketplace at exactly this price.
    """

    base_currency: str
    log_price: float | None
    missing: PriceMissing | None
    previous_log_price: float | None
    brand_category: PriceReference | None
    category: PriceReference | None
    own: OwnPrices | None = None
    listed: BrandListPrice | None = None
    common: int | None = None


@with_fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class SellerFacts:
    """The seller's counts in 7, 30 and 90 days with the source of each, and the seller's history.

    `turnover` is in the listing's currency. `others` summarises the seller's other listings. `links` are the sellers
    that share its contacts. Either is None where it was not recorded.
    """

    sales: Windows
    returns: Windows
    fake_returns: Windows
    sales_source: Source
    returns_source: Source
    fake_returns_source: Source
    disagreement: str | None
    known_days: float | None
    listings_30d: int | None
    outcomes: Outcomes | None
    authorised: bool
    turnover: Windows = Windows()
    turnover_source: Source = Source.MISSING
    events_since: datetime | None = None
    others: Assortment | None = None
    links: Links | None = None


@with_fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Frozen evidence for one score. Absent values were unknown at the moment.

    `brand` is as a person corrected it, if a `correction` was in force, which has what the evidence resolves.
    """

    schema: int
    marketplace: str
    as_of: datetime
    listing: Listing
    version: int
    brand: Resolution
    price: PriceFacts
    seller: SellerFacts
    near_duplicates: NearDuplicates | None = None
    indicators: IndicatorFacts | None = None
    naming: Naming | None = None
    priors: Priors | None = None
    correction: Correction | None = None

    @property
    def resolved(self) -> Resolution:
        """The brand that the evidence resolves, whatever a person said about it."""
        return self.brand if self.correction is None else self.correction.resolved

    def to_json(self) -> bytes:
        """Canonical JSON: decimals as text, times in UTC, keys in a fixed order."""
        return _ENCODER.encode(self)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON."""
        return hashlib.sha256(self.to_json()).hexdigest()


_ENCODER: Final = msgspec.json.Encoder(order="deterministic")
_DECODER: Final = msgspec.json.Decoder(Facts)


def facts_from_json(text: bytes | str) -> Facts:
    """The inverse of `Facts.to_json`. Raises ValueError (the text is not facts of a schema that this version reads)."""
    facts = _DECODER.decode(text)
    if facts.schema != SCHEMA:
        raise ValueError(f"facts of schema {facts.schema}; this version reads {SCHEMA}")
    return facts


def assemble_facts(
    listing: Listing,
    references: References,
    history: History,
    *,
    marketplace: str,
    as_of: datetime,
    named: Sequence[NamedBrand] = (),
) -> Facts:
    """Facts of one listing version. Serving passes live references, offline commands those of a bundle,
    cross-validation those of the training rows without the row itself. `named` are the brands that people named for the
    listing, in the order of time; those named at the moment or later have no effect."""
    register = references.brands
    brand = register.resolve(title=listing.title, declared=listing.brand, gtin=listing.gtin)
    naming, correction = naming_in_force(named, as_of), None
    if naming is not None and still_applies(naming, listing, register):
        correction = Correction(naming.known_at, brand)
        brand = apply_naming(brand, naming, register)
    log_price = references.rates.log_price(listing.price, listing.currency)
    missing, known_log_price = (log_price, None) if isinstance(log_price, PriceMissing) else (None, log_price)
    brand_key, category_key = reference_keys(listing, brand)
    price = PriceFacts(
        base_currency=references.rates.base_currency,
        log_price=known_log_price,
        missing=missing,
        previous_log_price=history.previous_log_price,
        brand_category=references.prices.find(brand_key, category_key) if brand_key and category_key else None,
        category=references.prices.find(ANY, category_key) if category_key else None,
        own=history.own_prices(known_log_price),
        listed=_brand_list_price(listing, references, brand),
        common=references.common.listings(listing.price_minor),
    )
    return Facts(
        schema=SCHEMA,
        marketplace=marketplace,
        as_of=as_of,
        listing=listing,
        version=history.version,
        brand=brand,
        price=price,
        seller=_seller_facts(listing, history, brand),
        near_duplicates=history.near_duplicates,
        indicators=references.indicators.of(listing, _brands_in_question(brand), as_of),
        naming=references.brands.naming(
            title=listing.title, declared=listing.brand, description=listing.description, mentions=brand.mentions
        ),
        priors=references.priors,
        correction=correction,
    )


def _brand_list_price(listing: Listing, references: References, brand: Resolution) -> BrandListPrice | None:
    list_price = references.lists.find(listing, brand.brand_id, base_currency=references.rates.base_currency)
    if list_price is None:
        return None
    log_price = references.rates.log_price(list_price.amount, list_price.currency)
    return BrandListPrice(
        by=list_price.by,
        name=list_price.name,
        amount=list_price.amount,
        currency=list_price.currency,
        log_price=None if isinstance(log_price, PriceMissing) else log_price,
    )


def _brands_in_question(brand: Resolution) -> frozenset[str]:
    """The resolved brand of a listing; every candidate where none is resolved."""
    return frozenset({brand.brand_id} if brand.brand_id is not None else brand.candidates)


def with_history(facts: Facts, history: History) -> Facts:
    """The same listing and references with another history.

    `near_duplicates` stays as recorded, because it compares the listing with a sample of the listings at the time.
    """
    own = history.own_prices(facts.price.log_price)
    return replace(
        facts,
        version=history.version,
        price=replace(facts.price, previous_log_price=history.previous_log_price, own=own),
        seller=_seller_facts(facts.listing, history, facts.brand),
    )


def reference_keys(listing: Listing, brand: Resolution) -> tuple[str, str]:
    """The brand and category under which a listing is compared; '' where it has none."""
    named = brand.name or listing.brand
    brand_key = brand.brand_id or (fold(named) if named else ANY)
    return brand_key, fold(listing.product_type) if listing.product_type else ANY


def _seller_facts(listing: Listing, history: History, brand: Resolution) -> SellerFacts:
    """Computed windows take precedence where they are complete. A disagreement with supplied ones is recorded."""
    supplied, events = listing.seller, history.events
    sales, sales_source = _prefer_computed(events.sales, supplied.accepted)
    returns, returns_source = _prefer_computed(events.returns, supplied.returned)
    fakes, fakes_source = _prefer_computed(events.fake_returns, _UNKNOWN)
    turnover, turnover_source = _prefer_computed(events.turnover, supplied.gmv)
    others = None if history.listings is None else assortment(history.listings, price=listing.price_minor)
    return SellerFacts(
        sales=sales,
        returns=returns,
        fake_returns=fakes,
        sales_source=sales_source,
        returns_source=returns_source,
        fake_returns_source=fakes_source,
        disagreement=_disagreement(events, supplied.accepted, supplied.returned),
        known_days=history.seller_known_days,
        listings_30d=None if others is None else others.listed_30d,
        outcomes=history.outcomes,
        authorised=brand.brand_id is not None and brand.brand_id in history.authorised_for,
        turnover=turnover,
        turnover_source=turnover_source,
        events_since=events.complete_since,
        others=others,
        links=history.links,
    )


def _prefer_computed(computed: Windows, supplied: Windows) -> tuple[Windows, Source]:
    if computed != _UNKNOWN:
        return Windows(*(s if c is None else c for c, s in zip(computed, supplied, strict=True))), Source.COMPUTED
    return supplied, Source.MISSING if supplied == _UNKNOWN else Source.SUPPLIED


def _disagreement(events: EventCounts, accepted: Windows, returned: Windows) -> str | None:
    """A sentence where the seller profile and the event feed disagree about the last 90 days, else None."""
    pairs = {"sales": (events.sales.d90, accepted.d90), "returns": (events.returns.d90, returned.d90)}
    for name, (computed, supplied) in pairs.items():
        if computed is not None and supplied is not None and abs(computed - supplied) > max(3.0, 0.2 * supplied):
            shown = f"{supplied:.0f} {name} in 90 days; the event feed reports {computed:.0f}."
            return f"The seller profile reports {shown}"
    return None


def amount_text(amount: Decimal, currency: str) -> str:
    """An amount as a person reads it.

    >>> amount_text(Decimal("1890.00"), "EUR")
    '1,890 EUR'
    """
    whole = amount == amount.to_integral_value()
    return f"{amount:,.0f} {currency}" if whole else f"{amount:,f} {currency}"
