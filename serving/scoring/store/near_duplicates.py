"""Near-duplicate texts of listings by their signatures, as they were known and judged.

The candidates for a text are bounded: the sixteen latest texts under each of its sixteen keys, and the sixteen latest
judged ones. Only the most similar of them are compared. A text that half the marketplace uses costs as much as any
other. Judged listings are found even if many copies came later.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Select, String, select

from features.minhash import Signature, band_keys
from features.near_duplicates import MOST_COMPARED, Asked, Candidate, Period, Ruling
from models.case import BLIND_LANES, CaseLane
from models.verdict import Judgement
from serving.appeals.tables import overturn
from serving.brands.tables import authorised_seller
from serving.cases.tables import verdict
from serving.listings.store.signatures import signature_of
from serving.listings.tables import listing, listing_version, text_signature
from serving.platform.database.lists import as_list, listed
from serving.platform.database.planning import planned_for_values
from serving.platform.database.scope import HERE, inside
from serving.scoring.store.texts_under_keys import MOST_PER_KEY, under
from serving.takedowns.store.pending_removals import still_waits, waited_until
from serving.takedowns.tables import action
from serving.webhooks.rules.action import ActionKind


@dataclass(frozen=True, slots=True)
class Alike:
    """The comparison texts of one text; `more` is set where there may be further near-duplicates."""

    candidates: tuple[Candidate, ...]
    more: bool


class Texts:
    """Stored texts that share keys with some texts, and new texts that are added to them.

    Reading takes one query for the texts under all keys, one for their data, and one for their verdicts.
    """

    def __init__(self, connection: Connection, marketplace_id: str, texts: Sequence[Signature]) -> None:
        keys = [keys_of(one) for one in texts]
        self._judged, self._recent = under(connection, marketplace_id, texts)
        chosen = {text_id for some in keys for text_id in most_alike(some, self._judged, self._recent)[:MOST_COMPARED]}
        self._candidates = candidates_of(connection, marketplace_id, sorted(chosen))
        self._present: dict[str, Asked] = {}

    def alike(self, signature: Signature) -> Alike:
        """The comparison texts of one text; `features.near_duplicates` cuts them at a moment."""
        keys = keys_of(signature)
        # A text that only became one of the most similar because new ones displaced others was not read.
        chosen = [one for one in most_alike(keys, self._judged, self._recent) if one in self._candidates][
            :MOST_COMPARED
        ]
        return Alike(
            tuple(self._as_priced_now(self._candidates[text_id]) for text_id in chosen),
            len(chosen) >= MOST_COMPARED or any(len(self._recent.get(key, ())) >= MOST_PER_KEY for key in keys),
        )

    def add(self, found: Candidate) -> None:
        """Add a new text, as if it had been read; its id is later than those of all other texts."""
        self._candidates[found.text_id] = found
        for key in set(keys_of(found.signature)):
            texts = self._recent.setdefault(key, [])
            texts.append(found.text_id)
            if len(texts) > MOST_PER_KEY:
                texts.remove(min(texts))

    def price(self, listing_id: str, asked: Asked) -> None:
        """Note the price of a new version of a listing; `listing_id` is the marketplace's own id."""
        self._present[listing_id] = asked

    def _as_priced_now(self, found: Candidate) -> Candidate:
        present = self._present.get(found.listing_id)
        return found if present is None else replace(found, prices=(found.prices[0], present))


def most_alike(
    keys: Sequence[int], judged: Mapping[int, Sequence[str]], recent: Mapping[int, Sequence[str]]
) -> list[str]:
    """The texts that share keys: judged ones first, then by number of keys, the latest first among equals."""
    ordered: dict[str, None] = {}
    for found in (judged, recent):
        shared: dict[str, int] = {}
        for key in keys:
            for text_id in found.get(key, ()):
                shared[text_id] = shared.get(text_id, 0) + 1
        if shared:
            ordered |= dict.fromkeys(sorted(sorted(shared, reverse=True), key=shared.__getitem__, reverse=True))
    return list(ordered)


def keys_of(signature: Signature) -> list[int]:
    """The keys under which a text is found."""
    keys: list[int] = band_keys(signature).tolist()
    return keys


@cache
def _texts(dialect: str) -> Select[Any]:
    """The data of listed texts: their first version, the present state of their listing, and its authorisations."""
    wanted = listed(dialect, String())
    first, present = listing_version.alias("first"), listing_version.alias("present")
    return (
        select(
            first.c.version_id.label("text_id"),
            first.c.seller_external_id,
            first.c.known_at,
            first.c.log_price,
            first.c.brand_named_at,
            present.c.known_at.label("present_known_at"),
            present.c.log_price.label("present_log_price"),
            text_signature.c.signature,
            listing.c.external_id,
            authorised_seller.c.added_at,
            authorised_seller.c.ended_at,
        )
        .select_from(wanted)
        .outerjoin(first, inside(first, HERE, version_id=wanted.c.value))
        .outerjoin(text_signature, inside(text_signature, HERE, version_id=wanted.c.value))
        .outerjoin(listing, inside(listing, HERE, listing_id=first.c.listing_id))
        .outerjoin(present, inside(present, HERE, version_id=listing.c.version_id))
        .outerjoin(
            authorised_seller,
            inside(authorised_seller, HERE, brand_id=first.c.brand_id, seller_external_id=first.c.seller_external_id),
        )
    )


