"""A simulated marketplace with counterfeits in it, the same for the same seed.

It is simulated, and figures measured on it prove nothing about accuracy in the field. Its brands, prices, sellers,
wording and mistakes are invented, and the shares in `training.simulated.habits` were chosen so that the task is
hard, not so that it resembles any marketplace. It shows that the service works from end to end, that labels improve
the model, and that a change does not make the model worse on a task that stands still; nothing more.

Hard means: some counterfeiters write, price and trade as honest shops do, and some honest sellers are young, cheap
and talk about replicas. What gives a supplier's goods away (phrases, products, colours) is not in the lexicon and
differs from seed to seed; new suppliers appear in the course of the history; so there is something to learn as long
as labels arrive, and something that no label can teach.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.listing import Listing, check
from training.simulated.answers import Answer, analyst_answer, brand_answer, seller_appeals
from training.simulated.brands import HOUSES, SyntheticBrand
from training.simulated.chance import Random
from training.simulated.contacts import SellerContact, seller_contacts
from training.simulated.copying import copied
from training.simulated.habits import Craft, Honest
from training.simulated.listings import Draft, moment
from training.simulated.population import Crowd, draw_listings
from training.simulated.sellers import PER_EURO, Supplier, draw_suppliers
from training.simulated.stream import SellerEvent, Sent, Truth, seller_events, stream, truth_of

__all__ = (
    "PER_EURO",
    "Answer",
    "Craft",
    "Honest",
    "SellerContact",
    "SellerEvent",
    "Sent",
    "Settings",
    "SyntheticBrand",
    "Truth",
    "World",
    "analyst_answer",
    "brand_answer",
    "build",
    "evaluation_set",
    "seller_appeals",
)

FEWEST_LISTINGS: Final = 100  # Fewer hold no counterfeit of every craft.
FEWEST_DAYS: Final = 30
# One stream of chance each, so that asking for a larger evaluation set changes nothing that is sent.
_SUPPLIERS, _SENT, _STREAM, _EVENTS, _UNSENT, _COPIED, _UNSENT_COPIED = range(7)
_CONTACTS: Final = 8  # 7 is the demo's staff.


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a world; `start` is aware, `counterfeit_share` is of listings, a day is 24 hours.

    Raises
    ------
    ValueError
        `start` has no offset, or there are too few listings or days for everybody to take part.
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
    """Everything that the marketplace will send, and what is true of it.

    `sent`, `events` and `contacts` are in the order of time. `truth` is by external id and covers the listings; the few
    broken rows in `sent` have ids of their own and no truth.
    """

    brands: tuple[SyntheticBrand, ...]
    sent: tuple[Sent, ...]
    events: tuple[SellerEvent, ...]
    contacts: tuple[SellerContact, ...]
    truth: Mapping[str, Truth]


def build(settings: Settings) -> World:
    """The marketplace of these settings: exactly `settings.listings` listings, with changes, repeats, broken rows."""
    drafts = draw_listings(_random(settings, _SENT), _crowd(settings, settings.listings, ""), _workshops(settings))
    drafts = copied(_random(settings, _COPIED), drafts)
    listings = [(f"offer-{number:07d}", listing) for number, listing in enumerate(drafts, 1)]
    return World(
        brands=_announced(drafts),
        sent=stream(_random(settings, _STREAM), listings, settings.start, settings.days),
        events=seller_events(_random(settings, _EVENTS), listings, settings.start, settings.days),
        contacts=seller_contacts(_random(settings, _CONTACTS), drafts, settings.start),
        truth={external_id: truth_of(listing) for external_id, listing in listings},
    )


def evaluation_set(settings: Settings, listings: int) -> tuple[tuple[Listing, ...], NDArray[np.int8]]:
    """Listings of sellers that `build` never sends, from the same suppliers and days, and their true labels (n,)."""
    crowd = _crowd(settings, listings, "unsent-")
    drafts = draw_listings(_random(settings, _UNSENT), crowd, _workshops(settings))
    drafts = copied(_random(settings, _UNSENT_COPIED), drafts)
    found = tuple(
        _checked(listing, f"unsent-offer-{number:07d}", settings.start) for number, listing in enumerate(drafts, 1)
    )
    return found, np.array([listing.item.counterfeit for listing in drafts], dtype=np.int8)


def _random(settings: Settings, purpose: int) -> Random:
    return np.random.default_rng([settings.seed, purpose])


def _workshops(settings: Settings) -> tuple[Supplier, ...]:
    return draw_suppliers(_random(settings, _SUPPLIERS))


def _crowd(settings: Settings, listings: int, prefix: str) -> Crowd:
    return Crowd(listings, round(listings * settings.counterfeit_share), settings.days, prefix)


def _announced(drafts: list[Draft]) -> tuple[SyntheticBrand, ...]:
    """The brands, each with the authorised sellers that are on the marketplace."""
    dealers = {
        listing.seller.external_id: listing.seller for listing in drafts if listing.seller.kind is Honest.AUTHORISED
    }
    return tuple(
        house.announced(tuple(sorted(name for name, seller in dealers.items() if number in seller.houses)))
        for number, house in enumerate(HOUSES)
    )


def _checked(offer: Draft, external_id: str, start: datetime) -> Listing:
    listing = check(offer.row(external_id, start), received_at=moment(start, offer.day))
    assert isinstance(listing, Listing), listing
    return listing
