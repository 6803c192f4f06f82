"""Contacts of sellers, and the texts that accounts of a ring and others copy.

The shares are invented. A ring that shared every contact would be too easy to find. Half of the reopened accounts
therefore have a new telephone, and most counterfeiters have separate payouts. Some honest people run two shops.

A text near that of a genuine listing is therefore no evidence, and neither is a text that many sellers use. The shares
are invented.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from training.simulation.simulated.chance import Random, choose, happens
from training.simulation.simulated.listings import Draft, moment, vary_title
from training.simulation.simulated.records import Row
from training.simulation.simulated.sellers import Seller, Supplier

_KNOWN: Final = 0.85  # The share of sellers with any contact on file.
_KEEPS_ITS_TELEPHONE: Final = 0.5
_PAID_TOGETHER: Final = 0.4
_MOST_PAID_TOGETHER: Final = 4
_HAS_ANOTHER_SHOP: Final = 0.05
_FROM_A_WAREHOUSE: Final = 0.3
_WAREHOUSES: Final = ("Hall 4, Port Road", "Hall 9, Port Road", "Dock 2, River Lane")
_BEFORE_THE_FIRST_LISTING: Final = 0.01  # Days.


@dataclass(frozen=True, slots=True)
class SellerContact:
    """A contact to send at a moment: exactly what `POST /api/v1/seller-contacts` takes."""

    at: datetime
    row: Row


def seller_contacts(random: Random, listings: Sequence[Draft], start: datetime) -> tuple[SellerContact, ...]:
    """The contacts of all sellers, each sent shortly before the seller's first listing; `listings` are by time."""
    first: dict[str, Draft] = {}
    for listing in listings:
        first.setdefault(listing.seller.external_id, listing)
    book = _Book()
    contacts: list[SellerContact] = []
    for listing in first.values():
        at = moment(start, listing.day - _BEFORE_THE_FIRST_LISTING)
        rows = _contacts_of(random, listing.seller, book) if happens(random, _KNOWN) else ()
        contacts.extend(SellerContact(at, {"seller": listing.seller.external_id, **row}) for row in rows)
    return tuple(contacts)


class _Book:
    """The owners of telephone numbers and payout accounts; each new name gets the next number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._ring: list[str] = []
        self.last_honest: str | None = None

    def number(self, name: str) -> int:
        return self._numbers.setdefault(name, len(self._numbers) + 1)

    def paid_with(self, seller: str) -> str:
        """The payee of this counterfeiter; one payee collects for several of them."""
        if len(self._ring) == _MOST_PAID_TOGETHER:
            self._ring.clear()
        self._ring.append(seller)
        return self._ring[0]


def _contacts_of(random: Random, seller: Seller, book: _Book) -> Iterator[Row]:
    answers = seller.people if happens(random, _KEEPS_ITS_TELEPHONE) else seller.external_id
    paid = seller.external_id
    together, another_shop = happens(random, _PAID_TOGETHER), happens(random, _HAS_ANOTHER_SHOP)
    if seller.supplier is not None and together:
        paid = book.paid_with(seller.external_id)
    elif seller.supplier is None:
        if another_shop and book.last_honest is not None:
            answers = book.last_honest
        book.last_honest = seller.external_id
    yield {"kind": "phone", "value": f"+49 151 {book.number(answers):08d}"}
    yield {"kind": "payout", "value": f"account {book.number(paid):08d}"}
    if happens(random, _FROM_A_WAREHOUSE):
        yield {"kind": "address", "value": choose(random, _WAREHOUSES)}


# The share of counterfeits that have the text of the ring's listing of the same goods, where there is one.
RINGS_COPY: Final = 0.5
COUNTERFEITERS_COPY: Final = 0.15
SHOPS_COPY: Final = 0.08
_COPIED: Final = ("title", "description", "language", "brand")


def with_copied_texts(random: Random, listings: Sequence[Draft]) -> list[Draft]:
    """The listings, in order; some have the text of an earlier listing of the same model by another seller."""
    genuine: dict[tuple[int, int], list[Draft]] = {}
    of_rings: dict[tuple[Supplier, int, int], list[Draft]] = {}
    drafts: list[Draft] = []
    for draft in listings:
        listing, house, supplier = draft, draft.product.house, draft.seller.supplier
        if house is not None and not draft.product.part and "description" in draft.content:
            honest = genuine.setdefault((house, draft.product.model), [])
            if not draft.product.counterfeit:
                listing = _maybe_copy_text(random, draft, honest, SHOPS_COPY)
                honest.append(listing)
            elif supplier is None:
                listing = _maybe_copy_text(random, draft, honest, COUNTERFEITERS_COPY)
            else:
                ring = of_rings.setdefault((supplier, house, draft.product.model), [])
                listing = _maybe_copy_text(random, draft, ring, RINGS_COPY)
                if listing is draft:
                    listing = _maybe_copy_text(random, draft, honest, COUNTERFEITERS_COPY)
                ring.append(listing)
        drafts.append(listing)
    return drafts


def _maybe_copy_text(random: Random, draft: Draft, earlier: Sequence[Draft], share: float) -> Draft:
    """The listing with the text of an earlier one by another seller, with probability `share`; else itself."""
    others = [other for other in earlier if other.seller.external_id != draft.seller.external_id]
    return _with_text_of(random, draft, choose(random, others)) if others and happens(random, share) else draft


def _with_text_of(random: Random, listing: Draft, source: Draft) -> Draft:
    own_fields = {name: field_value for name, field_value in listing.content.items() if name not in _COPIED}
    words: Row = {name: source.content[name] for name in _COPIED if name in source.content}
    return replace(listing, content={**own_fields, **words, "title": vary_title(random, str(words["title"]))})
