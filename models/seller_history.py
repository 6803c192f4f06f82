"""The point-in-time history of one seller, selected from the recorded history. No database here.

A record of another party counts if it existed before the moment, not at it. Rows of one request share a moment, and
none of them had seen the others when it was scored (ADR 10). A later read for the same moment therefore
returns the same values.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Final

from features import money
from features.fields import Windows
from features.history import EventCounts, History, Outcomes
from features.peer_listings import LISTINGS_DAYS, MOST_LISTINGS, PeerListing
from models.outcomes import Ruling, outcomes
from models.policies.sellers import DEFAULT_STRIKES
from models.strikes import incident_window_count

_PUT_AT: Final = attrgetter("known_at")
_OCCURRED_AT: Final = attrgetter("occurred_at")
DAYS: Final = (7, 30, 90)
KINDS: Final = ("sale", "return", "fake_return")


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """One version that the seller published; keys and `protected` as in `features.peer_listings.PeerListing`."""

    listing_id: str
    known_at: datetime
    first_known_at: datetime
    log_price: float | None
    price: tuple[int, str] | None
    brand_key: str
    category_key: str
    protected: bool


@dataclass(frozen=True, slots=True)
class Event:
    """One seller event; the amount is in minor units."""

    occurred_at: datetime
    known_at: datetime
    amount_minor: int | None
    currency: str | None


@dataclass(slots=True)
class SellerHistory:
    """The recorded history of one seller; versions and events are in time order."""

    first_known_at: datetime | None = None
    put_up: list[PublishedVersion] = field(default_factory=list)
    rulings: list[Ruling] = field(default_factory=list)
    events: dict[str, list[Event]] = field(default_factory=dict)

    def history(
        self, as_of: datetime, *, listing_id: str | None, complete_since: datetime | None, currency: str | None
    ) -> History:
        """The seller's part of a listing's history at a moment, without the listing itself."""
        return History(
            events=self.event_counts(as_of, complete_since, currency),
            seller_known_days=self.known_days(as_of),
            listings=self.listings(as_of, listing_id),
            outcomes=self.outcomes_at(as_of),
        )

    def take_in(self, version: PublishedVersion) -> None:
        """Add a version of an earlier row of the same request, as if it had been read."""
        insort(self.put_up, version, key=_PUT_AT)
        if self.first_known_at is None:
            self.first_known_at = version.known_at

    def known_days(self, as_of: datetime) -> float | None:
        """Days since the seller was first seen; None before that."""
        if self.first_known_at is None or self.first_known_at >= as_of:
            return None
        return (as_of - self.first_known_at) / timedelta(days=1)

    def listings(self, as_of: datetime, listing_id: str | None) -> tuple[PeerListing, ...]:
        """The seller's other listings, each in its last state before the moment."""
        low = bisect_left(self.put_up, as_of - timedelta(days=LISTINGS_DAYS), key=_PUT_AT)
        high = bisect_left(self.put_up, as_of, key=_PUT_AT)
        last = {version.listing_id: version for version in self.put_up[max(low, high - MOST_LISTINGS) : high]}
        return tuple(
            PeerListing(
                age=as_of - version.first_known_at,
                log_price=version.log_price,
                price=version.price,
                brand_key=version.brand_key,
                category_key=version.category_key,
                protected=version.protected,
            )
            for version in last.values()
            if version.listing_id != listing_id
        )

    def outcomes_at(self, as_of: datetime) -> Outcomes:
        """Listings found counterfeit and genuine by verdicts that stood at the moment."""
        listing_outcomes = outcomes(self.rulings, as_of=as_of)
        confirmed = [outcome.since for outcome in listing_outcomes if outcome.counterfeit]
        quarter = as_of - timedelta(days=max(DAYS))
        return Outcomes(
            counterfeit=len(confirmed),
            genuine=len(listing_outcomes) - len(confirmed),
            counterfeit_90d=sum(at >= quarter for at in confirmed),
            days_since_counterfeit=(as_of - max(confirmed)) / timedelta(days=1) if confirmed else None,
            strikes=incident_window_count(confirmed, as_of=as_of, policy=DEFAULT_STRIKES),
        )

    def event_counts(self, as_of: datetime, complete_since: datetime | None, currency: str | None) -> EventCounts:
        """Counts over the windows for which the marketplace guarantees complete events; None elsewhere."""
        if complete_since is None:
            return EventCounts()
        sales, returns, fakes = (self._windows(kind, as_of, complete_since) for kind in KINDS)
        return EventCounts(
            sales=_count_events(sales),
            returns=_count_events(returns),
            fake_returns=_count_events(fakes),
            turnover=_sales_worth(sales, currency),
            complete_since=complete_since,
        )

    def _windows(self, kind: str, as_of: datetime, complete_since: datetime) -> list[list[Event] | None]:
        events = self.events.get(kind, [])
        high = bisect_right(events, as_of, key=_OCCURRED_AT)
        windows: list[list[Event] | None] = []
        for days in DAYS:
            begin = as_of - timedelta(days=days)
            low = bisect_left(events, begin, key=_OCCURRED_AT)
            known = [event for event in events[low:high] if event.known_at < as_of]
            windows.append(known if begin >= complete_since else None)
        return windows


def _count_events(windows: Sequence[Sequence[Event] | None]) -> Windows:
    return Windows(*(None if events is None else float(len(events)) for events in windows))


def _sales_worth(windows: Sequence[Sequence[Event] | None], currency: str | None) -> Windows:
    """The sales value of each window; None where a sale in the window has no amount in this currency."""
    amounts: list[float | None] = []
    for events in windows:
        alike = events is not None and currency is not None and all(event.currency == currency for event in events)
        if not alike or events is None or currency is None:
            amounts.append(None)
        else:
            amounts.append(float(money.from_minor(sum(event.amount_minor or 0 for event in events), currency)))
    return Windows(*amounts)