def candidates_of(connection: Connection, marketplace_id: str, text_ids: Sequence[str]) -> dict[str, Candidate]:
    """The data of these texts, as of today, by id."""
    if not text_ids:
        return {}
    wanted = {"here": marketplace_id, **as_list(connection, text_ids)}
    with planned_for_values(connection):
        rulings = _rulings(connection, wanted)
        rows = connection.execute(_texts(connection.dialect.name), wanted).all()
    found: dict[str, Candidate] = {}
    for row in rows:
        if row.text_id is None or row.signature is None:
            continue
        on_list = (_on_list(row.added_at, row.ended_at, row.brand_named_at),) if row.added_at is not None else ()
        before = found.get(row.text_id)
        if before is not None:
            # A seller with several authorisation periods has as many rows.
            found[row.text_id] = replace(before, authorised=before.authorised + on_list)
            continue
        found[row.text_id] = Candidate(
            text_id=row.text_id,
            listing_id=row.external_id,
            seller=row.seller_external_id,
            signature=signature_of(row.signature),
            known_at=row.known_at,
            prices=(Asked(row.known_at, row.log_price), Asked(row.present_known_at, row.present_log_price)),
            rulings=tuple(sorted(rulings.get(row.text_id, ()), key=lambda ruling: ruling.known_at)),
            authorised=on_list,
        )
    return found


def _on_list(added_at: datetime, ended_at: datetime | None, named_at: datetime | None) -> Period:
    """A period on the list of the text's brand; where a person named the brand, not before that was known."""
    return Period(max(added_at, named_at or added_at), ended_at)


_COUNTERFEIT: Final = {
    Judgement.COUNTERFEIT.value: True,
    Judgement.GENUINE.value: False,
    Judgement.LICENSED.value: False,
    Judgement.GREY_MARKET.value: False,
}


def _rulings(connection: Connection, wanted: Mapping[str, Any]) -> dict[str, list[Ruling]]:
    """Verdicts and withdrawals on versions with these texts, and overturns of their removals, by text.

    A confirmation whose removal was pending approval counts from the approval. Once a verdict is withdrawn, the one
    before it is in force again.
    """
    found: dict[str, list[Ruling]] = defaultdict(list)
    in_force: dict[str, dict[str, bool]] = defaultdict(dict)
    for row in connection.execute(_given(connection.dialect.name), wanted):
        if row.text_id is None:
            continue
        standing = in_force[row.text_id]
        first = row.lane not in BLIND_LANES or row.lane == CaseLane.COMPLAINT.value
        if row.judgement == Judgement.WITHDRAWN.value:
            if standing.pop(row.supersedes_id, None) is not None:
                before = next(reversed(standing.values()), None)
                found[row.text_id].append(Ruling(known_at=row.known_at, counterfeit=before))
        elif first and not row.passed_on and not row.waits and row.judgement in _COUNTERFEIT:
            standing[row.verdict_id] = _COUNTERFEIT[row.judgement]
            known_at = row.waited_until or row.known_at
            found[row.text_id].append(Ruling(known_at=known_at, counterfeit=_COUNTERFEIT[row.judgement]))
        if row.decided_at is not None:
            found[row.text_id].append(Ruling(known_at=row.decided_at, counterfeit=False))
    return found


@cache
def _given(dialect: str) -> Select[Any]:
    """Verdicts on listed texts in chronological order, each with the time when its removal was overturned.

    A text without a verdict has a row of nulls. The conditions stand in the outer joins, because a WHERE clause would
    turn them into inner joins.
    """
    wanted = listed(dialect, String())
    first, text = listing_version.alias("first"), text_signature
    upheld = inside(overturn, HERE, action_id=action.c.action_id) & overturn.c.undone_at.is_(None)
    return (
        select(
            text.c.text_id,
            verdict.c.judgement,
            verdict.c.lane,
            verdict.c.passed_on,
            verdict.c.known_at,
            verdict.c.verdict_id,
            verdict.c.supersedes_id,
            overturn.c.overturned_at.label("decided_at"),
            still_waits().label("waits"),
            waited_until().label("waited_until"),
        )
        .select_from(wanted)
        .outerjoin(first, inside(first, HERE, version_id=wanted.c.value))
        .outerjoin(verdict, inside(verdict, HERE, listing_id=first.c.listing_id))
        .outerjoin(text, inside(text, HERE, version_id=verdict.c.version_id, text_id=wanted.c.value))
        .outerjoin(
            action,
            inside(
                action,
                HERE,
                listing_id=verdict.c.listing_id,
                verdict_id=verdict.c.verdict_id,
                kind=ActionKind.REMOVE.value,
            ),
        )
        .outerjoin(overturn, upheld)
        .order_by(verdict.c.known_at, verdict.c.verdict_id)
    )
