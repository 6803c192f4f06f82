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
from serving.scoring.store import breakers, references

# Longer than a burst of requests, and short enough that other processes notice a new brand in time.
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
    """The reference context of each marketplace, read at most every few seconds, and at once after a local change."""

    _kept: dict[str, tuple[float, ReferenceContext]] = field(default_factory=dict)
    # Price lists are long and change rarely, so they have their own cache, by last change and day.
    _lists: dict[str, tuple[tuple[datetime | None, date], PriceLists]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, connection: Connection, marketplace: Marketplace, as_of: datetime) -> ReferenceContext:
        """The reference context of a marketplace, at most a few seconds old."""
        kept = self._kept.get(marketplace.marketplace_id)
        if kept is None or time.monotonic() - kept[0] > _REFERENCE_CONTEXT_LAST_SECONDS:
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
                kept = self._kept[marketplace.marketplace_id] = (time.monotonic(), found)
        return kept[1]

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
