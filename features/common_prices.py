"""Prices that many listings of a marketplace share to the cent: shelf prices, and placeholders for 'ask me'."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Self

Price = tuple[int, str]  # Minor units, currency.

# A few of a thousand listings share a price by chance; from twenty on a price counts as common.
FEWEST: Final = 20
# Enough for the commonest prices of a large marketplace; a longer table would only add rare prices.
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

    def listings(self, price: Price | None) -> int | None:
        """How many listings have this price, 0 where it is not common; None without a price."""
        return None if price is None else self.rows.get(price, 0)

    def around(self, price: Price | None) -> "CommonPrices":
        """The listings at this listing's own price, without the listing itself."""
        others = 0 if price is None else self.rows.get(price, 0) - 1
        return NOTHING_COMMON if price is None or others < FEWEST else CommonPrices({price: others})


NOTHING_COMMON: Final = CommonPrices()
