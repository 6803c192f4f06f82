"""The behaviour of each kind of seller, from `data/habits.tsv`; all its numbers are invented."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from training.simulation.simulated.words import Story, read_table


class Craft(StrEnum):
    """The method of a counterfeiter."""

    OBVIOUS = "obvious"
    CAREFUL = "careful"
    OBFUSCATING = "obfuscating"
    RELISTING = "relisting"


class HonestTrade(StrEnum):
    """The trade of an honest seller; the last three look suspicious."""

    AUTHORISED = "authorised"
    RETAIL = "retail"
    OUTLET = "outlet"
    SECOND_HAND = "second_hand"
    PARALLEL_IMPORT = "parallel_import"


Kind = Craft | HonestTrade


@dataclass(frozen=True, slots=True)
class LogNormal:
    """A log-normal quantity: its median and the standard deviation of its log."""

    median: float
    spread: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """Medians and shares of a kind of seller; a single seller deviates from them.

    `price` is a share of the list price, ages are in days, `sales` in items per month. `returns` is the share of sales
    returned, `fakes` the share of returns claimed as not genuine where the listing is counterfeit. The rest are shares
    of listings: with a declared brand, a GTIN, a description, lexicon words, a counterfeiter's habit of wording (a
    tell), a contact outside the marketplace, an obfuscated name, or branded goods.
    """

    price: LogNormal
    age: LogNormal
    sales: LogNormal
    size: LogNormal
    listing_age: LogNormal
    returns: float
    fakes: float
    rating: float
    declares: float
    coded: float
    described: float
    blatant: float = 0.0
    tells: float = 0.0
    contacts: float = 0.0
    obfuscations: float = 0.0
    branded: float = 1.0
    stories: Mapping[Story, float]


# The share of returns of genuine goods that buyers claim as not genuine.
FAKES_OF_GENUINE: Final = 0.03
_AROUND: Final = ("price", "age", "sales", "size", "offer_age")
_NOT_SHARES: Final = {"kind", "share", "stories", *_AROUND}


def _read_habits(row: Mapping[str, str]) -> Habits:
    price, age, sales, size, listing_age = (LogNormal(*map(float, row[name].split(" ± "))) for name in _AROUND)
    return Habits(
        price=price,
        age=age,
        sales=sales,
        size=size,
        listing_age=listing_age,
        **{name: float(share) for name, share in row.items() if name not in _NOT_SHARES},
        stories={Story(name): float(share) for name, share in (part.split(" ") for part in row["stories"].split(", "))},
    )


_ROWS: Final = {row["kind"]: row for row in read_table("habits.tsv")}
HABITS: Final[Mapping[Kind, Habits]] = {kind: _read_habits(_ROWS[kind]) for kind in (*HonestTrade, *Craft)}
# Shares of counterfeit listings by craft, of genuine listings by trade.
CRAFTS: Final[Mapping[Kind, float]] = {kind: float(_ROWS[kind]["share"]) for kind in Craft}
TRADES: Final[Mapping[Kind, float]] = {kind: float(_ROWS[kind]["share"]) for kind in HonestTrade}
