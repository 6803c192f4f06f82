"""Sellers who adapt: after a removal, they relist with another text, at another price, under another account.

With each removal, people drop more counterfeit indicators. They omit phrases, lexicon words and contacts, obfuscate the
brand, and raise the price towards the usual price.
"""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from training.simulation.market import Accounts, Market, OfferedListing
from training.simulation.simulated.chance import Random, happens
from training.simulation.simulated.goods import HOUSES
from training.simulation.simulated.habits import Craft
from training.simulation.simulated.prose import mistype, obfuscate
from training.simulation.simulated.words import BLATANT_SENTENCES, BLATANT_TITLES, CONTACTS, TELLS

_COMES_BACK: Final = 0.85  # As training.simulation.simulated.population for closed accounts.
_BACK_AFTER: Final = (1.0, 6.0)  # Days, as training.simulation.simulated.sellers.
_MOST_ACCOUNTS: Final = 5  # With more closed accounts, a person gives up.
_LEARNS: Final = 0.3  # Share of the remaining indicators dropped with each removal.
_DEARER: Final = 0.6  # The maximum price increase, once all indicators are dropped.
_ACCOUNT_DAYS: Final = 45  # The maximum age of a new account.
_AGAIN: Final = "~"
_REWORDED, _RETURNED = 11, 12  # Random streams.
_GIVEAWAYS: Final = tuple(
    words
    for kind in (TELLS, BLATANT_SENTENCES, BLATANT_TITLES, CONTACTS)
    for spoken in kind.values()
    for words in spoken
)
_CRAFTS: Final = frozenset(craft.value for craft in Craft)
_KEPT_FIELDS: Final = frozenset(
    [
        "title", "description", "brand", "product_type", "price", "currency", "list_price", "gtin", "condition",
        "language", "ship_from", "image_link",
    ]
)  # fmt: skip


@dataclass(slots=True)
class AdaptingSellers:
    """The counterfeiters of one arm: the times of their removals, and the listings that wait to be relisted."""

    market: Market
    _caught: dict[str, list[datetime]] = field(default_factory=dict)
    _waiting: list[tuple[datetime, str, OfferedListing]] = field(default_factory=list)
    _accounts: Accounts = field(init=False)

    def __post_init__(self) -> None:
        self._accounts = Accounts(self.market.taking_part)

    def notice(self, offered: OfferedListing, removed_at: datetime) -> None:
        """Record a removal; a counterfeiter usually relists. Honest sellers appeal or do nothing."""
        if offered.truth.kind not in _CRAFTS:
            return
        people, accounts = _person_and_number(offered)
        self._caught.setdefault(people, []).append(removed_at)
        random = offered.random(_RETURNED)
        if accounts < _MOST_ACCOUNTS and happens(random, _COMES_BACK):
            low, high = _BACK_AFTER
            back_at = removed_at + timedelta(days=low + (high - low) * random.random())
            heapq.heappush(self._waiting, (back_at, offered.external_id, offered))

    def returned(self, until: datetime) -> list[OfferedListing]:
        """The listings of accounts that reopen until a given time, by time."""
        sent_listings = []
        while self._waiting and self._waiting[0][0] <= until:
            at, _, offered = heapq.heappop(self._waiting)
            sent_listings.append(self._again(offered, at))
        return sent_listings

    def as_written(self, offered: OfferedListing) -> OfferedListing:
        """A listing as its people write it after their removals so far."""
        times = self._times_caught(offered, offered.at)
        if offered.truth.kind not in _CRAFTS or not times:
            return offered
        return self.market.rewritten(offered, reword(offered.row, times, offered.random(_REWORDED)))

    def _again(self, offered: OfferedListing, at: datetime) -> OfferedListing:
        people, accounts = _person_and_number(offered)
        seller = f"{people}{_AGAIN}{accounts + 1}"
        external_id = f"{offered.external_id.split(_AGAIN)[0]}{_AGAIN}{accounts + 1}"
        random = offered.random(_REWORDED)
        row = new_account_row(reword(offered.row, self._times_caught(offered, at), random), random)
        block = row["seller"]
        assert isinstance(block, dict)
        row |= {"external_id": external_id, "seller": {**block, "external_id": seller}}
        return self.market.arrived(
            row,
            at,
            self._accounts,
            truth=replace(offered.truth, seller=seller),
            draw=float(random.random()),
            chance=(*offered.chance, accounts + 1),
        )

    def _times_caught(self, offered: OfferedListing, at: datetime) -> int:
        return sum(moment <= at for moment in self._caught.get(_person_and_number(offered)[0], []))


def _person_and_number(offered: OfferedListing) -> tuple[str, int]:
    """The person behind an account, and the number of this person's closed accounts."""
    people, _, accounts = offered.truth.seller.partition(_AGAIN)
    return people, int(accounts or 0)


def dropped_share(caught: int) -> float:
    """The share of counterfeit indicators that people drop after `caught` removals.

    >>> [round(dropped_share(times), 2) for times in (0, 1, 2, 5)]
    [0.0, 0.3, 0.51, 0.83]
    """
    return 1 - (1 - _LEARNS) ** caught


def reword(row: Mapping[str, object], caught: int, random: Random) -> dict[str, object]:
    """The row as its people write it after `caught` removals."""
    share = dropped_share(caught)
    new_row = dict(row)
    for name in ("title", "description"):
        if isinstance(text := new_row.get(name), str):
            new_row[name] = _without_giveaways(text, share, random)
    title = str(new_row["title"]) or str(row["title"])
    for house in HOUSES:
        if house.brand.name in title and happens(random, share / 2):
            title = title.replace(house.brand.name, obfuscate(random, house.brand.name))
            new_row.pop("brand", None)
            new_row.pop("gtin", None)
    new_row["title"] = mistype(random, title) if happens(random, share / 2) else title
    if "price" in new_row:
        new_row["price"] = f"{float(str(new_row['price'])) * (1 + _DEARER * share * random.random()):.2f}"
    return {name: cell for name, cell in new_row.items() if cell != ""}


def _without_giveaways(text: str, share: float, random: Random) -> str:
    for words in _GIVEAWAYS:
        if words in text and happens(random, share):
            text = text.replace(words, "")
    return " ".join(text.split())


def new_account_row(row: Mapping[str, object], random: Random) -> dict[str, object]:
    """The row of a new account without sales and ratings; the caller adds the ids."""
    block: dict[str, object] = {"age_days": int(random.random() * _ACCOUNT_DAYS)}
    if isinstance(before := row.get("seller"), Mapping) and "country" in before:
        block["country"] = before["country"]
    return {**{name: cell for name, cell in row.items() if name in _KEPT_FIELDS}, "seller": block}
