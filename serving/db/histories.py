"""What was known of sellers at a moment: read once for a batch, cut per row by `known_at <= as_of`."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, select

from features.facts import EventCounts, History, Outcomes
from features.fields import Windows
from models.case import CaseLane
from models.verdict import Judgement
from serving.db.store import insert_or_ignore
from serving.db.tables import appeal, listing, seller, seller_event, verdict

_DAYS: Final = (7, 30, 90)
_KINDS: Final = ("sale", "return", "fake_return")
_VALUES: Final = {
    Judgement.COUNTERFEIT.value: True,
    Judgement.GENUINE.value: False,
    Judgement.LICENSED.value: False,
    Judgement.GREY_MARKET.value: False,
}


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A change of what is thought of one listing: True counterfeit, False genuine, None nothing stands."""

    known_at: datetime
    listing_id: str
    found: bool | None


@dataclass(slots=True)
class SellerPast:
    """One seller's past as recorded; lists are in time order."""

    first_known_at: datetime | None = None
    listed_at: list[datetime] = field(default_factory=list)
    outcomes: list[_Outcome] = field(default_factory=list)
    events: dict[str, list[tuple[datetime, datetime]]] = field(default_factory=dict)

    def history(self, as_of: datetime, complete_since: datetime | None, authorised_for: tuple[str, ...]) -> History:
        """The seller's part of a listing's history at a moment."""
        return History(
            events=self.event_counts(as_of, complete_since),
            seller_known_days=self.known_days(as_of),
            seller_listings_30d=self.listings_30d(as_of),
            outcomes=self.outcomes_at(as_of),
            authorised_for=authorised_for,
        )

    def known_days(self, as_of: datetime) -> float | None:
        """Days since the seller was first seen; None where it had not been."""
        if self.first_known_at is None or self.first_known_at > as_of:
            return None
        return (as_of - self.first_known_at) / timedelta(days=1)

    def listings_30d(self, as_of: datetime) -> int:
        """Offers first seen in the 30 days before the moment, the present one not among them."""
        return bisect_left(self.listed_at, as_of) - bisect_left(self.listed_at, as_of - timedelta(days=30))

    def outcomes_at(self, as_of: datetime) -> Outcomes:
        """Listings found counterfeit and genuine by verdicts that stood at the moment."""
        standing: dict[str, bool | None] = {}
        for outcome in self.outcomes:
            if outcome.known_at <= as_of:
                standing[outcome.listing_id] = outcome.found
        found = list(standing.values())
        return Outcomes(counterfeit=found.count(True), genuine=found.count(False))

    def event_counts(self, as_of: datetime, complete_since: datetime | None) -> EventCounts:
        """Counts in windows over which the marketplace vouches for its events; None elsewhere."""
        if complete_since is None:
            return EventCounts()
        sales, returns, fakes = (self._windows(kind, as_of, complete_since) for kind in _KINDS)
        return EventCounts(sales=sales, returns=returns, fake_returns=fakes)

    def _windows(self, kind: str, as_of: datetime, complete_since: datetime) -> Windows:
        events = self.events.get(kind, [])
        counts = (
            self._count(events, as_of, days) if as_of - timedelta(days=days) >= complete_since else None
            for days in _DAYS
        )
        return Windows(*counts)

    @staticmethod
    def _count(events: Sequence[tuple[datetime, datetime]], as_of: datetime, days: int) -> float:
        low = bisect_left(events, (as_of - timedelta(days=days), _EARLIEST))
        high = bisect_right(events, (as_of, _LATEST))
        return float(sum(known_at <= as_of for _, known_at in events[low:high]))


_EARLIEST: Final = datetime.fromisoformat("0001-01-02T00:00:00+00:00")
_LATEST: Final = datetime.fromisoformat("9999-12-30T00:00:00+00:00")


