"""Near-duplicate texts of listings by their signatures, as they were known and judged.

The candidates for a text are bounded: the sixteen latest texts under each of its sixteen keys, and the sixteen latest
judged ones. Only the most similar of them are compared, and only near-duplicates are read further. A text that half the
marketplace uses costs as much as any other. Judged listings are found even if many copies came later.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, Select, String, select

from features.minhash import Signature, band_keys, similarities
from features.near_duplicates import MOST_COMPARED, NEAR, AskingPrice, Candidate, Period, Ruling
from models.case import BLIND_LANES, CaseLane
from models.verdict import Judgement
from serving.appeals.tables import overturn
from serving.brands.tables import authorised_seller
from serving.cases.tables import verdict
from serving.listings.store.signatures import signature_of
from serving.listings.tables import listing, listing_version, text_signature
from serving.platform.database.fast.door import PlainQuery, planned_for_values
from serving.platform.database.lists import list_parameter, value_table
from serving.platform.database.scope import HERE, columns, inside
from serving.platform.database.types import moment_of
from serving.scoring.store.texts_under_keys import MOST_PER_KEY, latest_under_keys
from serving.takedowns.store.approvals import approval_decided_at, is_still_pending
from serving.takedowns.tables import action
from serving.webhooks.rules.action import ActionKind


@dataclass(frozen=True, slots=True)
class ComparisonTexts:
    """The comparison texts of one text; `more` is set where there may be further near-duplicates."""

    candidates: tuple[Candidate, ...]
    more: bool


class Texts:
    """Stored texts that share keys with some texts, and new texts that are added to them.

    Reading takes one query for the texts under all keys and one for their signatures. Most of them only share a key; of
    those that are near-duplicates of some text, one query reads their data, and one their verdicts.
    """

    def __init__(self, connection: Connection, marketplace_id: str, texts: Sequence[Signature]) -> None:
        self._judged, self._recent = latest_under_keys(connection, marketplace_id, texts)
        self._most_alike: dict[bytes, list[str]] = {}
        chosen = [self._ordered(text)[:MOST_COMPARED] for text in texts]
        read = _signatures(connection, marketplace_id, sorted({text_id for text_ids in chosen for text_id in text_ids}))
        self._known = set(read)
        self._near = candidates_of(connection, marketplace_id, sorted(_near_ids(texts, chosen, read)))
        self._present: dict[str, AskingPrice] = {}

    def alike(self, signature: Signature) -> ComparisonTexts:
        """The near-duplicates of one text, and perhaps of others; `features.near_duplicates` cuts them at a moment."""
        # A text that only became one of the most similar because new ones displaced others was not read.
        chosen = [text_id for text_id in self._ordered(signature) if text_id in self._known][:MOST_COMPARED]
        return ComparisonTexts(
            tuple(self._as_priced_now(self._near[text_id]) for text_id in chosen if text_id in self._near),
            len(chosen) >= MOST_COMPARED
            or any(len(self._recent.get(key, ())) >= MOST_PER_KEY for key in keys_of(signature)),
        )

    def _ordered(self, signature: Signature) -> list[str]:
        text_ids = self._most_alike.get(signature.tobytes())
        if text_ids is None:
            text_ids = order_candidates(keys_of(signature), self._judged, self._recent)
            self._most_alike[signature.tobytes()] = text_ids
        return text_ids

    def add(self, candidate: Candidate) -> None:
        """Add a new text, as if it had been read; its id is later than those of all other texts."""
        self._near[candidate.text_id] = candidate
        self._known.add(candidate.text_id)
        self._most_alike.clear()
        for key in set(keys_of(candidate.signature)):
            texts = self._recent.setdefault(key, [])
            texts.append(candidate.text_id)
            if len(texts) > MOST_PER_KEY:
                texts.remove(min(texts))

    def price(self, listing_id: str, new_price: AskingPrice) -> None:
        """Note the price of a new version of a listing; `listing_id` is the marketplace's own id."""
        self._present[listing_id] = new_price

    def _as_priced_now(self, candidate: Candidate) -> Candidate:
        present = self._present.get(candidate.listing_id)
        return candidate if present is None else replace(candidate, prices=(candidate.prices[0], present))


