"""Evidence: a snapshot of the listing, stored in the transaction of the action on it, and verifiable afterwards."""

import dataclasses
import hashlib
import json
import secrets
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import Connection

from features.fields import Windows
from features.listing import Listing
from features.message import Message, message
from models.messages.english import in_english
from serving.cases.store import cases
from serving.cases.store.cases import Case
from serving.listings.store import listings, scores
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.runtime import Runtime
from serving.takedowns.rules.evidence import SALT_BYTES, Part, canonical_json, differences, snapshot_of
from serving.takedowns.service.removal_hooks import EvidenceHooks
from serving.takedowns.store import evidence
from serving.takedowns.store.evidence import StoredSnapshot

SCHEMA: Final = 1
_TEXT: Final = (
    "title", "description", "brand", "product_type", "condition", "language", "gtin", "mpn", "ship_from", "link",
)  # fmt: skip
_SHOWN_APART: Final = frozenset({"title", "description"})
_PRICE: Final = ("price", "list_price", "currency")
_LAYOUT: Final = frozenset("\n\r\t")
_UNSEEN: Final = frozenset({"Cf", "Cc", "Co", "Cs", "Cn", "Zl", "Zp"})


def visible_text(raw: object) -> str:
    """A value in visible characters: invisible and direction characters are written as their code points.

    >>> visible_text("Au\\u200brelle\\n"), visible_text(12)
    ('Au⟨U+200B⟩relle\\n', '12')
    """
    return "".join(
        f"⟨U+{ord(character):04X}⟩"
        if character not in _LAYOUT and unicodedata.category(character) in _UNSEEN
        else character
        for character in str(raw)
    )


_TEMPLATES: Final = Environment(
    loader=PackageLoader("serving.takedowns.service"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_TEMPLATES.filters["seen"] = visible_text


def store_snapshot(
    runtime: Runtime, connection: Connection, case: Case, *, subject: str, at: datetime
) -> dict[str, str]:
    """Store a snapshot of a case's listing in the caller's transaction; returns the value for the audit entry.

    The caller's audit entry must have this value as `evidence`, and `subject` as its subject: only a digest in the log
    proves a snapshot.
    """
    marketplace_id, evidence_id = case.marketplace_id, runtime.ids.new("evd")
    digest = scores.get(connection, marketplace_id, case.score_id)["facts_digest"]
    listing = scores.scored_facts(connection, marketplace_id, case.score_id).listing
    version = next(
        row
        for row in listings.versions(connection, marketplace_id, case.listing_id)
        if row["version_id"] == case.version_id
    )
    documents = runtime.services[EvidenceHooks].documents_of(connection, marketplace_id, case.case_id)
    header = {
        "schema": SCHEMA,
        "evidence_id": evidence_id,
        "marketplace_id": marketplace_id,
        "case_id": case.case_id,
        "listing_id": case.listing_id,
        "external_id": listing.external_id,
        "version_id": case.version_id,
        "version": version["number"],
        "content_hash": version["content_hash"],
        "facts_digest": digest,
        "received_at": version["known_at"].isoformat(),
        "captured_at": at.isoformat(),
        "subject": subject,
        **({"documents": documents} if documents else {}),
    }
    salts = {part: secrets.token_bytes(SALT_BYTES) for part in Part}
    snapshot = snapshot_of(header, part_bodies(header, listing), salts)
    taken = StoredSnapshot(
        marketplace_id, evidence_id, case.listing_id, case.version_id, case.case_id, subject, at, snapshot
    )
    evidence.add_evidence(connection, taken)
    return {"evidence_id": evidence_id, "digest": snapshot.digest}


def verify(runtime: Runtime, marketplace: Marketplace, case_id: str | None = None) -> dict[str, Any]:
    """The number of snapshots, the number with an erased part, and the snapshots that differ from the taken ones.

    Raises NotFound (there is no such case).
    """
    checked, erased, differing = 0, 0, []
    marketplace_id = marketplace.marketplace_id
    with runtime.store.read() as connection:
        if case_id is not None:
            cases.get(connection, marketplace_id, case_id)
        for taken in evidence.all_snapshots(connection, marketplace_id, case_id):
            checked += 1
            erased += any(part.body is None for part in taken.snapshot.parts)
            messages = differences(taken.snapshot, vouched=evidence.vouched_digest(connection, taken))
            if texts := list(map(in_english, (*messages, *_filing_differences(taken)))):
                differing.append({"evidence_id": taken.evidence_id, "case_id": taken.case_id, "differs": texts})
    return {"snapshots": checked, "erased": erased, "differing": differing}


def as_file(taken: StoredSnapshot) -> bytes:
    """A snapshot as JSON with salts and digests, so that others can recompute every digest."""
    snapshot = taken.snapshot
    parts = {
        part.part.value: {
            "digest": part.digest,
            "salt": part.salt,
            "body": None if part.body is None else part.body.decode(),
        }
        for part in snapshot.parts
    }
    return json.dumps({"header": snapshot.header, "parts": parts, "digest": snapshot.digest}, indent=2).encode()


def page_of(taken: StoredSnapshot) -> bytes | None:
    """The rendered page of a snapshot; None where it was erased."""
    return next((part.body for part in taken.snapshot.parts if part.part is Part.PAGE), None)


def _filing_differences(taken: StoredSnapshot) -> tuple[Message, ...]:
    """The difference of a snapshot that is stored under another listing or case than its header names."""
    names = ("marketplace_id", "evidence_id", "listing_id", "version_id", "case_id", "subject")
    same = all(taken.snapshot.header.get(name) == getattr(taken, name) for name in names)
    return () if same else (message("evidence.misfiled"),)


def part_bodies(header: Mapping[str, Any], listing: Listing) -> dict[Part, bytes]:
    """The parts of a snapshot of a listing, the rendered page among them."""
    text, price = ({name: _json_value(getattr(listing, name)) for name in names} for names in (_TEXT, _PRICE))
    seller = {
        field.name: _json_value(getattr(listing.seller, field.name)) for field in dataclasses.fields(listing.seller)
    }
    media = None if listing.image_link is None else [_picture_address(address) for address in listing.image_link]
    page = _TEMPLATES.get_template("evidence.html").render(
        header=header,
        text=text,
        details=_data_rows({name: text[name] for name in _TEXT if name not in _SHOWN_APART}),
        price=_data_rows(price),
        seller=_data_rows(seller),
        media=media,
    )
    return {
        Part.TEXT: canonical_json(text),
        Part.PRICE: canonical_json(price),
        Part.SELLER: canonical_json(seller),
        Part.MEDIA: canonical_json(media),
        Part.PAGE: page.encode(),
    }


def _json_value(raw: object) -> object:
    """A value for JSON: money as text, windows as counts by days."""
    if isinstance(raw, Windows):
        return {f"{name[1:]} days": days for name, days in raw._asdict().items() if days is not None}
    return str(raw) if isinstance(raw, Decimal) else raw


def _picture_address(address: str) -> dict[str, str]:
    return {"address": address, "address_sha256": hashlib.sha256(address.encode()).hexdigest()}


def _data_rows(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(readable name, value) of the given data; one row per window, and no row for missing values."""
    rows: list[tuple[str, str]] = []
    for name, field_value in values.items():
        if isinstance(field_value, Mapping):
            rows += _data_rows({f"{name}, {days}": count for days, count in field_value.items()})
        elif field_value is not None:
            rows.append((name.replace("_", " "), str(field_value)))
    return rows
