"""Signed heads: the audit log's state, written outside the database, so that a rewritten log is detected."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import IO, Any, Final

import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from models.messages.english import in_english
from serving.audit.rules import GENESIS, Head, bad_head, next_head, signed_bytes
from serving.audit.store import audit
from serving.platform.runtime import Runtime

AUDIT_KEY: Final = "audit.key"
# Database access allows rewriting entries of the last five minutes, but no older ones.
PACE: Final = timedelta(minutes=5)
_TAIL: Final = 65_536
_log = structlog.get_logger()


def sign_head(runtime: Runtime) -> int:
    """Sign the log's state, if it has grown and five minutes have passed; returns how many heads were written.

    A log that does not continue from the last signed head is not signed: `touchstone audit verify` says where it broke.
    """
    now = runtime.clock.now()
    with _file(runtime) as stream:
        heads, problem = _read(runtime, stream)
        last = heads[-1] if heads else None
        if problem is not None:
            _log.error("audit.heads_damaged", problem=problem)
            return 0
        if last is not None and now - last.signed_at < PACE:
            return 0
        with runtime.store.read() as connection:
            found = audit.hashes_after(connection, last.sequence if last else 0)
        if not found:
            return 0
        follows = [last.entry_hash if last else GENESIS, *(own for _, own in found[:-1])]
        if [previous for previous, _ in found] != follows:
            _log.error("audit.broken_since_head", sequence=last.sequence if last else 0)
            return 0
        head = next_head(last, [own for _, own in found], now)
        _append(runtime, stream, head)
    return 1


def last_head(runtime: Runtime) -> Head | None:
    """The newest signed head with a valid signature; None before the first, and where the signature is not ours.

    Earlier heads are not read: `verify` checks those.
    """
    try:
        with runtime.home.audit_heads.open("rb") as stream:
            line = _last_line(stream)
    except FileNotFoundError:
        return None
    return None if line is None else _head(line, _key(runtime).public_key())


def _last_line(stream: IO[bytes]) -> bytes | None:
    end, block = stream.seek(0, os.SEEK_END), _TAIL
    while end:
        stream.seek(max(0, end - block))
        lines = stream.read().splitlines()
        if len(lines) > 1 or block >= end:
            return lines[-1]
        block *= 8  # A head after a long pause marks many entries.
    return None


def verify(runtime: Runtime) -> dict[str, Any]:
    """The numbers of entries and signed heads, and the first entry or head that was changed."""
    with _file(runtime) as stream:
        heads, problem = _read(runtime, stream)
    with runtime.store.read() as connection:
        entries, broken = audit.check(connection, heads)
        erased = audit.erased_count(connection)
    return {
        "entries": entries,
        "erased": erased,
        "broken": None if broken is None else {"sequence": broken.sequence, "problem": in_english(broken.problem)},
        "heads": len(heads),
        "last_head": {"sequence": heads[-1].sequence, "signed_at": heads[-1].signed_at.isoformat()} if heads else None,
        "heads_problem": problem,
    }


def _read(runtime: Runtime, stream: IO[bytes]) -> tuple[list[Head], str | None]:
    """The heads before the first bad one, and the problem with that one."""
    heads: list[Head] = []
    key = _key(runtime).public_key()
    stream.seek(0)
    lines = stream.read().splitlines()
    for number, line in enumerate(lines, 1):
        head = _head(line, key)
        if head is None:
            return heads, f"line {number} of the signed heads was not signed by this service"
        heads.append(head)
    place = bad_head(heads)
    if place is not None:
        return heads[:place], f"before line {place + 1} of the signed heads one is missing or out of order"
    return heads, None


def _head(line: bytes, key: Ed25519PublicKey) -> Head | None:
    """The head of one line; None where this service did not sign it."""
    try:
        row = json.loads(line)
        signature = bytes.fromhex(row.pop("signature"))
        head = Head(**{**row, "signed_at": datetime.fromisoformat(row["signed_at"])})
        key.verify(signature, signed_bytes(head))
    except (InvalidSignature, ValueError, TypeError, KeyError, AttributeError):
        return None
    return head


def _append(runtime: Runtime, stream: IO[bytes], head: Head) -> None:
    signature = _key(runtime).sign(signed_bytes(head)).hex()
    row = {**asdict(head), "signed_at": head.signed_at.isoformat(), "signature": signature}
    stream.write(json.dumps(row, separators=(",", ":")).encode() + b"\n")
    stream.flush()
    os.fsync(stream.fileno())


def _key(runtime: Runtime) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(runtime.home.secret(AUDIT_KEY))


@contextmanager
def _file(runtime: Runtime) -> Iterator[IO[bytes]]:
    """The file of heads, locked by one process at a time and readable by its owner only."""
    descriptor = os.open(runtime.home.audit_heads, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "a+b") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield stream
