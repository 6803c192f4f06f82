"""The states of a batch's listings, as its rows change them one after another."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Self

from sqlalchemy import Connection

from features.fields import EARLIEST
from features.listing import Listing
from features.references import References
from serving.listings.service.intake_steps import Step, observed_of
from serving.listings.store import late_versions, listings
from serving.listings.store.late_versions import PriceHistory
from serving.listings.store.listings import LatestState
from serving.platform.database.types import CanonicalText
from serving.platform.runtime import Runtime
from serving.scoring.store import histories
from serving.scoring.store.histories import ScoredUntil


def rounds_of(accepted: Sequence[tuple[int, Listing]]) -> list[list[tuple[int, Listing]]]:
    """Rows grouped so that no round contains a listing twice: a batch can hold several changes of one listing."""
    rounds: list[list[tuple[int, Listing]]] = [[]]
    seen: Counter[str] = Counter()
    for position, listing in accepted:
        number = seen[listing.external_id]
        seen[listing.external_id] += 1
        if number == len(rounds):
            rounds.append([])
        rounds[number].append((position, listing))
    return rounds


class ListingStates:
    """The state of each listing of a batch, from one read.

    `known` are the states as stored, `again` the listings with several rows, and `prices` theirs by listing id.
    """

    def __init__(
        self,
        known: Mapping[str, LatestState],
        again: frozenset[str],
        prices: dict[str, PriceHistory],
        floors: ScoredUntil | None,
        runtime: Runtime,
        references: References,
    ) -> None:
        self.known = known
        self._states, self._again = dict(known), again
        self._prices, self._floors = prices, floors
        self._runtime, self._references = runtime, references

    @classmethod
    def read(
        cls,
        connection: Connection,
        marketplace_id: str,
        rounds: Sequence[Sequence[tuple[int, Listing]]],
        runtime: Runtime,
        references: References,
        *,
        backfill: bool,
    ) -> Self:
        """The states of the listings of these rounds. Prices are read in full only of listings that come again."""
        ids = [listing.external_id for _, listing in rounds[0]]
        known = listings.latest_states(connection, marketplace_id, ids)
        again = frozenset(listing.external_id for round_ in rounds[1:2] for _, listing in round_)
        prices = late_versions.price_histories(
            connection, marketplace_id, {version.listing_id for name, version in known.items() if name in again}
        )
        floors = None
        if backfill:
            sellers = {seller for round_ in rounds for _, listing in round_ if (seller := listing.seller.external_id)}
            floors = histories.scored_until(
                connection, marketplace_id, sellers, [version.listing_id for version in known.values()]
            )
        return cls(known, again, prices, floors, runtime, references)

    def steps(self, rounds: Sequence[Sequence[tuple[int, Listing]]], now: datetime) -> list[list[Step]]:
        """The steps of each round, in the order of their moments.

        Rounds are one microsecond apart, so that each is later than everything that the earlier ones changed.
        """
        return [self._round(rows, now + timedelta(microseconds=number)) for number, rows in enumerate(rounds)]

    def _round(self, rows: Sequence[tuple[int, Listing]], now: datetime) -> list[Step]:
        moments = sorted(
            ((position, listing, self._moment(listing, now)) for position, listing in rows), key=lambda row: row[2]
        )
        steps = [self._step(*row) for row in moments]
        for step in steps:
            if step.listing.external_id in self._again:
                self._advance(step)
            if self._floors is not None and step.is_change:
                seller = step.listing.seller.external_id if step.is_version else None
                self._floors.take_in(step.listing_id, seller, step.as_of)
        return steps

    def _moment(self, listing: Listing, now: datetime) -> datetime:
        if self._floors is None:
            return now
        before = self._states.get(listing.external_id)
        floor = self._floors.of(listing.seller.external_id, before.listing_id if before else None)
        return min(max(listing.occurred_at or now, floor or EARLIEST), now)

    def _step(self, position: int, listing: Listing, as_of: datetime) -> Step:
        before, new = self._states.get(listing.external_id), self._runtime.ids.new
        observed = CanonicalText.of(observed_of(listing))
        step = Step(
            position,
            listing,
            as_of,
            before,
            observed,
            listing.content_hash,
            hashlib.sha256(observed.encode()).hexdigest(),
            listing_id=before.listing_id if before else new("lst"),
            version_id=before.version_id if before else new("ver"),
            draw=before.draw if before else self._runtime.draw(),
            is_backfill=self._floors is not None,
        )
        if before and step.is_version and step.is_change:
            return replace(step, version_id=new("ver"), draw=self._runtime.draw())
        return step

    def _advance(self, step: Step) -> None:
        """Note what a row changes for the next row of its listing."""
        if step.is_repeat:
            return
        price, after = step.log_price(self._references), step.before
        prices = self._prices.setdefault(step.listing_id, PriceHistory())
        if step.is_change:
            after = step.after(price)
            if step.is_version:
                prices.add_version(step.content_hash, step.occurred_at, price)
        elif prices.add_late(step.content_hash, step.observed_hash, step.occurred_at, price) and after is not None:
            after = replace(after, has_late=True)
        if after is not None:
            if after.has_late:
                after = after.with_late(prices)
            self._states[step.listing.external_id] = after
