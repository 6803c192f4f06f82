"""Near-duplicates of a batch's texts, among the stored texts and the earlier rows of the same batch."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
from sqlalchemy import Connection

from features.facts import Facts
from features.listing import Listing
from features.minhash import Signature, band_keys, signature_of
from features.near_duplicates import MOST_COMPARED, Asked, Candidate, NearDuplicates, Period, likeness
from serving.intake.service.intake_steps import Step
from serving.listings.store.signatures import NewText
from serving.scoring.store import near_duplicates
from serving.scoring.store.near_duplicates import Alike


def near_duplicates_of(
    connection: Connection, marketplace_id: str, found: Listing, as_of: datetime
) -> NearDuplicates | None:
    """The stored near-duplicates of one listing's text; None where the text is too short for a comparison."""
    signature = signature_of(found)
    if signature is None:
        return None
    (stored,) = near_duplicates.alike(connection, marketplace_id, [signature])
    return _compared(signature, found, stored.candidates, as_of, more=stored.more)


def _compared(
    signature: Signature, found: Listing, candidates: Sequence[Candidate], as_of: datetime, *, more: bool
) -> NearDuplicates:
    return likeness(
        signature,
        listing_id=found.external_id,
        seller=found.seller.external_id,
        candidates=candidates,
        as_of=as_of,
        more=more,
    )


class BatchTexts:
    """The texts of the rows of one batch, each compared with the stored texts and the rows before it.

    A row of a batch therefore gets the same result as if the earlier rows had come by themselves.
    """

    def __init__(self, connection: Connection, marketplace_id: str, steps: Sequence[Step]) -> None:
        self._signatures: dict[int, Signature] = {
            step.position: found for step in steps if (found := signature_of(step.listing)) is not None
        }
        stored = near_duplicates.alike(connection, marketplace_id, list(self._signatures.values()))
        self._stored: Mapping[int, Alike] = dict(zip(self._signatures, stored, strict=True))
        self._before: dict[int, list[Candidate]] = defaultdict(list)

    def near_duplicates_of(self, step: Step) -> NearDuplicates | None:
        """The near-duplicates of a row's text; None where it is too short for a comparison."""
        signature = self._signatures.get(step.position)
        if signature is None:
            return None
        stored = self._stored[step.position]
        before = {one.listing_id: one for key in _keys(signature) for one in self._before[key]}
        candidates = [*stored.candidates, *reversed(before.values())]
        more = stored.more or len(candidates) > MOST_COMPARED
        return _compared(signature, step.listing, candidates[:MOST_COMPARED], step.as_of, more=more)

    def came(self, step: Step, facts: Facts) -> None:
        """Make a row's text visible to the rows after it, if it is a new version."""
        signature = self._signatures.get(step.position)
        if signature is None or not step.is_version:
            return
        found = Candidate(
            text_id="",
            listing_id=step.listing.external_id,
            seller=step.listing.seller.external_id,
            signature=signature,
            known_at=step.as_of,
            prices=(Asked(step.as_of, facts.price.log_price),),
            authorised=(Period(step.as_of, None),) if facts.seller.authorised else (),
        )
        for key in _keys(signature):
            kept = self._before[key]
            kept.append(found)
            del kept[: -near_duplicates.MOST_PER_KEY]

    def new_text(self, step: Step, version_id: str) -> NewText | None:
        """The stored form of a new version's text; an unchanged text keeps the id of its earlier version."""
        signature = self._signatures.get(step.position)
        if signature is None:
            return None
        same = (
            one.text_id
            for one in self._stored[step.position].candidates
            if one.listing_id == step.listing.external_id and np.array_equal(one.signature, signature)
        )
        return NewText(version_id, next(same, version_id), signature)


def _keys(signature: Signature) -> list[int]:
    keys: list[int] = band_keys(signature).tolist()
    return keys
