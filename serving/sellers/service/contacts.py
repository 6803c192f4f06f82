"""Intake of sellers' contacts as keyed hashes, of the address for their mails, and the erasure of both."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from features import fields
from features.contacts import LONGEST, Contact, ContactKind, canonical_contact
from features.fields import FieldError
from features.listing import CLOCK_TOLERANCE
from models.errors import Conflict, Invalid
from serving.accounts.service.given_names import checked_address
from serving.audit.store import audit
from serving.listings.service.refused_rows import refused_row_columns
from serving.listings.store import listings
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.languages import Language, languages
from serving.platform.runtime import Runtime
from serving.platform.sealing import Sealer
from serving.scoring.store import histories
from serving.sellers.store import contacts
from serving.sellers.store.contacts import SealedAddress

_MOST: Final = 1_000
# More belong to a company with branches, or are a mistake of the source; each contact slows every later listing.
MOST_OF_A_SELLER: Final = 50
SOURCE: Final = "seller-contacts"
FIELDS: Final = {
    field.name: field
    for field in (
        fields.text("seller", 200, "The marketplace's id of the seller."),
        fields.choice("kind", tuple(ContactKind), "The kind of contact."),
        fields.text("value", LONGEST, "The contact itself."),
        fields.instant("occurred_at", "The time since when the seller has it."),
    )
}
REQUIRED: Final = ("seller", "kind", "value")


def receive_contacts(
    runtime: Runtime, marketplace: Marketplace, body: Mapping[str, Any], *, backfill: bool, first_row: int = 1
) -> dict[str, int]:
    """Hash contacts and store the hashes; returns how many were new, known and quarantined.

    `first_row` is the number of the first contact in its file. Contacts count for listings that arrive afterwards. With
    `backfill` a contact counts from `occurred_at`, but not before the marketplace's last scoring, because it may change
    the links of any seller.

    Raises Invalid (the body is not an object with at most a thousand contacts) or Conflict (the stored contacts were
    hashed with another key, so that no shared contact would ever be found).
    """
    rows = body.get("contacts")
    if not isinstance(rows, list) or len(rows) > _MOST or set(body) != {"contacts"}:
        raise Invalid("Send an object with at most {most:,} contacts.", most=_MOST)
    now, marketplace_id = runtime.clock.now(), marketplace.marketplace_id
    read: dict[int, dict[str, Any]] = {}
    refused: list[dict[str, Any]] = []

    def refuse(number: int, row: Any, problem: FieldError) -> None:
        shown = _without_value(row)
        refused.append(
            refused_row_columns(runtime, marketplace_id, shown, problem, source=SOURCE, number=number, at=now)
        )

    for number, row in enumerate(rows, first_row):
        try:
            read[number] = _contact_row(runtime, marketplace_id, _read_contact(row, now), now, backfill=backfill)
        except FieldError as problem:
            refuse(number, row, problem)
    with runtime.store.write() as connection:
        if contacts.key_in_use(connection) not in {None, contact_key_id(runtime)}:
            raise Conflict("Contacts here were hashed with another key. Restore it, or erase and resend the contacts.")
        if backfill:
            _delay_past_scores(connection, marketplace_id, list(read.values()))
        known = contacts.tokens_of(
            connection, marketplace_id, {contact_row["seller_external_id"] for contact_row in read.values()}
        )
        fresh: list[dict[str, Any]] = []
        repeated = 0
        for number, contact_row in read.items():
            mine = known.setdefault(contact_row["seller_external_id"], set())
            if contact_row["token"] in mine:
                repeated += 1
            elif len(mine) >= MOST_OF_A_SELLER:
                row = {"seller": contact_row["seller_external_id"], "kind": contact_row["kind"]}
                sentence = f"The seller already has the maximum of {MOST_OF_A_SELLER} contacts."
                refuse(number, row, FieldError("too_many", "seller", sentence))
            else:
                mine.add(contact_row["token"])
                fresh.append(contact_row)
        contacts.add_contacts(connection, fresh)
        listings.add_quarantine(connection, refused)
    return {"new": len(fresh), "known": repeated, "quarantined": len(refused)}


def _read_contact(row: Any, now: datetime) -> dict[str, Any]:
    """The fields of one contact, with the value normalised.

    Raises Rejected (the row is not a contact; no message repeats a submitted value).
    """
    if not isinstance(row, Mapping):
        raise FieldError("wrong_type", "", "A contact must be an object.")
    if set(row) - set(FIELDS):
        raise FieldError("unknown_field", "", f"A contact has {', '.join(FIELDS)} and no other fields.")
    contact_fields = {name: FIELDS[name].read(name, cell) for name, cell in row.items() if cell is not None}
    for name in REQUIRED:
        if contact_fields.get(name) is None:
            raise FieldError("missing_field", name, f"{name} is required.")
    occurred_at = contact_fields.get("occurred_at")
    if isinstance(occurred_at, datetime) and occurred_at > now + CLOCK_TOLERANCE:
        raise FieldError("future_time", "occurred_at", "occurred_at lies more than a day in the future.")
    return {
        **contact_fields,
        "contact": canonical_contact(ContactKind(str(contact_fields["kind"])), str(contact_fields["value"])),
    }


def _contact_row(
    runtime: Runtime, marketplace_id: str, contact_fields: Mapping[str, Any], now: datetime, *, backfill: bool
) -> dict[str, Any]:
    occurred_at = contact_fields.get("occurred_at") or now
    return {
        "marketplace_id": marketplace_id,
        "token": contact_token(runtime, marketplace_id, contact_fields["contact"]),
        "seller_external_id": contact_fields["seller"],
        "kind": contact_fields["contact"].kind.value,
        "key_id": contact_key_id(runtime),
        "occurred_at": occurred_at,
        "known_at": min(occurred_at, now) if backfill else now,
    }


def contact_token(runtime: Runtime, marketplace_id: str, seller_contact: Contact) -> str:
    """The keyed hash of a contact: equal contacts of a marketplace have equal hashes, and trying out telephone numbers
    requires the key."""
    message = f"{marketplace_id}\n{seller_contact.kind.value}\n{seller_contact.value}".encode()
    return hmac.new(runtime.contact_key, message, hashlib.sha256).hexdigest()


def contact_key_id(runtime: Runtime) -> str:
    """An id of the key, which shows whether the key has changed."""
    return hmac.new(runtime.contact_key, b"which key", hashlib.sha256).hexdigest()[:16]


def _without_value(row: Any) -> dict[str, Any]:
    """The storable part of a refused contact: its seller and kind, None where malformed."""
    contact_fields = {}
    for name in ("seller", "kind"):
        cell = row.get(name) if isinstance(row, Mapping) else None
        try:
            contact_fields[name] = None if cell is None else FIELDS[name].read(name, cell)
        except FieldError:
            contact_fields[name] = None
    return contact_fields


def _delay_past_scores(connection: Connection, marketplace_id: str, rows: list[dict[str, Any]]) -> None:
    floor = histories.last_scored(connection, marketplace_id)
    for row in rows:
        row["known_at"] = max(row["known_at"], floor or row["known_at"])


def set_address(runtime: Runtime, marketplace: Marketplace, seller: str, email: str, language: str) -> None:
    """Store the address that gets a seller's statements of reasons, in place of the one before.

    Raises Invalid (it is no e-mail address, or the language is none of the six).
    """
    if language not in languages():
        raise Invalid("The language is one of {known}.", known=", ".join(languages()))
    sealed = SealedAddress(runtime.services[Sealer].seal(checked_address(email)), Language(language))
    with runtime.store.write() as connection:
        contacts.set_address(connection, marketplace.marketplace_id, seller, sealed, runtime.clock.now())


def erase_contacts(runtime: Runtime, marketplace: Marketplace, seller: str, *, by: str) -> int:
    """Erase the hashes of a seller's contacts and its address; returns how many there were. It has no links any longer.

    Facts of earlier scores keep the links of that time, because decisions must remain explainable; they contain no
    contact. Contacts that are sent again are stored again.
    """
    marketplace_id = marketplace.marketplace_id
    with runtime.store.write() as connection:
        erased = contacts.erase_contacts(connection, marketplace_id, seller)
        audit.record(
            connection,
            runtime.clock.now(),
            marketplace_id,
            by,
            "contacts.erased",
            "seller contacts",
            seller=seller,
            erased=erased,
        )
    return erased