def _near_ids(texts: Sequence[Signature], chosen: Sequence[Sequence[str]], read: Mapping[str, Signature]) -> set[str]:
    """The ids of those among the chosen texts of each text that are its near-duplicates."""
    names = list(read)
    place = {name: at for at, name in enumerate(names)}
    pairs = [(i, place[name]) for i, text_ids in enumerate(chosen) for name in text_ids if name in place]
    if not pairs:
        return set()
    text_places, name_places = np.array(pairs).T
    alike = similarities(np.stack(texts)[text_places], np.stack([read[name] for name in names])[name_places]) >= NEAR
    return {names[at] for at in name_places[alike].tolist()}


def order_candidates(
    keys: Sequence[int], judged: Mapping[int, Sequence[str]], recent: Mapping[int, Sequence[str]]
) -> list[str]:
    """The texts that share keys: judged ones first, then by number of keys, the latest first among equals."""
    ordered: dict[str, None] = {}
    for texts_of_keys in (judged, recent):
        shared: dict[str, int] = {}
        for key in keys:
            for text_id in texts_of_keys.get(key, ()):
                shared[text_id] = shared.get(text_id, 0) + 1
        if shared:
            ordered |= dict.fromkeys(sorted(sorted(shared, reverse=True), key=shared.__getitem__, reverse=True))
    return list(ordered)


def keys_of(signature: Signature) -> list[int]:
    """The keys under which a text is found."""
    keys: list[int] = band_keys(signature).tolist()
    return keys


def _signatures(connection: Connection, marketplace_id: str, text_ids: Sequence[str]) -> dict[str, Signature]:
    if not text_ids:
        return {}
    with planned_for_values(connection):
        rows = _SIGNATURES.rows(connection, {"here": marketplace_id, **list_parameter(connection, text_ids)})
    return {text_id: signature_of(stored) for text_id, stored in rows if stored is not None}


def _stored_signatures(dialect: str) -> Select[Any]:
    id_list = value_table(dialect, String())
    text = id_list.outerjoin(text_signature, inside(text_signature, HERE, version_id=id_list.c.value))
    return select(id_list.c.value, text_signature.c.signature).select_from(text)


_SIGNATURES: Final = PlainQuery(_stored_signatures)


def _select_texts(dialect: str) -> Select[Any]:
    """The data of listed texts: their first version, the present state of their listing, and its authorisations."""
    id_list = value_table(dialect, String())
    first, present = listing_version.alias("first"), listing_version.alias("present")
    return (
        select(
            first.c.version_id.label("text_id"),
            *columns(first, "seller_external_id", "known_at", "log_price", "brand_named_at"),
            present.c.known_at.label("present_known_at"),
            present.c.log_price.label("present_log_price"),
            text_signature.c.signature,
            listing.c.external_id,
            authorised_seller.c.added_at,
            authorised_seller.c.ended_at,
        )
        .select_from(id_list)
        .outerjoin(first, inside(first, HERE, version_id=id_list.c.value))
        .outerjoin(text_signature, inside(text_signature, HERE, version_id=id_list.c.value))
        .outerjoin(listing, inside(listing, HERE, listing_id=first.c.listing_id))
        .outerjoin(present, inside(present, HERE, version_id=listing.c.version_id))
        .outerjoin(
            authorised_seller,
            inside(authorised_seller, HERE, brand_id=first.c.brand_id, seller_external_id=first.c.seller_external_id),
        )
    )


_TEXTS: Final = PlainQuery(_select_texts)


