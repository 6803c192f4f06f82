"""Near-duplicate texts as intake would have found them at past moments, for many listings together.

`near_duplicates` reads the latest texts under each key. Most keys have fewer than it reads, so that they are complete
and are cut at any moment. Only keys with more of them, and with texts after the moment, are read again up to it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Select, String, select

from features.minhash import BANDS, Signature
from features.near_duplicates import MOST_COMPARED, AskingPrice, Candidate
from serving.cases.tables import verdict
from serving.listings.store.signatures import bins_of
from serving.listings.tables import listing_version, text_signature
from serving.platform.database.lists import list_parameter, value_table
from serving.platform.database.scope import HERE, inside, same
from serving.platform.ids import digits_of
from serving.scoring.store.near_duplicates import ComparisonTexts, candidates_of, keys_of, order_candidates
from serving.scoring.store.texts_under_keys import (
    JUDGED,
    MOST_PER_KEY,
    KeyMoment,
    Under,
    first_observation,
    latest_under_keys,
    texts_before,
)

_AT_LAST: Final = datetime(9999, 1, 1, tzinfo=UTC)
_LAST: Final = "z" * 26  # After the digits of every id.


@dataclass(frozen=True, slots=True)
class PastText:
    """A listing's text at a moment; `own` is the observation that came in then, None where none did.

    What came in before that observation counts, as it did for intake: not a later backfill, and not a later row of the
    same request. Without one, what was known at the moment counts.
    """

    signature: Signature
    as_of: datetime
    own: str | None = None

    @property
    def bounds(self) -> tuple[datetime, str]:
        """The last moment and the digits of the first id that do not count."""
        return (self.as_of, _LAST) if self.own is None else (_AT_LAST, digits_of(self.own))

    def counts(self, mark: "_Mark") -> bool:
        moment, digits = self.bounds
        return mark.known_at <= moment and mark.digits < digits


class _Mark(NamedTuple):
    """When a record was known, and the digits of its id, which are in the order of receipt."""

    known_at: datetime
    digits: str


@dataclass(frozen=True, slots=True)
class _TextMarks:
    """When a text came in, and when it was judged first, if ever."""

    came_in: _Mark
    judged: _Mark | None

    def counts(self, past_text: PastText, *, judged: bool) -> bool:
        """Whether intake would have found it, or found that it was judged."""
        return past_text.counts(self.came_in) and (
            not judged or (self.judged is not None and past_text.counts(self.judged))
        )


def comparison_texts_at(
    connection: Connection, marketplace_id: str, past_texts: Mapping[int, PastText]
) -> dict[int, ComparisonTexts]:
    """The comparison texts of each numbered text, as `near_duplicates.Texts` would have read them at its moment."""
    keys = {i: keys_of(text.signature) for i, text in past_texts.items()}
    now = latest_under_keys(connection, marketplace_id, [text.signature for text in past_texts.values()])
    judged, recent = (
        _texts_under_keys_at(connection, marketplace_id, texts, past_texts, keys, is_judged=is_judged)
        for is_judged, texts in zip((True, False), now, strict=True)
    )
    chosen = {i: order_candidates(keys[i], judged[i], recent[i])[:MOST_COMPARED] for i in past_texts}
    every = sorted({text_id for text_ids in chosen.values() for text_id in text_ids})
    candidates = candidates_of(connection, marketplace_id, every)
    prices = _prices_of_texts(connection, marketplace_id, list(candidates))
    return {
        i: ComparisonTexts(
            tuple(
                _with_prices(candidates[name], prices[name], past_texts[i]) for name in chosen[i] if name in candidates
            ),
            len(chosen[i]) >= MOST_COMPARED or any(len(recent[i].get(key, ())) >= MOST_PER_KEY for key in keys[i]),
        )
        for i in past_texts
    }


def _with_prices(candidate: Candidate, prices: Sequence[tuple[AskingPrice, str]], past_text: PastText) -> Candidate:
    """The text with its first price, and with the last that had come in before."""
    known = [price for price, digits in prices if past_text.counts(_Mark(price.known_at, digits))]
    return replace(candidate, prices=(*known[:1], *known[-1:]))


def _texts_under_keys_at(
    connection: Connection,
    marketplace_id: str,
    now: Under,
    past_texts: Mapping[int, PastText],
    keys: Mapping[int, Sequence[int]],
    *,
    is_judged: bool,
) -> dict[int, Under]:
    """The latest texts under each key of each numbered text at its moment, of those that are the latest now."""
    known = _marks_of_texts(
        connection, marketplace_id, sorted({text_id for text_ids in now.values() for text_id in text_ids})
    )
    texts_by_number: dict[int, Under] = {}
    again: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for i, past_text in past_texts.items():
        texts_by_key = texts_by_number[i] = {}
        for band, key in enumerate(keys[i]):
            texts = now.get(key, [])
            texts_by_key[key] = [
                text for text in texts if text in known and known[text].counts(past_text, judged=is_judged)
            ]
            if len(texts) >= MOST_PER_KEY and len(texts_by_key[key]) < len(texts):
                again[JUDGED if is_judged else band].append((i, key))
    for band, pairs in again.items():
        for (i, key), texts in _latest_up_to(connection, band, marketplace_id, pairs, past_texts).items():
            texts_by_number[i][key] = texts
    return texts_by_number


def _marks_of_texts(connection: Connection, marketplace_id: str, text_ids: Sequence[str]) -> dict[str, _TextMarks]:
    if not text_ids:
        return {}
    parameters, dialect = {"here": marketplace_id, **list_parameter(connection, text_ids)}, connection.dialect.name
    judged: dict[str, _Mark] = {}
    for row in connection.execute(_select_judgements(dialect), parameters):
        if row.text_id is not None and row.verdict_id is not None:
            mark = _Mark(row.known_at, digits_of(row.verdict_id))
            judged[row.text_id] = min(mark, judged.get(row.text_id, mark))
    return {
        row.version_id: _TextMarks(_Mark(row.known_at, digits_of(row.observation_id or "")), judged.get(row.version_id))
        for row in connection.execute(_select_receipts(dialect), parameters)
        if row.version_id is not None
    }


@cache
def _select_receipts(dialect: str) -> Select[Any]:
    id_list = value_table(dialect, String())
    is_version = inside(listing_version, HERE, version_id=id_list.c.value)
    version = listing_version.c
    return select(version.version_id, version.known_at, first_observation(listing_version)).select_from(
        id_list.outerjoin(listing_version, is_version)
    )


@cache
def _select_judgements(dialect: str) -> Select[Any]:
    """The moment of each verdict on the listed texts."""
    id_list, first, text = value_table(dialect, String()), listing_version.alias("first"), text_signature
    return (
        select(text.c.text_id, verdict.c.known_at, verdict.c.verdict_id)
        .select_from(id_list)
        .outerjoin(first, inside(first, HERE, version_id=id_list.c.value))
        .outerjoin(verdict, inside(verdict, HERE, listing_id=first.c.listing_id))
        .outerjoin(text, inside(text, HERE, version_id=verdict.c.version_id, text_id=id_list.c.value))
    )


def _prices_of_texts(
    connection: Connection, marketplace_id: str, text_ids: Sequence[str]
) -> dict[str, list[tuple[AskingPrice, str]]]:
    """The prices of each text's listing from the version that brought the text on, with the digits of their ids."""
    prices: dict[str, list[tuple[AskingPrice, str]]] = {text_id: [] for text_id in text_ids}
    if text_ids:
        parameters = {"here": marketplace_id, **list_parameter(connection, text_ids)}
        for row in connection.execute(_select_later_versions(connection.dialect.name), parameters):
            prices[row.text_id].append((AskingPrice(row.known_at, row.log_price), digits_of(row.observation_id or "")))
    return prices


@cache
def _select_later_versions(dialect: str) -> Select[Any]:
    id_list, first, later = (
        value_table(dialect, String()),
        listing_version.alias("first"),
        listing_version.alias("later"),
    )
    of_listing = same(later, first, "listing_id") & (later.c.number >= first.c.number)
    return (
        select(id_list.c.value.label("text_id"), later.c.known_at, later.c.log_price, first_observation(later))
        .select_from(id_list)
        .outerjoin(first, inside(first, HERE, version_id=id_list.c.value))
        .outerjoin(later, of_listing)
        .order_by(later.c.number)
    )


def _latest_up_to(
    connection: Connection,
    band: int,
    marketplace_id: str,
    pairs: Sequence[tuple[int, int]],
    past_texts: Mapping[int, PastText],
) -> dict[tuple[int, int], list[str]]:
    """The latest texts under one key of a band each, up to a moment each."""
    lookups = [
        KeyMoment(key, bins_of(past_texts[i].signature)[band % BANDS], *past_texts[i].bounds) for i, key in pairs
    ]
    return dict(zip(pairs, texts_before(connection, marketplace_id, band, lookups), strict=True))
