"""Signing the audit log's state outside the database, so that a rewritten log is detected.

The file of signed heads, in the data directory and outside the database.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from models.errors import Conflict, Invalid
from serving.audit.rules.chain import GENESIS, SIGNING_BEGAN, SIGNING_RENEWED, Head, follows, next_head, signed_bytes
from serving.audit.store import audit, signers
from serving.audit.store.signers import Signer
from serving.platform.home import Home
from serving.platform.logs import log
from serving.platform.runtime import Runtime

AUDIT_KEY: Final = "audit.key"
_TAIL: Final = 65_536


def private_key(home: Home) -> Ed25519PrivateKey:
    """The key of this data directory, made at first use."""
    return Ed25519PrivateKey.from_private_bytes(home.secret(AUDIT_KEY))


def public_key(home: Home) -> str:
    """The public key in hex: 64 digits, which identify who signs."""
    return private_key(home).public_key().public_bytes_raw().hex()


class Heads:
    """The heads of a file in order, each checked; `problem` names the first bad line, after which none follow.

    One line is in memory at a time. Heads that are appended later are left out.
    """

    def __init__(self, stream: IO[bytes], home: Home) -> None:
        self._stream, self._key = stream, private_key(home).public_key()
        self.public_key = public_key(home)
        self._size = stream.seek(0, os.SEEK_END)
        self.problem: str | None = None
        self.number = self.read = 0  # Heads, and their bytes.
        self.last: Head | None = None

    @classmethod
    def none(cls, home: Home) -> "Heads":
        """No heads, of a data directory that has no file of them."""
        return cls(BytesIO(), home)

    def __iter__(self) -> Iterator[Head]:
        self.number, self.last, self.read = 0, None, 0
        self._stream.seek(0)
        for line in self._stream:
            if self.read >= self._size:
                return
            head = read_head(line, self._key)
            if head is None:
                self.problem = f"line {self.number + 1} of the signed heads was not signed by this service"
                return
            if not follows(head, self.last):
                self.problem = f"before line {self.number + 1} of the signed heads one is missing or out of order"
                return
            self.number, self.last, self.read = self.number + 1, head, self.read + len(line)
            yield head


def read_head(line: bytes, key: Ed25519PublicKey) -> Head | None:
    """The head of one line; None where this key did not sign it."""
    try:
        row = json.loads(line)
        signature = bytes.fromhex(row.pop("signature"))
        head = Head(**{**row, "signed_at": datetime.fromisoformat(row["signed_at"])})
        key.verify(signature, signed_bytes(head))
    except (InvalidSignature, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return head


def last_line(path: Path) -> bytes | None:
    """The last line of a file; None where there is none."""
    try:
        with path.open("rb") as stream:
            end, block = stream.seek(0, os.SEEK_END), _TAIL
            while end:
                stream.seek(max(0, end - block))
                lines = stream.read().splitlines()
                if len(lines) > 1 or block >= end:
                    return lines[-1]
                block *= 8  # A head after a long pause marks many entries.
    except FileNotFoundError:
        pass
    return None


def append_head(home: Home, stream: IO[bytes], head: Head) -> None:
    """Sign a head and write it durably at the end of the file."""
    signature = private_key(home).sign(signed_bytes(head)).hex()
    row = {**asdict(head), "signed_at": head.signed_at.isoformat(), "signature": signature}
    stream.write(json.dumps(row, separators=(",", ":")).encode() + b"\n")
    stream.flush()
    os.fsync(stream.fileno())


@contextmanager
def locked_heads_file(home: Home) -> Iterator[IO[bytes]]:
    """The file, locked by one process at a time and readable by its owner only; made where it is missing."""
    with _open_heads_file(home) as stream, _file_lock(stream):
        yield stream


@contextmanager
def releasable_heads_file(home: Home) -> Iterator[tuple[IO[bytes], Callable[[], None]]]:
    """The file, locked until the block calls the function beside it: from then on heads may be appended again."""
    with _open_heads_file(home) as stream, ExitStack() as stack:
        stack.enter_context(_file_lock(stream))
        yield stream, stack.close


def _open_heads_file(home: Home) -> IO[bytes]:
    descriptor = os.open(home.audit_heads, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    return os.fdopen(descriptor, "a+b")


@contextmanager
def _file_lock(stream: IO[bytes]) -> Iterator[None]:
    fcntl.flock(stream, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(stream, fcntl.LOCK_UN)


# Database access allows rewriting entries of the last five minutes, but no older ones.
PACE: Final = timedelta(minutes=5)
_ACTOR: Final = "service"
# A problem lasts until a person has acted, and the sweep runs every second: each is logged once a process.
_LOGGED: Final[set[tuple[str, str]]] = set()


def sign_head(runtime: Runtime) -> int:
    """Sign the log's state, if it has grown and five minutes have passed; returns how many heads were written.

    The data directory in which the first marketplace was created begins, and no other: its first head records in the
    log itself who signs. Where anything of what was signed is missing
    or does not fit, nothing more is signed, because another head would hide it: `touchstone audit verify` says what.
    """
    now, home = runtime.clock.now(), runtime.home
    with locked_heads_file(home) as stream:
        last = last_head(runtime)
        if last is not None and now - last.signed_at < PACE:
            return 0
        with runtime.store.read() as connection:
            if audit.head(connection)[0] == 0:
                return 0
        signer = _signer(runtime, now)
        heads = Heads(stream, home)
        for _ in heads:
            pass
        problem = heads.problem or problem_of(signer, heads.last)
        if signer is None or problem is not None:
            _log_once(runtime, problem or "not_accepted")
            return 0
        return _sign_new_entries(runtime, stream, heads.last, now)


def _sign_new_entries(runtime: Runtime, stream: IO[bytes], last: Head | None, now: datetime) -> int:
    with runtime.store.read() as connection:
        hash_pairs = audit.hashes_after(connection, last.sequence if last else 0)
    if not hash_pairs:
        return 0
    follows = [last.entry_hash if last else GENESIS, *(own for _, own in hash_pairs[:-1])]
    if [previous for previous, _ in hash_pairs] != follows:
        log.error("audit.broken_since_head", sequence=last.sequence if last else 0)
        return 0
    head = next_head(last, [own for _, own in hash_pairs], now)
    append_head(runtime.home, stream, head)
    with runtime.store.write() as connection:
        signers.record_head(connection, Signer(public_key(runtime.home), head.sequence, head.entry_hash, now))
    return 1


def _signer(runtime: Runtime, now: datetime) -> Signer | None:
    """The record of this data directory; made where it is to sign and nobody has, None where another one signs."""
    own = public_key(runtime.home)
    with runtime.store.read() as connection:
        signers_on_record = signers.all_signers(connection)
        # The record may have been deleted: what the log says counts.
        began = bool(signers_on_record) or bool(audit.entries_of(connection, SIGNING_BEGAN, SIGNING_RENEWED))
        is_founder = audit.provisioning_key(connection) == own
    if began or not is_founder:
        return next((signer for signer in signers_on_record if signer.public_key == own), None)
    signer = Signer(own, 0, GENESIS, now)
    with runtime.store.write() as connection:
        audit.record(connection, now, "", _ACTOR, SIGNING_BEGAN, own[:16], public_key=own)
        signers.add_signer(connection, signer)
    return signer


def problem_of(signer: Signer | None, last: Head | None) -> str | None:
    """What is missing of the heads that the database says were signed; None where nothing is."""
    if signer is None or signer.sequence == 0:
        return None
    if last is None:
        return f"the signed heads are missing: the log was signed up to entry {signer.sequence:,}"
    if last.sequence < signer.sequence:
        return (
            f"the signed heads end at entry {last.sequence:,}, and the log was signed up to entry {signer.sequence:,}"
        )
    return None


def restart_heads(runtime: Runtime, *, reason: str, by: str) -> dict[str, Any]:
    """Start new signed heads in this data directory, after its key or its heads were lost, or in a second directory.

    The log records it with the reason and what was signed before. The file of heads is kept under another name.

    Raises Invalid (no reason is given) or Conflict (nothing is wrong with what was signed, or this data directory is
    about to sign first).
    """
    if not reason.strip():
        raise Invalid("Give a reason.")
    now, own = runtime.clock.now(), public_key(runtime.home)
    with locked_heads_file(runtime.home) as stream:
        heads = Heads(stream, runtime.home)
        for _ in heads:
            pass
        with runtime.store.read() as connection:
            signers_on_record = signers.all_signers(connection)
            is_founder = audit.provisioning_key(connection) == own
        mine = next((signer for signer in signers_on_record if signer.public_key == own), None)
        is_whole = mine is not None and heads.problem is None and problem_of(mine, heads.last) is None
        if is_whole or (is_founder and not signers_on_record):
            raise Conflict("The signed heads of this data directory are whole. There is no reason to start new ones.")
        kept_name = _archive_heads(runtime, stream, now)
        before = max(signers_on_record, key=lambda signer: signer.sequence, default=Signer("", 0, GENESIS, now))
        with runtime.store.write() as connection:
            audit.record(
                connection,
                now,
                "",
                by,
                SIGNING_RENEWED,
                own[:16],
                public_key=own,
                reason=reason.strip()[:500],
                before={"public_key": before.public_key, "sequence": before.sequence, "entry_hash": before.entry_hash},
            )
            signers.delete_signer(connection, own)
            signers.add_signer(connection, Signer(own, 0, GENESIS, now))
        _sign_new_entries(runtime, stream, None, now)
    return {"public_key": own, "kept": kept_name}


def _archive_heads(runtime: Runtime, stream: IO[bytes], now: datetime) -> str | None:
    stream.seek(0)
    content = stream.read()
    if not content:
        return None
    path = runtime.home.root / f"audit-heads-until-{now:%Y%m%dT%H%M%S}.ndjson"
    path.touch(0o600, exist_ok=False)
    path.write_bytes(content)
    stream.truncate(0)
    return path.name


def last_head(runtime: Runtime) -> Head | None:
    """The newest signed head with a valid signature; None before the first, and where the signature is not ours.

    Earlier heads are not read: `touchstone audit verify` checks those.
    """
    line = last_line(runtime.home.audit_heads)
    return None if line is None else read_head(line, private_key(runtime.home).public_key())


def _log_once(runtime: Runtime, problem: str) -> None:
    key = (str(runtime.home.root), problem)
    if key not in _LOGGED:
        _LOGGED.add(key)
        log.error("audit.not_signed", problem=problem)
