"""The service's records of a listing's history and of its seller at a moment, as input of the facts."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from features.fields import Windows
from features.links import Links
from features.near_duplicates import NearDuplicates
from features.peer_listings import PeerListing

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


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCounts:
    """Counts from seller events up to the moment; a window is None where the events are not known to be complete.

    `turnover` is the value of the sales in the listing's currency, None also where a sale was in another currency.
    `complete_since` is the time from which the marketplace guarantees that all events are sent.
    """

    sales: Windows = Windows()
    returns: Windows = Windows()
    fake_returns: Windows = Windows()
    turnover: Windows = Windows()
    complete_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """Earlier verdicts on the seller's listings that stood at the moment; upheld appeals count as genuine.

    A value that an earlier schema of the facts does not record is None. `days_since_counterfeit` is also None where no
    listing stands as counterfeit. `strikes` counts incidents: confirmations within a few days of each other are one.
    """

    counterfeit: int
    genuine: int
    counterfeit_90d: int | None = None
    days_since_counterfeit: float | None = None
    strikes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The service's records of a listing's history. None means that there is no record, not zero.

    `earlier_prices` are those of the versions before this one, and `listings` are the seller's other listings. `links`
    are the links to sellers that share its contacts.
    """

    version: int = 1
    previous_log_price: float | None = None
    earlier_prices: OwnPrices | None = None
    events: EventCounts = EventCounts()
    seller_known_days: float | None = None
    listings: tuple[PeerListing, ...] | None = None
    outcomes: Outcomes | None = None
    links: Links | None = None
    authorised_for: tuple[str, ...] = ()
    near_duplicates: NearDuplicates | None = None

    def own_prices(self, log_price: float | None) -> OwnPrices | None:
        """The listing's prices including this one."""
        return None if self.earlier_prices is None else self.earlier_prices.then(log_price)


NOTHING_RECORDED: Final = History()
