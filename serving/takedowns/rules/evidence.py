"""Snapshots of a listing's content at an action, with a digest per part; each part is verifiable and erasable alone."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from features.message import Message, message

_PART_DOMAIN: Final = b"touchstone.evidence.part.v1\0"
_SNAPSHOT_DOMAIN: Final = b"touchstone.evidence.snapshot.v1\0"
SALT_BYTES: Final = 16


class Part(StrEnum):
    """The parts of a snapshot, in display order."""

    TEXT = "text"
    PRICE = "price"
    SELLER = "seller"
    MEDIA = "media"
    PAGE = "page"


# The parts that identify the seller; text, price and pictures describe the goods.
PERSONAL_PARTS: Final = (Part.SELLER, Part.PAGE)


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part with its digest. `salt` (hex) and `body` are None where the part was erased; the digest stays."""

    part: Part
    digest: str
    salt: str | None
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot as stored: its header, its parts, and one digest over both."""

    header: Mapping[str, object]
    parts: tuple[StoredPart, ...]
    digest: str


def canonical_json(document: object) -> bytes:
    """JSON with sorted keys, without white space, in ASCII: the same bytes on every system.

    >>> canonical_json({"b": None, "a": "é"})
    b'{"a":"\\\\u00e9","b":null}'
    """
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def snapshot_of(header: Mapping[str, object], bodies: Mapping[Part, bytes], salts: Mapping[Part, bytes]) -> Snapshot:
    """The snapshot of these parts. Salts are random, 16 bytes each.

    Without a salt, a short value such as a price could be found from the digest of an erased part by trial.
    """
    parts = tuple(
        StoredPart(part, part_digest(part, salts[part], bodies[part]), salts[part].hex(), bodies[part]) for part in Part
    )
    return Snapshot(header, parts, snapshot_digest(header, {part.part: part.digest for part in parts}))


def part_digest(part: Part, salt: bytes, body: bytes) -> str:
    """SHA-256 of a domain prefix, the part's name, the salt with its length, and the body."""
    named = part.value.encode() + b"\0" + len(salt).to_bytes(1, "big") + salt
    return hashlib.sha256(_PART_DOMAIN + named + body).hexdigest()


def snapshot_digest(header: Mapping[str, object], digests: Mapping[Part, str]) -> str:
    """SHA-256 of a domain prefix, and the canonical header with the digests of all parts."""
    named = {part.value: digest for part, digest in digests.items()}
    return hashlib.sha256(_SNAPSHOT_DOMAIN + canonical_json({"header": header, "parts": named})).hexdigest()


def differences(snapshot: Snapshot, *, vouched: str | None) -> tuple[Message, ...]:
    """The differences from the snapshot as taken, one message each; empty for none. `vouched` is the digest in the
    audit log.

    An erased part is not a difference: its digest remains part of the snapshot's.
    """
    messages = [message("evidence.altered", part=part.part.value) for part in snapshot.parts if not _is_intact(part)]
    missing = [part.value for part in Part if part not in {kept_part.part for kept_part in snapshot.parts}]
    messages += [message("evidence.missing", part=name) for name in missing]
    if snapshot.digest != snapshot_digest(snapshot.header, {part.part: part.digest for part in snapshot.parts}):
        messages.append(message("evidence.header"))
    if vouched is None:
        messages.append(message("evidence.unrecorded"))
    elif vouched != snapshot.digest:
        messages.append(message("evidence.other_digest"))
    return tuple(messages)


def _is_intact(kept_part: StoredPart) -> bool:
    if kept_part.body is None or kept_part.salt is None:
        return kept_part.body is None and kept_part.salt is None
    return part_digest(kept_part.part, bytes.fromhex(kept_part.salt), kept_part.body) == kept_part.digest
