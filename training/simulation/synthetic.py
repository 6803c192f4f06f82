"""A simulated marketplace with counterfeits, reproducible by its seed.

Figures measured on it are no evidence of accuracy in production. Brands, prices, sellers, wording and mistakes are
invented. The simulation only shows that the service works end to end, that labels improve the model, and that a change
does not make the model worse on a fixed task.

The task is hard because some counterfeiters write, price and trade like honest shops, and some honest sellers are
cheap, mention replicas and have new accounts. Counterfeits come in the colours and product lines of the genuine goods,
with the same shapes of title. Price, the seller's behaviour and wording habits are left to tell them apart. The habits
are common to many rings of counterfeiters and to some honest sellers. The lexicon has none of them, so only labels
teach them. New suppliers appear during the history.

Three traits follow a source, in its order of size and not in its detail:

* Five listings in a hundred are counterfeit: 4.7 % of the value of EU imports in 2021 (OECD and EUIPO, Mapping Global
  Trade in Fakes 2025).
* Bags, outdoor clothing and shoes are 62 % of the copied goods, as leather goods, clothing and footwear are of seized
  ones. Some counterfeits leave from China, Hong Kong and Turkey, the main sources there (same report).
* Counterfeiters have good ratings: the US Government Accountability Office bought 47 goods from sellers rated above
  90 %, and 20 were counterfeit (GAO-18-216, 2018).

All other shares, those of `training.simulation.simulated.habits` included, are our choice and were never measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.listing import Listing, check
from training.simulation.simulated.answers import (
    Answer,
    NamedBrand,
    analyst_answer,
    brand_answer,
    named_brand,
    seller_appeals,
)
from training.simulation.simulated.chance import Random
from training.simulation.simulated.contacts import SellerContact, seller_contacts, with_copied_texts
from training.simulation.simulated.goods import HOUSES, SyntheticBrand
from training.simulation.simulated.habits import Craft, HonestTrade
from training.simulation.simulated.listings import Draft, moment
from training.simulation.simulated.population import Crowd, draw_listings
from training.simulation.simulated.sellers import PER_EURO, Supplier, draw_suppliers
from training.simulation.simulated.stream import SellerEvent, SentListing, Truth, seller_events, sent_listings, truth_of

__all__ = (
    "PER_EURO", "Answer", "Craft", "HonestTrade", "NamedBrand", "SellerContact", "SellerEvent", "SentListing",
    "Settings", "SyntheticBrand", "Truth", "World", "analyst_answer", "brand_answer", "build_world", "evaluation_set",
    "named_brand", "seller_appeals",
)  # fmt: skip

FEWEST_LISTINGS: Final = 100  # Fewer would not contain a counterfeit of every craft.
FEWEST_DAYS: Final = 30
# Separate random streams, so that a larger evaluation set does not change the data sent.
_SUPPLIERS, _SENT, _STREAM, _EVENTS, _UNSENT, _COPIED, _UNSENT_COPIED = range(7)
_CONTACTS, _NEW_SUPPLIERS = 8, 10  # The demo's staff uses 7 and its reports 9.


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a world; `start` has a time zone, and `counterfeit_share` is a share of the listings.

    Raises ValueError (`start` has no offset, or there are too few listings or days for every kind of seller).
    """

    listings: int
    seed: int
    start: datetime
    days: int = 180
    counterfeit_share: float = 0.05

    def __post_init__(self) -> None:
        if self.start.tzinfo is None:
            raise ValueError("start needs an offset: datetime(2026, 1, 1, tzinfo=UTC)")
        if self.listings < FEWEST_LISTINGS or self.days < FEWEST_DAYS:
            raise ValueError(f"a world needs at least {FEWEST_LISTINGS} listings and {FEWEST_DAYS} days")


@dataclass(frozen=True, slots=True)
class World:
    """All data that the marketplace sends, with the ground truth.

    `sent`, `events` and `contacts` are in the order of time. `truth` is by external id and covers the listings; the
    broken rows in `sent` have other ids and no truth.
    """

    brands: tuple[SyntheticBrand, ...]
    sent: tuple[SentListing, ...]
    events: tuple[SellerEvent, ...]
    contacts: tuple[SellerContact, ...]
    truth: Mapping[str, Truth]


def build_world(settings: Settings) -> World:
    """The marketplace of these settings: exactly `settings.listings` listings, plus changes, repeats, broken rows."""
    drafts = draw_listings(
        _random_for(settings, _SENT), _make_crowd(settings, settings.listings, ""), _draw_workshops(settings)
    )
    drafts = with_copied_texts(_random_for(settings, _COPIED), drafts)
    listings = [(f"offer-{number:07d}", listing) for number, listing in enumerate(drafts, 1)]
    return World(
        brands=_announced_brands(drafts),
        sent=sent_listings(_random_for(settings, _STREAM), listings, settings.start, settings.days),
        events=seller_events(_random_for(settings, _EVENTS), listings, settings.start, settings.days),
        contacts=seller_contacts(_random_for(settings, _CONTACTS), drafts, settings.start),
        truth={external_id: truth_of(listing) for external_id, listing in listings},
    )


def evaluation_set(
    settings: Settings, listings: int, *, shares_suppliers: bool = False
) -> tuple[tuple[Listing, ...], NDArray[np.int8]]:
    """Listings of unsent sellers, from the same days as `build`, and their true labels (n,).

    The suppliers of the counterfeiters are new, so nothing that a model knows of a single supplier helps it. With
    `shares_suppliers` they are those of `build`.
    """
    crowd = _make_crowd(settings, listings, "unsent-")
    workshops = _draw_workshops(settings) if shares_suppliers else draw_suppliers(_random_for(settings, _NEW_SUPPLIERS))
    drafts = draw_listings(_random_for(settings, _UNSENT), crowd, workshops)
    drafts = with_copied_texts(_random_for(settings, _UNSENT_COPIED), drafts)
    unsent_listings = tuple(
        _check_draft(listing, f"unsent-offer-{number:07d}", settings.start) for number, listing in enumerate(drafts, 1)
    )
    return unsent_listings, np.array([listing.product.counterfeit for listing in drafts], dtype=np.int8)


def _random_for(settings: Settings, purpose: int) -> Random:
    return np.random.default_rng([settings.seed, purpose])


def _draw_workshops(settings: Settings) -> tuple[Supplier, ...]:
    return draw_suppliers(_random_for(settings, _SUPPLIERS))


def _make_crowd(settings: Settings, listings: int, prefix: str) -> Crowd:
    return Crowd(listings, round(listings * settings.counterfeit_share), settings.days, prefix)


def _announced_brands(drafts: list[Draft]) -> tuple[SyntheticBrand, ...]:
    """The brands, each with its authorised sellers on the marketplace."""
    dealers = {
        listing.seller.external_id: listing.seller
        for listing in drafts
        if listing.seller.kind is HonestTrade.AUTHORISED
    }
    return tuple(
        house.announced(tuple(sorted(name for name, seller in dealers.items() if number in seller.houses)))
        for number, house in enumerate(HOUSES)
    )


def _check_draft(draft: Draft, external_id: str, start: datetime) -> Listing:
    listing = check(draft.row(external_id, start), received_at=moment(start, draft.day))
    assert isinstance(listing, Listing), listing
    return listing
