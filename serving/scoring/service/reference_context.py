"""The reference context of a marketplace's listings, read once for many requests."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection

from features.price_lists import PriceLists
from features.references import References
from serving.brands.store import brands, price_lists
from serving.marketplaces.store.marketplaces import Marketplace
from serving.scoring.store import breakers, reference_changes, references
from serving.scoring.store.reference_changes import Marks

# What holds from a moment on without a change, such as a rate of a new day, is noticed after so long.
_REFERENCE_CONTEXT_LAST_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class ReferenceContext:
    """The references of a marketplace's listings, its brands that answer questions, and their daily limits."""

    references: References
    taking_part: frozenset[str]
    daily_questions: Mapping[str, int]
    questions_paused: bool


@dataclass(slots=True)
class ReferenceContextCache:
    """The reference context of each marketplace, read every few seconds, and at once after a change by any process."""

    _kept: dict[str, tuple[float, Marks, ReferenceContext]] = field(default_factory=dict)
    # Price lists are long and change rarely, so they have their own cache, by last change and day.
    _lists: dict[str, tuple[tuple[datetime | None, date], PriceLists]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, connection: Connection, marketplace: Marketplace, as_of: datetime) -> ReferenceContext:
        """The reference context of a marketplace with every change that the transaction sees."""
        marks = reference_changes.marks(connection)
        kept = self._kept.get(marketplace.marketplace_id)
        if kept is None or kept[1] != marks or time.monotonic() - kept[0] > _REFERENCE_CONTEXT_LAST_SECONDS:
            enrolled = brands.enrolments(connection, marketplace.marketplace_id)
            found = ReferenceContext(
                references.load(connection, marketplace, as_of, self._price_lists(connection, marketplace, as_of)),
                frozenset(brand_id for brand_id, one in enrolled.items() if one.takes_part),
                {
                    brand_id: one.daily_questions
                    for brand_id, one in enrolled.items()
                    if one.daily_questions is not None
                },
                breakers.of(connection, marketplace.marketplace_id).opened_at is not None,
            )
            with self._lock:
                kept = self._kept[marketplace.marketplace_id] = (time.monotonic(), marks, found)
        return kept[2]

    def _price_lists(self, connection: Connection, marketplace: Marketplace, as_of: datetime) -> PriceLists:
        here = marketplace.marketplace_id
        stamp = price_lists.last_changed(connection, here), as_of.date()
        kept = self._lists.get(here)
        if kept is None or kept[0] != stamp:
            kept = self._lists[here] = (stamp, price_lists.load(connection, here, as_of))
        return kept[1]

    def forget(self) -> None:
        """Read the context again at the next use."""
        with self._lock:
            self._kept.clear()
