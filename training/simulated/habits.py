"""How each kind of seller behaves: the numbers behind the synthetic marketplace, all of them invented."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from training.simulated.words import Story


class Craft(StrEnum):
    """How a counterfeiter goes about it."""

    OBVIOUS = "obvious"
    CAREFUL = "careful"
    OBFUSCATING = "obfuscating"
    RELISTING = "relisting"


class Honest(StrEnum):
    """What an honest seller trades in; the last three look suspicious without being so."""

    AUTHORISED = "authorised"
    RETAIL = "retail"
    OUTLET = "outlet"
    SECOND_HAND = "second_hand"
    PARALLEL_IMPORT = "parallel_import"


Kind = Craft | Honest


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """A quantity that varies by factors: its median and the standard deviation of its log."""

    median: float
    spread: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """Medians and shares by which a kind of seller acts; a single seller deviates from them.

    `price` is a share of the list price, ages are days, `sales` items a month. `returns` is the share of sales sent
    back, `fakes` the share of those said to be not genuine where the offer is counterfeit. The rest are the shares of
    offers that declare the brand, carry a GTIN, are described, use lexicon words, a supplier's tell, a contact outside
    the marketplace, or a disguised name.
    """

    price: Around
    age: Around
    sales: Around
    size: Around
    offer_age: Around
    returns: float
    fakes: float
    rating: float
    declares: float
    coded: float
    described: float
    blatant: float = 0.0
    tells: float = 0.0
    contacts: float = 0.0
    disguises: float = 0.0
    branded: float = 1.0
    stories: Mapping[Story, float]


# What honest buyers now and then say of genuine goods.
FAKES_OF_GENUINE: Final = 0.03

HABITS: Final[Mapping[Kind, Habits]] = {
    Honest.AUTHORISED: Habits(
        price=Around(median=0.97, spread=0.07),
        age=Around(median=1800, spread=0.6),
        sales=Around(median=200, spread=0.8),
        size=Around(median=14, spread=0.6),
        offer_age=Around(median=120, spread=1.0),
        returns=0.06,
        fakes=0.02,
        rating=4.7,
        declares=0.9,
        coded=0.7,
        described=0.9,
        tells=0.01,
        stories={Story.RETAIL: 1.0},
    ),
    Honest.RETAIL: Habits(
        price=Around(median=0.88, spread=0.2),
        age=Around(median=500, spread=1.2),
        sales=Around(median=50, spread=1.2),
        size=Around(median=4, spread=1.0),
        offer_age=Around(median=45, spread=1.2),
        returns=0.08,
        fakes=0.15,
        rating=4.5,
        declares=0.72,
        coded=0.4,
        described=0.8,
        blatant=0.004,
        tells=0.05,
        contacts=0.006,
        disguises=0.01,
        branded=0.55,
        stories={Story.RETAIL: 0.9, Story.IMPORT: 0.1},
    ),
    Honest.OUTLET: Habits(
        price=Around(median=0.52, spread=0.25),
        age=Around(median=450, spread=1.2),
        sales=Around(median=60, spread=1.0),
        size=Around(median=6, spread=0.9),
        offer_age=Around(median=35, spread=1.2),
        returns=0.10,
        fakes=0.15,
        rating=4.4,
        declares=0.7,
        coded=0.3,
        described=0.8,
        blatant=0.004,
        tells=0.06,
        contacts=0.005,
        disguises=0.01,
        branded=0.9,
        stories={Story.OUTLET: 1.0},
    ),
    Honest.SECOND_HAND: Habits(
        price=Around(median=0.40, spread=0.45),
        age=Around(median=350, spread=1.5),
        sales=Around(median=2, spread=1.0),
        size=Around(median=1.6, spread=0.8),
        offer_age=Around(median=350, spread=1.5),
        returns=0.06,
        fakes=0.25,
        rating=4.6,
        declares=0.62,
        coded=0.06,
        described=0.75,
        blatant=0.006,
        tells=0.05,
        contacts=0.03,
        disguises=0.02,
        branded=0.9,
        stories={Story.SECOND_HAND: 1.0},
    ),
    Honest.PARALLEL_IMPORT: Habits(
        price=Around(median=0.70, spread=0.2),
        age=Around(median=380, spread=1.2),
        sales=Around(median=40, spread=1.1),
        size=Around(median=5, spread=0.9),
        offer_age=Around(median=35, spread=1.2),
        returns=0.11,
        fakes=0.2,
        rating=4.4,
        declares=0.7,
        coded=0.35,
        described=0.8,
        blatant=0.006,
        tells=0.09,
        contacts=0.02,
        disguises=0.015,
        branded=0.95,
        stories={Story.IMPORT: 1.0},
    ),
    Craft.OBVIOUS: Habits(
        price=Around(median=0.2, spread=0.4),
        age=Around(median=200, spread=1.2),
        sales=Around(median=45, spread=1.1),
        size=Around(median=4, spread=0.7),
        offer_age=Around(median=22, spread=1.1),
        returns=0.11,
        fakes=0.15,
        rating=4.1,
        declares=0.5,
        coded=0.05,
        described=0.8,
        blatant=0.6,
        tells=0.45,
        contacts=0.25,
        disguises=0.1,
        stories={Story.RETAIL: 0.6, Story.OUTLET: 0.2, Story.IMPORT: 0.2},
    ),
    Craft.CAREFUL: Habits(
        price=Around(median=0.63, spread=0.24),
        age=Around(median=250, spread=1.1),
        sales=Around(median=45, spread=1.1),
        size=Around(median=4, spread=0.8),
        offer_age=Around(median=24, spread=1.1),
        returns=0.135,
        fakes=0.4,
        rating=4.25,
        declares=0.66,
        coded=0.16,
        described=0.82,
        blatant=0.01,
        tells=0.68,
        contacts=0.02,
        disguises=0.02,
        stories={Story.RETAIL: 0.4, Story.OUTLET: 0.25, Story.IMPORT: 0.2, Story.SECOND_HAND: 0.15},
    ),
    Craft.OBFUSCATING: Habits(
        price=Around(median=0.33, spread=0.45),
        age=Around(median=240, spread=1.2),
        sales=Around(median=30, spread=1.1),
        size=Around(median=4, spread=0.7),
        offer_age=Around(median=22, spread=1.1),
        returns=0.11,
        fakes=0.2,
        rating=4.2,
        declares=0.15,
        coded=0.02,
        described=0.7,
        blatant=0.12,
        tells=0.55,
        contacts=0.35,
        disguises=0.75,
        stories={Story.RETAIL: 0.7, Story.OUTLET: 0.2, Story.IMPORT: 0.1},
    ),
    Craft.RELISTING: Habits(
        price=Around(median=0.48, spread=0.3),
        age=Around(median=45, spread=1.0),
        sales=Around(median=20, spread=1.0),
        size=Around(median=4, spread=0.5),
        offer_age=Around(median=45, spread=1.0),
        returns=0.13,
        fakes=0.3,
        rating=4.2,
        declares=0.6,
        coded=0.12,
        described=0.85,
        blatant=0.05,
        tells=0.68,
        contacts=0.08,
        disguises=0.06,
        stories={Story.RETAIL: 0.4, Story.OUTLET: 0.35, Story.IMPORT: 0.15, Story.SECOND_HAND: 0.1},
    ),
}

# Shares of counterfeit offers by craft, of genuine offers by trade.
CRAFTS: Final[Mapping[Kind, float]] = {
    Craft.OBVIOUS: 0.2,
    Craft.CAREFUL: 0.4,
    Craft.OBFUSCATING: 0.2,
    Craft.RELISTING: 0.2,
}
TRADES: Final[Mapping[Kind, float]] = {
    Honest.AUTHORISED: 0.07,
    Honest.RETAIL: 0.53,
    Honest.OUTLET: 0.10,
    Honest.SECOND_HAND: 0.18,
    Honest.PARALLEL_IMPORT: 0.12,
}