def load(
    connection: Connection, marketplace_id: str, sellers: Sequence[str], *, since: datetime
) -> Mapping[str, SellerPast]:
    """The past of these sellers; events from 90 days before `since` on, everything else whole."""
    wanted = set(sellers)
    pasts = {external_id: SellerPast() for external_id in wanted}
    if not wanted:
        return pasts
    here = (seller.c.marketplace_id == marketplace_id) & seller.c.external_id.in_(wanted)
    for row in connection.execute(select(seller.c.external_id, seller.c.first_known_at).where(here)):
        pasts[row.external_id].first_known_at = row.first_known_at
    _load_listings(connection, marketplace_id, pasts)
    _load_outcomes(connection, marketplace_id, pasts)
    _load_events(connection, marketplace_id, pasts, since - timedelta(days=max(_DAYS)))
    return pasts


def _load_listings(connection: Connection, marketplace_id: str, pasts: Mapping[str, SellerPast]) -> None:
    query = (
        select(listing.c.seller_external_id, listing.c.first_known_at)
        .where(listing.c.marketplace_id == marketplace_id, listing.c.seller_external_id.in_(pasts))
        .order_by(listing.c.first_known_at)
    )
    for row in connection.execute(query):
        pasts[row.seller_external_id].listed_at.append(row.first_known_at)


def _load_outcomes(connection: Connection, marketplace_id: str, pasts: Mapping[str, SellerPast]) -> None:
    """Verdicts as they were given and taken back, then appeals that were upheld."""
    query = (
        select(listing.c.seller_external_id, verdict.c.listing_id, verdict.c.judgement, verdict.c.known_at)
        .join(
            listing,
            (listing.c.marketplace_id == verdict.c.marketplace_id) & (listing.c.listing_id == verdict.c.listing_id),
        )
        .where(
            verdict.c.marketplace_id == marketplace_id,
            listing.c.seller_external_id.in_(pasts),
            verdict.c.lane != CaseLane.APPEAL.value,
        )
    )
    for row in connection.execute(query):
        if row.judgement in _VALUES or row.judgement == Judgement.WITHDRAWN.value:
            outcome = _Outcome(row.known_at, row.listing_id, _VALUES.get(row.judgement))
            pasts[row.seller_external_id].outcomes.append(outcome)
    upheld = (
        select(listing.c.seller_external_id, appeal.c.listing_id, appeal.c.decided_at)
        .join(
            listing,
            (listing.c.marketplace_id == appeal.c.marketplace_id) & (listing.c.listing_id == appeal.c.listing_id),
        )
        .where(
            appeal.c.marketplace_id == marketplace_id,
            listing.c.seller_external_id.in_(pasts),
            appeal.c.state == "upheld",
        )
    )
    for external_id, listing_id, decided_at in connection.execute(upheld):
        pasts[external_id].outcomes.append(_Outcome(decided_at, listing_id, False))
    for past in pasts.values():
        past.outcomes.sort(key=lambda outcome: outcome.known_at)


def _load_events(connection: Connection, marketplace_id: str, pasts: Mapping[str, SellerPast], since: datetime) -> None:
    query = (
        select(
            seller_event.c.seller_external_id,
            seller_event.c.kind,
            seller_event.c.occurred_at,
            seller_event.c.known_at,
        )
        .where(
            seller_event.c.marketplace_id == marketplace_id,
            seller_event.c.seller_external_id.in_(pasts),
            seller_event.c.occurred_at >= since,
            seller_event.c.kind.in_(_KINDS),
        )
        .order_by(seller_event.c.occurred_at, seller_event.c.known_at)
    )
    for row in connection.execute(query):
        pasts[row.seller_external_id].events.setdefault(row.kind, []).append((row.occurred_at, row.known_at))


def add_events(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """Keep seller events; one that is known by its source's id is left as it was. Returns how many were new."""
    if not rows:
        return 0
    known = {
        row.source_event_id
        for row in connection.execute(
            select(seller_event.c.source_event_id).where(
                seller_event.c.marketplace_id == rows[0]["marketplace_id"],
                seller_event.c.source_event_id.in_({row["source_event_id"] for row in rows}),
            )
        )
    }
    fresh = {row["source_event_id"]: row for row in reversed(rows) if row["source_event_id"] not in known}
    if fresh:
        connection.execute(insert_or_ignore(connection, seller_event), list(fresh.values()))
    return len(fresh)
