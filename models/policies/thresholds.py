"""How careful a promised threshold is."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class PromisePolicy:
    """Settings of `models.thresholds.promised`. ADR 0014 compares them with others that were tried."""

    # A few sellers with hundreds of counterfeits carry a total, and the next set of sellers may hold none like them. On
    # simulated streams a cap of twenty found 1 % more, and missed more than 5 % at a target of .9.
    most_right_listings: float = 15.0
    # Accused sellers, times the square of what the target leaves to be wrong: 12 at .7, 25 at .8, 100 at .9. So grows
    # Hoeffding's inequality, which assumes nothing of the spread; a spread seen in fewer sellers is not to be trusted.
    fewest_sellers: float = 1.0
    # Each candidate flags so much more than the one before: finer steps only find more lucky dips.
    step: float = 1.08
    fewest_listings: int = 10


DEFAULT_PROMISE: Final = PromisePolicy()
