"""All sellers of the synthetic marketplace and all their listings."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final

from training.simulation.simulated.chance import Random, choose, happens
from training.simulation.simulated.habits import CRAFTS, HABITS, TRADES, Craft, HonestTrade
from training.simulation.simulated.listings import Draft, draw_listing, draw_product, relist
from training.simulation.simulated.sellers import Supplier, counterfeiter, honest_seller, reopen

_UNKNOWING: Final = 0.06  # Share of all fakes that honest second-hand sellers list unknowingly.
_NAMES: Final = ("alba", "north", "mir", "lumen", "casa", "hao", "delta", "vega", "pluma", "orbit", "sever", "jade")
_MOST_SELLERS: Final = 1_000_000
_COMES_BACK: Final = 0.85  # Share of a removed account's listings that its successor relists.


@dataclass(frozen=True, slots=True)
class Crowd:
    """The numbers of listings, of counterfeits among them, and of days; `prefix` starts the seller ids of a crowd."""

    listings: int
    counterfeits: int
    days: int
    prefix: str


def draw_listings(random: Random, crowd: Crowd, workshops: tuple[Supplier, ...]) -> list[Draft]:
    """Exactly `crowd.listings` listings in the order of time."""
    ids = _seller_ids(random, crowd.prefix)
    drafts: list[Draft] = []
    unknowing = round(crowd.counterfeits * _UNKNOWING)
    for craft in Craft:
        quota = round((crowd.counterfeits - unknowing) * CRAFTS[craft])
        drafts.extend(_until_counterfeits(quota, _counterfeit_listings(random, ids, craft, crowd.days, workshops)))
    remaining_count = crowd.listings - len(drafts)
    quotas = {trade: round(remaining_count * TRADES[trade]) for trade in HonestTrade}
    quotas[HonestTrade.RETAIL] += remaining_count - sum(quotas.values())
    for trade, quota in quotas.items():
        chance = unknowing / max(quota * HABITS[trade].branded, 1) if trade is HonestTrade.SECOND_HAND else 0.0
        listings = _honest_listings(random, ids, trade, crowd.days, chance)
        drafts.extend(next(listings) for _ in range(quota))
    return sorted(drafts, key=lambda listing: listing.day)


def _seller_ids(random: Random, prefix: str) -> Iterator[str]:
    """Seller ids in an order that does not depend on the kind of seller."""
    taken: set[int] = set()
    while len(taken) < _MOST_SELLERS:
        number = int(random.integers(_MOST_SELLERS))
        if number not in taken:
            taken.add(number)
            yield f"{prefix}{choose(random, _NAMES)}-{number:06d}"


def _until_counterfeits(counterfeits: int, listings: Iterator[Draft]) -> Iterator[Draft]:
    """Listings until `counterfeits` of them are counterfeit."""
    while counterfeits > 0:
        listing = next(listings)
        counterfeits -= listing.product.counterfeit
        yield listing


def _counterfeit_listings(
    random: Random, ids: Iterator[str], craft: Craft, days: int, workshops: tuple[Supplier, ...]
) -> Iterator[Draft]:
    while True:
        seller = counterfeiter(random, next(ids), craft, days, workshops)
        listings = [
            draw_listing(random, seller, draw_product(random, seller, unknowing=0.0))
            for _ in range(seller.career.listings)
        ]
        yield from listings
        while craft is Craft.RELISTING and (successor := reopen(random, seller, next(ids), days)) is not None:
            seller = successor
            listings = [relist(random, listing, seller) for listing in listings if happens(random, _COMES_BACK)]
            yield from listings


def _honest_listings(
    random: Random, ids: Iterator[str], trade: HonestTrade, days: int, unknowing: float
) -> Iterator[Draft]:
    for number in count():
        seller = honest_seller(random, next(ids), trade, days, number=number)
        for _ in range(seller.career.listings):
            yield draw_listing(random, seller, draw_product(random, seller, unknowing=unknowing))
