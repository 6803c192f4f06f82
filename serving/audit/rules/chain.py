"""The hash chain that makes the audit log tamper-evident: each entry's hash covers the one before."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from features.message import Message, message

GENESIS: Final = "0" * 64
_ENTRY_DOMAIN: Final = b"touchstone.audit.entry.v1\0"
_PAYLOAD_DOMAIN: Final = b"touchstone.audit.payload.v1\0"
_SALTED_DOMAIN: Final = b"touchstone.audit.payload.v2\0"
SALT_BYTES: Final = 16
# The act of an entry whose payload names, under `entries`, the entries whose payloads were erased.
ERASURE: Final = "seller.erased"
# The beginnings of acts that no erasure may blank: they name no seller, and prove who decided what.
KEPT_ACTS: Final = ("audit.", "verdict.", "approval_vote.", "model.", "person.", "remove.", "reinstate.", ERASURE)
FOUNDED: Final = "marketplace.founded"  # The first one says by `public_key` which data directory begins to sign.
SIGNING_BEGAN: Final = "audit.signing_began"
SIGNING_RENEWED: Final = "audit.signing_renewed"
RESTORED: Final = "audit.restored"
RESTORE: Final = "restore"  # The subject of these entries.
# More messages than a listing or a seller gets between a backup and its restore: a receiver ignores numbers up to the
# last that it has seen.
SKIPPED_NUMBERS: Final = 100_000
UNREADABLE: Final = "audit.unreadable"
_HEAD_DOMAIN: Final = b"touchstone.audit.head.v1\0"
# Enough digits to locate where a log was rewritten; the whole hash of the head proves that it was.
MARK_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class AuditEntry:
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
class Payload:
    """The stored content of an entry. Entries older than the salts have none.

    Without a salt, anybody with the hash of an erased payload could find a short one by trying.
    """

    body: bytes
    salt: bytes = b""

    @property
    def digest(self) -> str:
        """SHA-256 of salt and body; salted payloads have a separate hash domain."""
        return hashlib.sha256((_SALTED_DOMAIN if self.salt else _PAYLOAD_DOMAIN) + self.salt + self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class ChainBreak:
    """The first entry that does not fit, and the problem with it."""

    sequence: int
    problem: Message


@dataclass(frozen=True, slots=True)
class Head:
    """The state of the log at a moment, stored and signed outside the database.

    `marks` are the first eight hex digits of the hash of every entry since the previous head, including this one's.
    A log that is rewritten from some entry on has other hashes from there on, and the marks locate that entry.
    `previous` is the SHA-256 of the previous head as signed, so that no head can be left out.
    """

    sequence: int
    entry_hash: str
    signed_at: datetime
    marks: str
    previous: str


def next_head(previous: Head | None, hashes: Sequence[str], at: datetime) -> Head:
    """The head after `hashes`, those of the entries since the previous head; at least one."""
    start = previous.sequence if previous else 0
    marks = "".join(entry_hash[:MARK_DIGITS] for entry_hash in hashes)
    before = hashlib.sha256(signed_bytes(previous)).hexdigest() if previous else GENESIS
    return Head(start + len(hashes), hashes[-1], at, marks, before)


def signed_bytes(head: Head) -> bytes:
    """The content that a signature of a head covers, in a signature domain of its own."""
    named = [head.sequence, head.entry_hash, head.signed_at.isoformat(), head.marks, head.previous]
    return _HEAD_DOMAIN + json.dumps(named, ensure_ascii=True, separators=(",", ":")).encode()


def follows(head: Head, previous: Head | None) -> bool:
    """Whether a head follows the one before it; the first follows None."""
    start = previous.sequence if previous else 0
    before = hashlib.sha256(signed_bytes(previous)).hexdigest() if previous else GENESIS
    counted = len(head.marks) == MARK_DIGITS * (head.sequence - start) > 0
    return counted and head.previous == before and head.marks[-MARK_DIGITS:] == head.entry_hash[:MARK_DIGITS]


def canonical_json(payload: Mapping[str, object]) -> bytes:
    """JSON with sorted keys and no blanks: the form for hashing and for storage."""
    return json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def next_entry(
    *,
    previous: tuple[int, str],
    occurred_at: datetime,
    marketplace_id: str,
    actor: str,
    act: str,
    subject: str,
    payload: Payload,
) -> AuditEntry:
    """The entry that follows `previous` (its sequence and hash)."""
    sequence, hashed = previous[0] + 1, payload.digest
    entry_hash = _entry_hash(sequence, occurred_at, (marketplace_id, actor, act, subject), hashed, previous[1])
    return AuditEntry(sequence, occurred_at, marketplace_id, actor, act, subject, hashed, previous[1], entry_hash)


def verify(
    entries: Iterable[tuple[AuditEntry, Payload | None]],
    *,
    head: tuple[int, str],
    heads: Iterable[Head] = (),
    after: tuple[int, str] = (0, GENESIS),
    erased: Collection[int] = (),
) -> ChainBreak | None:
    """None if the chain is whole up to `head` and matches the signed heads; else the first entry that does not.

    Each entry comes with its stored payload, or None where it was erased; a later entry of the log must name every
    erased one. `heads` are consecutive signed ones, oldest first. `head` is in the database, so an attacker who
    rewrites the log can rewrite it too. Entries and heads are read once, in step, and not kept.

    To check a range alone, `after` is the entry before it, and no signed heads are given; `erased` are entries of it
    that erasures outside of it name.
    """
    sequence, previous = after
    signed = _HeadMatcher(heads)
    gone: set[int] = set()
    for audit_entry, payload in entries:
        sequence += 1
        problem = _misfit(audit_entry, payload, sequence, previous)
        if problem is not None:
            return ChainBreak(sequence, problem)
        if payload is None:
            gone.add(sequence)
        elif audit_entry.act == ERASURE:
            named = {number for number in erased_sequences(payload.body) if number > after[0]}
            if not named <= gone:
                return ChainBreak(sequence, message("audit.erased_nothing", sequence=min(named - gone)))
            gone -= named
        if not signed.has(audit_entry):
            return ChainBreak(sequence, message("audit.not_as_signed"))
        previous = audit_entry.entry_hash
    if unnamed := gone.difference(erased):
        return ChainBreak(min(unnamed), message("audit.payload_gone"))
    if (sequence, previous) != head:
        return ChainBreak(sequence + 1, message("audit.other_end", end=sequence, head=head[0]))
    last = signed.last()
    if last is not None and last.sequence > sequence:
        return ChainBreak(sequence + 1, message("audit.before_signed", end=sequence, head=last.sequence))
    return None


def _misfit(audit_entry: AuditEntry, payload: Payload | None, sequence: int, previous: str) -> Message | None:
    """Why an entry, with its payload, cannot be the one of this number after that hash; None where it can."""
    if audit_entry.sequence != sequence:
        return message("audit.missing", sequence=sequence)
    if audit_entry.previous_hash != previous:
        return message("audit.unchained")
    named = (audit_entry.marketplace_id, audit_entry.actor, audit_entry.act, audit_entry.subject)
    if audit_entry.entry_hash != _entry_hash(
        sequence, audit_entry.occurred_at, named, audit_entry.payload_hash, previous
    ):
        return message("audit.altered")
    if payload is None:
        return message("audit.payload_kept") if audit_entry.act.startswith(KEPT_ACTS) else None
    return message("audit.payload_altered") if payload.digest != audit_entry.payload_hash else None


class _HeadMatcher:
    """Signed heads, read in step with the entries from the first on."""

    def __init__(self, heads: Iterable[Head]) -> None:
        self._heads = iter(heads)
        self._head: Head | None = None
        self._start = 0

    def has(self, audit_entry: AuditEntry) -> bool:
        """Whether the entry is the signed one; True after the last head."""
        if self._head is None or audit_entry.sequence > self._head.sequence:
            self._start = self._head.sequence if self._head else 0
            self._head = next(self._heads, self._head)
        head = self._head
        if head is None or audit_entry.sequence > head.sequence:
            return True
        place = MARK_DIGITS * (audit_entry.sequence - self._start - 1)
        if not audit_entry.entry_hash.startswith(head.marks[place : place + MARK_DIGITS]):
            return False
        return audit_entry.sequence != head.sequence or audit_entry.entry_hash == head.entry_hash

    def last(self) -> Head | None:
        """The last head; None where there are none."""
        for head in self._heads:
            self._head = head
        return self._head


def erased_sequences(body: bytes) -> set[int]:
    """The sequences of the entries that an erasure's own payload names as erased."""
    return set(json.loads(body).get("entries", ()))


def _entry_hash(sequence: int, at: datetime, named: tuple[str, ...], hashed: str, previous: str) -> str:
    text = json.dumps([sequence, at.isoformat(), *named, hashed, previous], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(_ENTRY_DOMAIN + text.encode()).hexdigest()
