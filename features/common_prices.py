"""Prices that many listings of a marketplace have to the cent: shelf prices, and prices that stand for 'ask me'."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Self

Price = tuple[int, str]  # Minor units, currency.

# Of any thousand listings a few share a price by chance; from twenty on a price is a habit.
FEWEST: Final = 20
# The commonest prices of a large marketplace; a longer table would say of rare prices that they are rare.
MOST: Final = 500


@dataclass(frozen=True, slots=True)
class CommonPrices:
    """How many listings have each of the commonest prices."""

    rows: Mapping[Price, int] = field(default_factory=dict)

    @classmethod
    def among(cls, prices: Iterable[Price]) -> Self:
        """The commonest of these prices."""
        common = [pair for pair in Counter(prices).items() if pair[1] >= FEWEST]
        return cls(dict(sorted(common, key=lambda pair: (-pair[1], pair[0]))[:MOST]))

    def offers(self, price: Price | None) -> int | None:
        """How many listings have this price, 0 where it is not common; None without a price."""
        return None if price is None else self.rows.get(price, 0)

    def around(self, price: Price | None) -> "CommonPrices":
        """The listings at this listing's own price, without the listing itself."""
        others = 0 if price is None else self.rows.get(price, 0) - 1
        return NOTHING_COMMON if price is None or others < FEWEST else CommonPrices({price: others})


NOTHING_COMMON: Final = CommonPrices()
