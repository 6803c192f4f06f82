"""A listing's content at the time of an action, committed to part by part: each can be checked and erased alone."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_PART_DOMAIN: Final = b"touchstone.evidence.part.v1\0"
_SNAPSHOT_DOMAIN: Final = b"touchstone.evidence.snapshot.v1\0"
SALT_BYTES: Final = 16


class Part(StrEnum):
    """One piece of a snapshot, in the order in which it is shown."""

    TEXT = "text"
    PRICE = "price"
    SELLER = "seller"
    MEDIA = "media"
    PAGE = "page"


# The parts that say who sold; text, price and pictures say what was sold.
PERSONAL_PARTS: Final = (Part.SELLER, Part.PAGE)


@dataclass(frozen=True, slots=True)
class KeptPart:
    """A part and its commitment. `salt` (hex) and `body` are None where the part was erased; the digest stays."""

    part: Part
    digest: str
    salt: str | None
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot as it is stored: what it is of, the parts, and one digest over all of it."""

    header: Mapping[str, object]
    parts: tuple[KeptPart, ...]
    digest: str


def canonical(value: object) -> bytes:
    """JSON with sorted keys, without blanks, in ASCII: the same bytes wherever it is written.

    >>> canonical({"b": None, "a": "é"})
    b'{"a":"\\\\u00e9","b":null}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def snapshot_of(header: Mapping[str, object], bodies: Mapping[Part, bytes], salts: Mapping[Part, bytes]) -> Snapshot:
    """The snapshot of these parts. Salts are random, 16 bytes each.

    Without a salt, anybody with the digest of an erased part could find a short value, such as a price, by trying.
    """
    parts = tuple(
        KeptPart(part, part_digest(part, salts[part], bodies[part]), salts[part].hex(), bodies[part]) for part in Part
    )
    return Snapshot(header, parts, snapshot_digest(header, {one.part: one.digest for one in parts}))


def part_digest(part: Part, salt: bytes, body: bytes) -> str:
    """SHA-256 of a part with its name, its salt and its length before it, in a domain of its own."""
    named = part.value.encode() + b"\0" + len(salt).to_bytes(1, "big") + salt
    return hashlib.sha256(_PART_DOMAIN + named + body).hexdigest()


def snapshot_digest(header: Mapping[str, object], digests: Mapping[Part, str]) -> str:
    """SHA-256 of the canonical header and the digests of all parts, in a domain of its own."""
    named = {part.value: digest for part, digest in digests.items()}
    return hashlib.sha256(_SNAPSHOT_DOMAIN + canonical({"header": header, "parts": named})).hexdigest()


def differences(snapshot: Snapshot, *, vouched: str | None) -> tuple[str, ...]:
    """The differences from the snapshot as taken, a sentence each; empty for none. `vouched` is the digest in the audit
    log.

    An erased part is no difference: its digest still counts toward the snapshot's.
    """
    found = [f"The part “{one.part.value}” is not what was taken." for one in snapshot.parts if not _holds(one)]
    missing = [part.value for part in Part if part not in {one.part for one in snapshot.parts}]
    found += [f"The part “{name}” is missing." for name in missing]
    if snapshot.digest != snapshot_digest(snapshot.header, {one.part: one.digest for one in snapshot.parts}):
        found.append("Its header or the digest of a part was altered.")
    if vouched is None:
        found.append("No entry of the audit log vouches for it.")
    elif vouched != snapshot.digest:
        found.append("The audit log vouches for another snapshot.")
    return tuple(found)


def _holds(one: KeptPart) -> bool:
    if one.body is None or one.salt is None:
        return one.body is None and one.salt is None
    return part_digest(one.part, bytes.fromhex(one.salt), one.body) == one.digest
