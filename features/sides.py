"""Which conclusion a feature's words support, so that no reason contradicts its own weight.

A forest can give any value a weight of either sign: by chance, or because the value matters only beside others. The
words of a feature are told only for a weight of the side that a reader takes from them.
"""

import math
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from features.priors import Priors
    from features.spec import Evidence


class Side(StrEnum):
    """The conclusion that words support: `EITHER` describe without a conclusion, `NONE` say nothing of the goods."""

    COUNTERFEIT = "counterfeit"
    GENUINE = "genuine"
    EITHER = "either"
    NONE = "none"

    def agrees(self, weight: float) -> bool:
        """Whether the words may stand beside a weight; above zero it points to counterfeit."""
        return self is Side.EITHER or self is (Side.COUNTERFEIT if weight > 0 else Side.GENUINE)


SideOf = Callable[["Evidence", float], Side]

_PRICE_AT: Final = math.log(0.95)  # As `features.message.compared`: from 5 % below, a price is below the other.


def _rule(decide: Callable[[float], Side]) -> SideOf:
    return lambda _, value: decide(value)


# A description of the listing or its seller from which a reader concludes nothing.
either: Final = _rule(lambda _: Side.EITHER)
# As `either`, but a count of zero describes nothing.
some: Final = _rule(lambda value: Side.EITHER if value else Side.NONE)
# Words for the presence of an indicator, and words for its absence.
indicator: Final = _rule(lambda value: Side.COUNTERFEIT if value > 0 else Side.GENUINE)
confirmation: Final = _rule(lambda value: Side.GENUINE if value > 0 else Side.COUNTERFEIT)
# A count that speaks only where it is above zero: none found is no finding.
accusing: Final = _rule(lambda value: Side.COUNTERFEIT if value > 0 else Side.NONE)
clearing: Final = _rule(lambda value: Side.GENUINE if value > 0 else Side.NONE)
# The distance to a counterfeit speaks against a listing, however far.
always_accusing: Final = _rule(lambda _: Side.COUNTERFEIT)


def high(genuine_below: float, counterfeit_from: float) -> SideOf:
    """High values point to counterfeit, low ones to genuine goods; between the bounds, either."""
    return _rule(
        lambda value: (
            Side.GENUINE if value < genuine_below else Side.COUNTERFEIT if value >= counterfeit_from else Side.EITHER
        )
    )


def low(counterfeit_below: float, genuine_from: float) -> SideOf:
    """Low values point to counterfeit, high ones to genuine goods; between the bounds, either."""
    return _rule(
        lambda value: (
            Side.COUNTERFEIT if value < counterfeit_below else Side.GENUINE if value >= genuine_from else Side.EITHER
        )
    )


# A price below another price points to counterfeit; one at or above it to genuine goods.
cheap: Final = low(_PRICE_AT, _PRICE_AT)


def days(young: int, old: int) -> SideOf:
    """An age as the log of 1 + its days: below `young` it points to counterfeit, from `old` on to genuine goods."""
    return low(math.log1p(young), math.log1p(old))


# The last 7 of 90 days at a steady pace have 8 %; twice that is a burst.
burst: Final = high(7 / 90, 14 / 90)
# A pace up to that of the longer window is steady; half as much again is a burst.
growth: Final = high(0.0, math.log(1.5))


def above_prior(prior: Callable[["Priors"], float]) -> SideOf:
    """A smoothed share above the base rate points to counterfeit, one below it to genuine goods."""
    return lambda e, value: Side.COUNTERFEIT if value > prior(e.priors) else Side.GENUINE


def grave(part: Callable[["Evidence"], float | None], prior: Callable[["Priors"], float]) -> SideOf:
    """A share of which a single case is grave: no case points to genuine goods, a share above the base rate to
    counterfeit. A few cases among many say neither."""

    def side(e: "Evidence", value: float) -> Side:
        if not part(e):
            return Side.GENUINE
        return Side.COUNTERFEIT if value > prior(e.priors) else Side.NONE

    return side
