"""The incoming listings, computed once for all arms: validated rows, facts without verdicts, and the truth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, TypedDict

import numpy as np

from features.brands import BrandRegister
from features.compute import ComputedFeatures, compute
from features.facts import Facts, assemble_facts, reference_keys
from features.history import NO_PRICES, History
from features.listing import Listing, check
from features.minhash import Signature, band_keys, signature_of
from features.money import to_minor
from features.near_duplicates import NearDuplicates
from features.references import PricePool, PriceTable, Rates, References
from models.seller_history import KINDS, Event, PublishedVersion, SellerHistory
from training.simulation.simulated.chance import Random
from training.simulation.synthetic import PER_EURO, Settings, SyntheticBrand, Truth, World, build_world

MARKETPLACE: Final = "Bazaar (simulated)"
MONTH: Final = timedelta(days=30)
NOBODY_JUDGED: Final = SellerHistory().outcomes_at(datetime.max.replace(tzinfo=UTC))
_COMPARED: Final = timedelta(days=180)  # As the service compares prices: half a year of listings.
_DRAWS, _PEOPLE = 101, 102  # Random streams, in addition to those of the world.


@dataclass(frozen=True, slots=True)
class OfferedListing:
    """An incoming listing. `computed` assumes that there are no verdicts; `draw` is its sampling draw.

    `chance` seeds the answers of people about it, so that they are the same in every arm.
    """

    external_id: str
    at: datetime
    row: Mapping[str, object]
    history: History
    computed: ComputedFeatures
    truth: Truth
    draw: float
    chance: tuple[int, ...]
    signature: Signature | None
    keys: tuple[int, ...]

    @property
    def seller(self) -> str | None:
        """The seller's id in the row; None if the row has none."""
        return self.computed.facts.listing.seller.external_id

    def random(self, purpose: int) -> Random:
        return np.random.default_rng([*self.chance, _PEOPLE, purpose])


class _DerivedValues(TypedDict):
    """Values derived from a row."""

    computed: ComputedFeatures
    signature: Signature | None
    keys: tuple[int, ...]


@dataclass(slots=True)
class Accounts:
    """The listings of all accounts and the acts of their buyers, for point-in-time seller histories."""

    taking_part: frozenset[str]
    authorised: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    complete_since: datetime | None = None
    histories: dict[str, SellerHistory] = field(default_factory=dict)

    def history(self, listing: Listing, at: datetime) -> History:
        """The point-in-time history of a listing's seller, without verdicts."""
        seller = listing.seller.external_id
        if seller is None:
            return History(earlier_prices=NO_PRICES)
        past = self.histories.setdefault(seller, SellerHistory())
        seller_history = past.history(
            at, listing_id=listing.external_id, complete_since=self.complete_since, currency=listing.currency
        )
        return replace(seller_history, earlier_prices=NO_PRICES, authorised_for=self.authorised.get(seller, ()))

    def take_in(self, facts: Facts) -> None:
        """Add an incoming listing to its seller's history."""
        listing, seller = facts.listing, facts.listing.seller.external_id
        if seller is None:
            return
        brand_key, category_key = reference_keys(listing, facts.brand)
        self.histories.setdefault(seller, SellerHistory()).take_in(
            PublishedVersion(
                listing_id=listing.external_id,
                known_at=facts.as_of,
                first_known_at=facts.as_of,
                log_price=facts.price.log_price,
                price=listing.price_minor,
                brand_key=brand_key,
                category_key=category_key,
                protected=facts.brand.brand_id in self.taking_part,
            )
        )


