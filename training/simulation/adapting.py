"""Sellers who learn: whose listing was removed comes back in other words, at another price, under another name.

The more often the same people were caught, the more of what gave them away is gone: phrases, lexicon words and
contacts are left out, the brand is written so that a search misses it, the price moves towards what the goods cost.
"""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from training.simulated.brands import HOUSES
from training.simulated.chance import Random, happens
from training.simulated.habits import Craft
from training.simulated.obfuscation import mistyped, obfuscated
from training.simulated.words import BLATANT_SENTENCES, BLATANT_TITLES, CONTACTS, TELLS
from training.simulation.market import Accounts, Market, Offered

_COMES_BACK: Final = 0.85  # As training.simulated.population has it for accounts that were closed.
_BACK_AFTER: Final = (1.0, 6.0)  # Days, as training.simulated.sellers.
_MOST_ACCOUNTS: Final = 5  # A person with so many closed accounts changes to another trade.
_LEARNS: Final = 0.3  # Of what still gives them away, with each removal.
_DEARER: Final = 0.6  # At most, once everything is learnt.
_ACCOUNT_DAYS: Final = 45  # A fresh account is at most so old.
_AGAIN: Final = "~"
_REWORDED, _RETURNED = 11, 12  # Purposes of chance.
_GIVEAWAYS: Final = tuple(
    words
    for kind in (TELLS, BLATANT_SENTENCES, BLATANT_TITLES, CONTACTS)
    for spoken in kind.values()
    for words in spoken
)
_CRAFTS: Final = frozenset(craft.value for craft in Craft)
_KEPT: Final = frozenset(
    [
        "title",
        "description",
        "brand",
        "product_type",
        "price",
        "currency",
        "list_price",
        "gtin",
        "condition",
        "language",
        "ship_from",
        "image_link",
    ]
)


@dataclass(slots=True)
class Adapting:
    """The counterfeiters of one arm: when they were caught, and what stands up again when."""

    market: Market
    _caught: dict[str, list[datetime]] = field(default_factory=dict)
    _waiting: list[tuple[datetime, str, Offered]] = field(default_factory=list)
    _accounts: Accounts = field(init=False)

    def __post_init__(self) -> None:
        self._accounts = Accounts(self.market.taking_part)

    def notice(self, offered: Offered, removed_at: datetime) -> None:
        """A listing was removed: its people remember, and mostly bring it back. Honest sellers appeal, or leave it."""
        if offered.truth.kind not in _CRAFTS:
            return
        people, accounts = _people(offered)
        self._caught.setdefault(people, []).append(removed_at)
        random = offered.random(_RETURNED)
        if accounts < _MOST_ACCOUNTS and happens(random, _COMES_BACK):
            low, high = _BACK_AFTER
            back_at = removed_at + timedelta(days=low + (high - low) * random.random())
            heapq.heappush(self._waiting, (back_at, offered.external_id, offered))

    def returned(self, until: datetime) -> list[Offered]:
        """The accounts that reopen up to a moment, by time."""
        found = []
        while self._waiting and self._waiting[0][0] <= until:
            at, _, offered = heapq.heappop(self._waiting)
            found.append(self._again(offered, at))
        return found

    def as_written(self, offered: Offered) -> Offered:
        """A listing of the world as people write it who have been caught by then."""
        times = self._times_caught(offered, offered.at)
        if offered.truth.kind not in _CRAFTS or not times:
            return offered
        row = reworded(offered.row, times, offered.random(_REWORDED))
        return self.market.rewritten(offered, row)

    def _again(self, offered: Offered, at: datetime) -> Offered:
        people, accounts = _people(offered)
        seller = f"{people}{_AGAIN}{accounts + 1}"
        external_id = f"{offered.external_id.split(_AGAIN)[0]}{_AGAIN}{accounts + 1}"
        random = offered.random(_REWORDED)
        row = under_another_name(reworded(offered.row, self._times_caught(offered, at), random), random)
        block = row["seller"]
        assert isinstance(block, dict)
        row |= {"external_id": external_id, "seller": {**block, "external_id": seller}}
        return self.market.came(
            row,
            at,
            self._accounts,
            truth=replace(offered.truth, seller=seller),
            draw=float(random.random()),
            chance=(*offered.chance, accounts + 1),
        )

    def _times_caught(self, offered: Offered, at: datetime) -> int:
        return sum(moment <= at for moment in self._caught.get(_people(offered)[0], []))


def _people(offered: Offered) -> tuple[str, int]:
    """The person behind an account, and how many accounts of theirs were closed before it."""
    people, _, accounts = offered.truth.seller.partition(_AGAIN)
    return people, int(accounts or 0)


def learnt(caught: int) -> float:
    """Share of what gives them away that people drop who were caught so often.

    >>> [round(learnt(times), 2) for times in (0, 1, 2, 5)]
    [0.0, 0.3, 0.51, 0.83]
    """
    return 1 - (1 - _LEARNS) ** caught


def reworded(row: Mapping[str, object], caught: int, random: Random) -> dict[str, object]:
    """The row as people write it who were caught so often."""
    share = learnt(caught)
    found = dict(row)
    for name in ("title", "description"):
        if isinstance(text := found.get(name), str):
            found[name] = _without_giveaways(text, share, random)
    title = str(found["title"]) or str(row["title"])
    for house in HOUSES:
        if house.brand.name in title and happens(random, share / 2):
            title = title.replace(house.brand.name, obfuscated(random, house.brand.name))
            found.pop("brand", None)
            found.pop("gtin", None)
    found["title"] = mistyped(random, title) if happens(random, share / 2) else title
    if "price" in found:
        found["price"] = f"{float(str(found['price'])) * (1 + _DEARER * share * random.random()):.2f}"
    return {name: value for name, value in found.items() if value != ""}


def _without_giveaways(text: str, share: float, random: Random) -> str:
    for words in _GIVEAWAYS:
        if words in text and happens(random, share):
            text = text.replace(words, "")
    return " ".join(text.split())


def under_another_name(row: Mapping[str, object], random: Random) -> dict[str, object]:
    """The row as a fresh account sends it, still without ids: nothing was sold, nobody has rated."""
    block: dict[str, object] = {"age_days": int(random.random() * _ACCOUNT_DAYS)}
    if isinstance(before := row.get("seller"), Mapping) and "country" in before:
        block["country"] = before["country"]
    return {**{name: value for name, value in row.items() if name in _KEPT}, "seller": block}
