"""Near-duplicates of a listing, at scoring time and since: sellers, prices and outcomes."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace

from sqlalchemy import Connection

from features.facts import Facts
from features.near_duplicates import NearDuplicate, NearDuplicates
from serving.cases.store import case_figures
from serving.cases.store.case_figures import ListingWithCase
from serving.listings.service.near_duplicates import near_duplicates_of
from serving.web.wording import words

Duplicate = tuple[NearDuplicate, ListingWithCase | None, str | None]


def near_at_scoring(facts: Facts) -> tuple[NearDuplicate, ...]:
    """The near-duplicates that the score knew."""
    return facts.near_duplicates.shown if facts.near_duplicates is not None else ()


def near_since(connection: Connection, marketplace_id: str, facts: Facts, now: datetime) -> tuple[NearDuplicate, ...]:
    """The near-duplicates that became known after scoring.

    A cluster of the queue is linked in both directions, so the listing that came first has these alone.
    """
    known = {duplicate.listing_id for duplicate in near_at_scoring(facts)}
    duplicates = near_duplicates_of(connection, marketplace_id, facts.listing, now)
    return tuple(
        duplicate
        for duplicate in (duplicates.shown if duplicates is not None else ())
        if duplicate.listing_id not in known
    )


def near_duplicates_card(connection: Connection, marketplace_id: str, facts: Facts, now: datetime) -> SimpleNamespace:
    """The card of a case's facts, with what became known after scoring."""
    since = near_since(connection, marketplace_id, facts, now)
    shown = [duplicate.listing_id for duplicate in (*near_at_scoring(facts), *since)]
    return near_duplicates_part(facts, since, case_figures.listings_with_case(connection, marketplace_id, shown))


def near_duplicates_part(
    facts: Facts, since: Sequence[NearDuplicate], offered: Mapping[str, ListingWithCase]
) -> SimpleNamespace:
    """The card of facts; `offered` holds current data about the near-duplicates that are shown."""
    duplicates, currency = facts.near_duplicates, facts.price.base_currency
    later = tuple(_duplicate_row(duplicate, offered.get(duplicate.listing_id), currency) for duplicate in since)
    if duplicates is None:
        return SimpleNamespace(compared=False, sentences=(), duplicates=(), later=later)
    return SimpleNamespace(
        compared=True,
        sentences=tuple(_summary_sentences(duplicates, currency)),
        duplicates=tuple(
            _duplicate_row(duplicate, offered.get(duplicate.listing_id), currency) for duplicate in duplicates.shown
        ),
        later=later,
    )


def _summary_sentences(near_duplicates: NearDuplicates, currency: str) -> list[str]:
    least = "At least " if near_duplicates.more else ""
    lines = []
    if near_duplicates.listings:
        sellers = words.many(near_duplicates.sellers, "other seller")
        lines.append(f"{least}{words.many(near_duplicates.listings, 'near-duplicate')} by {sellers}.")
    if near_duplicates.own_listings:
        lines.append(f"{least}{words.many(near_duplicates.own_listings, 'near-duplicate')} by the same seller.")
    if near_duplicates.price is not None:
        median = words.rough_amount(math.exp(near_duplicates.price.log_median), currency)
        lines.append(f"Median price of the other listings: {median} (n = {near_duplicates.price.n:,}).")
    return lines


def _duplicate_row(near: NearDuplicate, offered: ListingWithCase | None, currency: str) -> Duplicate:
    return near, offered, None if near.log_price is None else words.rough_amount(math.exp(near.log_price), currency)