def candidates_of(connection: Connection, marketplace_id: str, text_ids: Sequence[str]) -> dict[str, Candidate]:
    """The data of these texts, as of today, by id."""
    if not text_ids:
        return {}
    parameters = {"here": marketplace_id, **list_parameter(connection, text_ids)}
    with planned_for_values(connection):
        rulings = _rulings(connection, parameters)
        rows = _TEXTS.rows(connection, parameters)
    moment = moment_of(connection)
    candidates: dict[str, Candidate] = {}
    for row in rows:
        text_id, seller, known, log_price, named, present, present_price, signature, listing_id, added, ended = row
        if text_id is None or signature is None:
            continue
        on_list: tuple[Period, ...] = ()
        if added is not None:
            ends, named_at = (None if at is None else moment(at) for at in (ended, named))
            on_list = (_list_period(moment(added), ends, named_at),)
        before = candidates.get(text_id)
        if before is not None:
            # A seller with several authorisation periods has as many rows.
            candidates[text_id] = replace(before, authorised=before.authorised + on_list)
            continue
        known_at = moment(known)
        candidates[text_id] = Candidate(
            text_id=text_id,
            listing_id=listing_id,
            seller=seller,
            signature=signature_of(signature),
            known_at=known_at,
            prices=(AskingPrice(known_at, log_price), AskingPrice(moment(present), present_price)),
            rulings=tuple(sorted(rulings.get(text_id, ()), key=lambda ruling: ruling.known_at)),
            authorised=on_list,
        )
    return candidates


def _list_period(added_at: datetime, ended_at: datetime | None, named_at: datetime | None) -> Period:
    """A period on the list of the text's brand; where a person named the brand, not before that was known."""
    return Period(max(added_at, named_at or added_at), ended_at)


_COUNTERFEIT: Final = {
    Judgement.COUNTERFEIT.value: True,
    Judgement.GENUINE.value: False,
    Judgement.LICENSED.value: False,
    Judgement.GREY_MARKET.value: False,
}


def _rulings(connection: Connection, parameters: Mapping[str, Any]) -> dict[str, list[Ruling]]:
    """Verdicts and withdrawals on versions with these texts, and overturns of their removals, by text.

    A confirmation whose removal was pending approval counts from the approval. Once a verdict is withdrawn, the one
    before it is in force again.
    """
    rulings_by_text: dict[str, list[Ruling]] = defaultdict(list)
    in_force: dict[str, dict[str, bool]] = defaultdict(dict)
    moment = moment_of(connection)
    for row in _VERDICTS.rows(connection, parameters):
        text_id, judgement, lane, passed_on, known_at, verdict_id, supersedes_id, decided_at, waits, until = row
        if text_id is None:
            continue
        standing = in_force[text_id]
        first = lane not in BLIND_LANES or lane == CaseLane.COMPLAINT.value
        if judgement == Judgement.WITHDRAWN.value:
            if standing.pop(supersedes_id, None) is not None:
                before = next(reversed(standing.values()), None)
                rulings_by_text[text_id].append(Ruling(known_at=moment(known_at), counterfeit=before))
        elif first and not passed_on and not waits and judgement in _COUNTERFEIT:
            standing[verdict_id] = _COUNTERFEIT[judgement]
            counts_from = moment(until or known_at)
            rulings_by_text[text_id].append(Ruling(known_at=counts_from, counterfeit=_COUNTERFEIT[judgement]))
        if decided_at is not None:
            rulings_by_text[text_id].append(Ruling(known_at=moment(decided_at), counterfeit=False))
    return rulings_by_text


def _select_verdicts(dialect: str) -> Select[Any]:
    """Verdicts on listed texts in chronological order, each with the time when its removal was overturned.

    A text without a verdict has a row of nulls. The conditions stand in the outer joins, because a WHERE clause would
    turn them into inner joins.
    """
    id_list = value_table(dialect, String())
    first, text = listing_version.alias("first"), text_signature
    upheld = inside(overturn, HERE, action_id=action.c.action_id) & overturn.c.undone_at.is_(None)
    return (
        select(
            text.c.text_id,
            *columns(verdict, "judgement", "lane", "passed_on", "known_at", "verdict_id", "supersedes_id"),
            overturn.c.overturned_at.label("decided_at"),
            is_still_pending().label("waits"),
            approval_decided_at().label("waited_until"),
        )
        .select_from(id_list)
        .outerjoin(first, inside(first, HERE, version_id=id_list.c.value))
        .outerjoin(verdict, inside(verdict, HERE, listing_id=first.c.listing_id))
        .outerjoin(text, inside(text, HERE, version_id=verdict.c.version_id, text_id=id_list.c.value))
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


_VERDICTS: Final = PlainQuery(_select_verdicts)
