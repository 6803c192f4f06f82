"""The price history of one listing, version by version."""

from dataclasses import dataclass, replace
from typing import Final

# Smaller log differences come from exchange rates or rounding and count as the same price.
_SAME: Final = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPrices:
    """A listing's log prices in the base currency so far; versions without a known price are skipped.

    `versions` counts those with a price. `largest_fall` is the log ratio of the steepest single fall, 0 where the price
    never fell. `highest` and `latest` are None before the first price.
    """

    versions: int = 0
    changes: int = 0
    largest_fall: float = 0.0
    highest: float | None = None
    latest: float | None = None

    def then(self, log_price: float | None) -> "OwnPrices":
        """The prices with one more version.

        >>> OwnPrices().then(2.0).then(None).then(1.5).largest_fall
        -0.5
        """
        if log_price is None:
            return self
        if self.latest is None or self.highest is None:
            return replace(self, versions=self.versions + 1, highest=log_price, latest=log_price)
        step = log_price - self.latest
        return OwnPrices(
            versions=self.versions + 1,
            changes=self.changes + (abs(step) > _SAME),
            largest_fall=min(self.largest_fall, step),
            highest=max(self.highest, log_price),
            latest=log_price,
        )


NO_PRICES: Final = OwnPrices()