class Market:
    """The simulated marketplace of one seed; `listings` are as first sent, by time."""

    def __init__(self, settings: Settings) -> None:
        world = build_world(settings)
        self.settings = settings
        self.start = settings.start
        self.months = settings.days // MONTH.days
        self.end = settings.start + self.months * MONTH
        self.names = {brand.brand.brand_id: brand.brand.name for brand in world.brands}
        self.taking_part = frozenset(brand.brand.brand_id for brand in world.brands if brand.takes_part)
        self._brands = BrandRegister(brand.brand for brand in world.brands)
        self._rates = Rates("EUR", {code: 1 / per_euro for code, per_euro in PER_EURO.items() if code != "EUR"})
        first = _first_rows(world)
        self._tables = self._monthly_tables([(at, listing) for at, _, listing in first])
        accounts = Accounts(self.taking_part, _authorised_brands(world.brands), settings.start, _event_histories(world))
        draws = np.random.default_rng([settings.seed, _DRAWS]).random(len(first))
        self.listings = tuple(
            self._offered(
                row,
                listing,
                at,
                accounts,
                truth=world.truth[listing.external_id],
                draw=float(draws[number]),
                chance=(settings.seed, number),
            )
            for number, (at, row, listing) in enumerate(first)
        )

    def month(self, at: datetime) -> int:
        """The month of a time, from 0."""
        return (at - self.start) // MONTH

    def references(self, at: datetime) -> References:
        """The reference context at a given time, as computed at the start of its month."""
        return References(self._rates, self._brands, self._tables[min(self.month(at), self.months)])

    def brand_of(self, listing: Listing) -> str | None:
        """The registered brand of a listing; None if it matches none or several."""
        return self._brands.resolve(title=listing.title, declared=listing.brand, gtin=listing.gtin).brand_id

    def arrived(
        self,
        row: Mapping[str, object],
        at: datetime,
        accounts: Accounts,
        *,
        truth: Truth,
        draw: float,
        chance: tuple[int, ...],
    ) -> OfferedListing:
        """The listing of a row from one of `accounts` that the world itself did not send."""
        listing = check(row, received_at=at)
        assert isinstance(listing, Listing), listing
        return self._offered(row, listing, at, accounts, truth=truth, draw=draw, chance=chance)

    def rewritten(self, offered: OfferedListing, row: Mapping[str, object]) -> OfferedListing:
        """The same listing by the same people, with another row."""
        listing = check(row, received_at=offered.at)
        assert isinstance(listing, Listing), listing
        return replace(offered, row=row, **self._read(listing, offered.at, offered.history))

    def _offered(
        self,
        row: Mapping[str, object],
        listing: Listing,
        at: datetime,
        accounts: Accounts,
        *,
        truth: Truth,
        draw: float,
        chance: tuple[int, ...],
    ) -> OfferedListing:
        history = accounts.history(listing, at)
        read_fields = self._read(listing, at, history)
        accounts.take_in(read_fields["computed"].facts)
        return OfferedListing(
            listing.external_id, at, row, history, truth=truth, draw=draw, chance=chance, **read_fields
        )

    def _read(self, listing: Listing, at: datetime, history: History) -> _DerivedValues:
        signature = signature_of(listing)
        keys = () if signature is None else tuple(sorted(set(band_keys(signature).tolist())))
        computed = self.computed(listing, at, history, compared=signature is not None)
        return _DerivedValues(computed=computed, signature=signature, keys=keys)

    def computed(self, listing: Listing, at: datetime, history: History, *, compared: bool) -> ComputedFeatures:
        """The features of a listing at a given time; if its text was `compared`, without near-duplicates."""
        recorded = replace(history, near_duplicates=NearDuplicates() if compared else None)
        return compute(assemble_facts(listing, self.references(at), recorded, marketplace=MARKETPLACE, as_of=at))

    def _monthly_tables(self, listings: Sequence[tuple[datetime, Listing]]) -> list[PriceTable]:
        """Price tables at the start of each month and at the end, each from the listings of half a year."""
        priced: list[tuple[datetime, tuple[str, str, float]]] = []
        for at, listing in listings:
            brand = self._brands.resolve(title=listing.title, declared=listing.brand, gtin=listing.gtin)
            log_price = self._rates.log_price(listing.price, listing.currency)
            if isinstance(log_price, float):
                priced.append((at, (*reference_keys(listing, brand), log_price)))
        moments = [self.start + month * MONTH for month in range(self.months + 1)]
        return [PricePool(row for at, row in priced if now - _COMPARED < at <= now).table() for now in moments]


def _first_rows(world: World) -> list[tuple[datetime, Mapping[str, object], Listing]]:
    """Each listing as first sent, without changes, repeats and broken rows."""
    first_rows: dict[str, tuple[datetime, Mapping[str, object], Listing]] = {}
    for sent in world.sent:
        if sent.row["external_id"] not in first_rows:
            listing = check(sent.row, received_at=sent.at)
            if isinstance(listing, Listing):
                first_rows[listing.external_id] = (sent.at, sent.row, listing)
    return list(first_rows.values())


def _event_histories(world: World) -> dict[str, SellerHistory]:
    """The buyer events of the followed sellers; each event is known when it happens."""
    histories: dict[str, SellerHistory] = {}
    for sent in world.events:
        row = sent.row
        if row["kind"] in KINDS:
            amount, currency = Decimal(str(row["amount"])), str(row["currency"])
            event = Event(sent.at, sent.at, to_minor(amount, currency), currency)
            past = histories.setdefault(str(row["seller"]), SellerHistory())
            past.events.setdefault(str(row["kind"]), []).append(event)
    return histories


def _authorised_brands(brands: Sequence[SyntheticBrand]) -> Mapping[str, tuple[str, ...]]:
    brands_by_seller: dict[str, tuple[str, ...]] = {}
    for brand in brands:
        for seller in brand.authorised:
            brands_by_seller[seller] = (*brands_by_seller.get(seller, ()), brand.brand.brand_id)
    return brands_by_seller
