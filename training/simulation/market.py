"""What comes in, worked out once for all arms: rows through the door, facts as if nobody had been judged, the truth."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from features.brands import BrandRegister
from features.compute import Computed, compute
from features.facts import History, Outcomes, assemble_facts, reference_keys
from features.likeness import Likeness
from features.listing import Listing, check
from features.minhash import Signature, band_keys, signature_of
from features.references import PricePool, PriceTable, Rates, References
from training.simulated.chance import Random
from training.synthetic import PER_EURO, Settings, SyntheticBrand, Truth, World, build

MARKETPLACE: Final = "Bazaar (simulated)"
MONTH: Final = timedelta(days=30)
NOBODY_JUDGED: Final = Outcomes(counterfeit=0, genuine=0)
_COMPARED: Final = timedelta(days=180)  # As the service compares prices: half a year of offers.
_DRAWS, _PEOPLE = 101, 102  # Streams of chance beside those of the world.


@dataclass(frozen=True, slots=True)
class Offered:
    """A listing as it came in. `computed` is as if nobody had been judged; `draw` was made for it beforehand.

    `chance` seeds what people will say of it, so that every arm that asks hears the same.
    """

    external_id: str
    at: datetime
    row: Mapping[str, object]
    history: History
    computed: Computed
    truth: Truth
    draw: float
    chance: tuple[int, ...]
    signature: Signature | None
    keys: tuple[int, ...]

    @property
    def seller(self) -> str | None:
        """The seller's id as the row says it; None where it does not."""
        return self.computed.facts.listing.seller.external_id

    def random(self, purpose: int) -> Random:
        """Chance of this listing and one purpose alone."""
        return np.random.default_rng([*self.chance, _PEOPLE, purpose])


@dataclass(slots=True)
class Accounts:
    """When each account put up its listings, in order; tells how long one was known and how busy it was."""

    authorised: Mapping[str, tuple[str, ...]]
    listed: dict[str, list[datetime]] = field(default_factory=dict)

    def history(self, seller: str | None, at: datetime) -> History:
        """What is recorded of a seller when a listing comes in, which is then recorded too."""
        if seller is None:
            return History(outcomes=NOBODY_JUDGED)
        listed = self.listed.setdefault(seller, [])
        found = History(
            seller_known_days=(at - listed[0]) / timedelta(days=1) if listed else None,
            seller_listings_30d=len(listed) - bisect_left(listed, at - MONTH),
            outcomes=NOBODY_JUDGED,
            authorised_for=self.authorised.get(seller, ()),
        )
        listed.append(at)
        return found


class Market:
    """The simulated marketplace of one seed; `offers` are the listings as first sent, by time."""

    def __init__(self, settings: Settings) -> None:
        world = build(settings)
        self.settings = settings
        self.start = settings.start
        self.months = settings.days // MONTH.days
        self.end = settings.start + self.months * MONTH
        self.names = {one.brand.brand_id: one.brand.name for one in world.brands}
        self.taking_part = frozenset(one.brand.brand_id for one in world.brands if one.takes_part)
        self._brands = BrandRegister(one.brand for one in world.brands)
        self._rates = Rates("EUR", {code: 1 / per_euro for code, per_euro in PER_EURO.items() if code != "EUR"})
        first = _first_rows(world)
        self._tables = self._monthly_tables([(at, listing) for at, _, listing in first])
        accounts = Accounts(_authorised(world.brands))
        draws = np.random.default_rng([settings.seed, _DRAWS]).random(len(first))
        self.offers = tuple(
            self._offered(
                row,
                listing,
                at,
                history=accounts.history(listing.seller.external_id, at),
                truth=world.truth[listing.external_id],
                draw=float(draws[number]),
                chance=(settings.seed, number),
            )
            for number, (at, row, listing) in enumerate(first)
        )

    def month(self, at: datetime) -> int:
        """The month of a moment, from 0."""
        return (at - self.start) // MONTH

    def references(self, at: datetime) -> References:
        """What offers are compared with at a moment, as worked out at the start of its month."""
        return References(self._rates, self._brands, self._tables[min(self.month(at), self.months)])

    def brand_of(self, listing: Listing) -> str | None:
        """The registered brand that a listing is about; None where it is about none, or about several."""
        return self._brands.resolve(title=listing.title, declared=listing.brand, gtin=listing.gtin).brand_id

    def offered(
        self,
        row: Mapping[str, object],
        at: datetime,
        *,
        history: History,
        truth: Truth,
        draw: float,
        chance: tuple[int, ...],
    ) -> Offered:
        """A row that comes in besides the world's own."""
        listing = check(row, received_at=at)
        assert isinstance(listing, Listing), listing
        return self._offered(row, listing, at, history=history, truth=truth, draw=draw, chance=chance)

    def _offered(
        self,
        row: Mapping[str, object],
        listing: Listing,
        at: datetime,
        *,
        history: History,
        truth: Truth,
        draw: float,
        chance: tuple[int, ...],
    ) -> Offered:
        signature = signature_of(listing)
        computed = self.computed(listing, at, history, compared=signature is not None)
        keys = () if signature is None else tuple(sorted(set(band_keys(signature).tolist())))
        return Offered(listing.external_id, at, row, history, computed, truth, draw, chance, signature, keys)

    def computed(self, listing: Listing, at: datetime, history: History, *, compared: bool) -> Computed:
        """The numbers of a listing at a moment; where its text was `compared`, as if nothing were like it."""
        recorded = replace(history, likeness=Likeness() if compared else None)
        return compute(assemble_facts(listing, self.references(at), recorded, marketplace=MARKETPLACE, as_of=at))

    def _monthly_tables(self, offers: Sequence[tuple[datetime, Listing]]) -> list[PriceTable]:
        """References at the start of each month and at the end, from the offers of half a year."""
        priced: list[tuple[datetime, tuple[str, str, float]]] = []
        for at, listing in offers:
            brand = self._brands.resolve(title=listing.title, declared=listing.brand, gtin=listing.gtin)
            log_price = self._rates.log_price(listing.price, listing.currency)
            if isinstance(log_price, float):
                priced.append((at, (*reference_keys(listing, brand), log_price)))
        moments = [self.start + month * MONTH for month in range(self.months + 1)]
        return [PricePool(row for at, row in priced if now - _COMPARED < at <= now).table() for now in moments]


def _first_rows(world: World) -> list[tuple[datetime, Mapping[str, object], Listing]]:
    """Each listing once, as first sent; changes and repeats of it, and broken rows, are left out."""
    found: dict[str, tuple[datetime, Mapping[str, object], Listing]] = {}
    for sent in world.sent:
        if sent.row["external_id"] not in found:
            listing = check(sent.row, received_at=sent.at)
            if isinstance(listing, Listing):
                found[listing.external_id] = (sent.at, sent.row, listing)
    return list(found.values())


def _authorised(brands: Sequence[SyntheticBrand]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in brands:
        for seller in one.authorised:
            found[seller] = (*found.get(seller, ()), one.brand.brand_id)
    return found
