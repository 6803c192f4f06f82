"""The chain that makes the audit log tamper-evident: each entry's hash covers the one before."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

GENESIS: Final = "0" * 64
_ENTRY_DOMAIN: Final = b"touchstone.audit.entry.v1\0"
_PAYLOAD_DOMAIN: Final = b"touchstone.audit.payload.v1\0"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log. The payload is stored apart, so that it can be erased; its hash stays in the chain."""

    sequence: int
    occurred_at: datetime
    marketplace_id: str
    actor: str
    act: str
    subject: str
    payload_hash: str
    previous_hash: str
    entry_hash: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry that does not fit, and what is wrong with it."""

    sequence: int
    problem: str


def payload_hash(payload: Mapping[str, object]) -> str:
    """SHA-256 of the payload's canonical JSON, in a domain of its own."""
    return hashlib.sha256(_PAYLOAD_DOMAIN + canonical(payload)).hexdigest()


def canonical(payload: Mapping[str, object]) -> bytes:
    """JSON with sorted keys and no blanks; what is hashed and what is stored."""
    return json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def chained(
    *,
    previous: tuple[int, str],
    occurred_at: datetime,
    marketplace_id: str,
    actor: str,
    act: str,
    subject: str,
    payload: Mapping[str, object],
) -> Entry:
    """The entry that follows `previous` (its sequence and hash)."""
    sequence, hashed = previous[0] + 1, payload_hash(payload)
    entry_hash = _hash(sequence, occurred_at, (marketplace_id, actor, act, subject), hashed, previous[1])
    return Entry(sequence, occurred_at, marketplace_id, actor, act, subject, hashed, previous[1], entry_hash)


def verify(entries: Iterable[tuple[Entry, bytes | None]], *, head: tuple[int, str]) -> Broken | None:
    """None if the chain is whole up to `head`; else the first entry that is not.

    Each entry comes with its stored payload, or None where it was erased.
    """
    sequence, previous = 0, GENESIS
    for entry, payload in entries:
        sequence += 1
        if entry.sequence != sequence:
            return Broken(sequence, f"entry {sequence} is missing or out of order")
        named = (entry.marketplace_id, entry.actor, entry.act, entry.subject)
        if entry.previous_hash != previous:
            return Broken(sequence, "it does not follow the entry before it")
        if entry.entry_hash != _hash(sequence, entry.occurred_at, named, entry.payload_hash, previous):
            return Broken(sequence, "it was altered")
        if payload is not None and hashlib.sha256(_PAYLOAD_DOMAIN + payload).hexdigest() != entry.payload_hash:
            return Broken(sequence, "its payload was altered")
        previous = entry.entry_hash
    if (sequence, previous) != head:
        return Broken(sequence + 1, f"the log ends at {sequence}, its head says {head[0]}")
    return None


def _hash(sequence: int, at: datetime, named: tuple[str, ...], hashed: str, previous: str) -> str:
    text = json.dumps([sequence, at.isoformat(), *named, hashed, previous], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(_ENTRY_DOMAIN + text.encode()).hexdigest()
