"""Near-duplicates of a batch's texts, among the stored texts and the earlier rows of the same batch."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from sqlalchemy import Connection

from features.facts import Facts
from features.listing import Listing
from features.minhash import Signature, signature_of
from features.near_duplicates import AskingPrice, Candidate, NearDuplicates, Period, near_duplicates
from serving.listings.service.intake_steps import Step
from serving.listings.store.signatures import NewText
from serving.scoring.store.near_duplicates import ComparisonTexts, Texts


def near_duplicates_of(
    connection: Connection, marketplace_id: str, listing: Listing, as_of: datetime
) -> NearDuplicates | None:
    """The stored near-duplicates of one listing's text; None where the text is too short for a comparison."""
    return near_duplicates_of_all(connection, marketplace_id, [listing], as_of)[0]


def near_duplicates_of_all(
    connection: Connection, marketplace_id: str, listings: Sequence[Listing], as_of: datetime
) -> list[NearDuplicates | None]:
    """As `near_duplicates_of`, for listings that do not see each other; the stored texts are read once for all."""
    signatures = [signature_of(listing) for listing in listings]
    texts = Texts(connection, marketplace_id, [signature for signature in signatures if signature is not None])
    return [
        None if signature is None else _near_duplicates_among(signature, listing, texts.alike(signature), as_of)
        for signature, listing in zip(signatures, listings, strict=True)
    ]


def _near_duplicates_among(
    signature: Signature, listing: Listing, texts: ComparisonTexts, as_of: datetime
) -> NearDuplicates:
    return near_duplicates(
        signature,
        listing_id=listing.external_id,
        seller=listing.seller.external_id,
        candidates=texts.candidates,
        as_of=as_of,
        more=texts.more,
    )


class BatchTexts:
    """The texts of the rows of one batch, each compared with the stored texts and the rows before it.

    A row of a batch therefore gets the same result as if the earlier rows had come by themselves.
    """

    def __init__(self, connection: Connection, marketplace_id: str, steps: Sequence[Step]) -> None:
        self._signatures: dict[int, Signature] = {
            step.position: signature for step in steps if (signature := signature_of(step.listing)) is not None
        }
        self._texts = Texts(connection, marketplace_id, list(self._signatures.values()))
        self._alike: dict[int, ComparisonTexts] = {}

    def near_duplicates_of(self, step: Step) -> NearDuplicates | None:
        """The near-duplicates of a row's text; None where it is too short for a comparison."""
        signature = self._signatures.get(step.position)
        if signature is None:
            return None
        alike = self._alike[step.position] = self._texts.alike(signature)
        return _near_duplicates_among(signature, step.listing, alike, step.as_of)

    def take_in(self, step: Step, facts: Facts, authorised: Sequence[Period]) -> NewText | None:
        """Show a new version to the rows after it; its text as it is to be stored, None where it is too short.

        An unchanged text keeps the id of its earlier version. `authorised` are the periods in which the seller was on
        the list of the version's brand.
        """
        price = AskingPrice(step.as_of, facts.price.log_price)
        self._texts.price(step.listing.external_id, price)
        signature = self._signatures.get(step.position)
        if signature is None:
            return None
        same = (
            candidate.text_id
            for candidate in self._alike[step.position].candidates
            if candidate.listing_id == step.listing.external_id and np.array_equal(candidate.signature, signature)
        )
        text_id = next(same, step.version_id)
        if text_id == step.version_id:
            self._texts.add(
                Candidate(
                    text_id=text_id,
                    listing_id=step.listing.external_id,
                    seller=step.listing.seller.external_id,
                    signature=signature,
                    known_at=step.as_of,
                    prices=(price,),
                    authorised=tuple(authorised),
                )
            )
        return NewText(step.version_id, text_id, signature)
