"""The file of signed heads, in the data directory and outside the database."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from serving.audit.rules.chain import Head, follows, signed_bytes
from serving.platform.home import Home

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


def append(home: Home, stream: IO[bytes], head: Head) -> None:
    """Sign a head and write it durably at the end of the file."""
    signature = private_key(home).sign(signed_bytes(head)).hex()
    row = {**asdict(head), "signed_at": head.signed_at.isoformat(), "signature": signature}
    stream.write(json.dumps(row, separators=(",", ":")).encode() + b"\n")
    stream.flush()
    os.fsync(stream.fileno())


@contextmanager
def opened(home: Home) -> Iterator[IO[bytes]]:
    """The file, locked by one process at a time and readable by its owner only; made where it is missing."""
    with _descriptor(home) as stream, _locked(stream):
        yield stream


@contextmanager
def locked_until(home: Home) -> Iterator[tuple[IO[bytes], Callable[[], None]]]:
    """The file, locked until the block calls the function beside it: from then on heads may be appended again."""
    with _descriptor(home) as stream, ExitStack() as stack:
        stack.enter_context(_locked(stream))
        yield stream, stack.close


def _descriptor(home: Home) -> IO[bytes]:
    descriptor = os.open(home.audit_heads, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    return os.fdopen(descriptor, "a+b")


@contextmanager
def _locked(stream: IO[bytes]) -> Iterator[None]:
    fcntl.flock(stream, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(stream, fcntl.LOCK_UN)
