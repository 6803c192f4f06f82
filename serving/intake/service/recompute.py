"""Facts made again from the database, as of the moment of a score: what intake knew, read long after.

The listing and everything that it was compared with (price references, rates, brands) are taken as they were recorded
with the score; those tables are replaced from time to time. The past of the listing and of its seller, and which brands
had authorised the seller, are read anew, by the code that intake reads them with. So a difference means that something
is taken today to have been known then that was not, or the other way round: the leak that makes a model look better
offline than it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce

from sqlalchemy import Connection

from features.compute import NAMES, compute
from features.facts import SCHEMA, Facts, with_history
from features.history import History
from features.own_prices import NO_PRICES, OwnPrices
from serving.intake.service.pasts import Pasts
from serving.listings.store import listings, scores
from serving.listings.store.scores import Recorded


@dataclass(frozen=True, slots=True)
class Recomputed:
    """The facts of a score as recorded and as made again."""

    score_id: str
    recorded: Facts
    again: Facts

    @property
    def moved(self) -> tuple[str, ...]:
        """The features that differ in any bit; missing equals missing."""
        if self.recorded == self.again:
            return ()
        before, now = compute(self.recorded).vector, compute(self.again).vector
        return tuple(
            name for name, one, other in zip(NAMES, before, now, strict=True) if one.tobytes() != other.tobytes()
        )


def recompute(connection: Connection, marketplace_id: str, *, since: datetime | None = None) -> Iterator[Recomputed]:
    """The facts of every score from `since` on, made again, in the order of time.

    Scores with facts of an earlier schema are left out: what was not recorded then cannot differ.
    """
    for batch in scores.recorded(connection, marketplace_id, schema=SCHEMA, since=since):
        yield from _again(connection, marketplace_id, batch)


def _again(connection: Connection, marketplace_id: str, batch: Sequence[Recorded]) -> Iterator[Recomputed]:
    pasts = Pasts.read(connection, marketplace_id, [(one.facts.listing, one.facts.as_of) for one in batch])
    prices = listings.log_prices(connection, marketplace_id, {one.listing_id for one in batch})
    for one in batch:
        yield Recomputed(one.score_id, one.facts, with_history(one.facts, _history(one, pasts, prices)))


def _history(one: Recorded, pasts: Pasts, prices: Mapping[str, Sequence[float | None]]) -> History:
    earlier = prices[one.listing_id][: one.number - 1]
    return pasts.of(
        one.facts.listing,
        listing_id=one.listing_id,
        as_of=one.facts.as_of,
        complete_since=one.facts.seller.events_since,
        version=one.number,
        previous_log_price=earlier[-1] if earlier else None,
        earlier_prices=reduce(OwnPrices.then, earlier, NO_PRICES),
    )
