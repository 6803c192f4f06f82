"""Column types with the same meaning on SQLite and PostgreSQL, and packed bytes.

The first byte is the number of a dictionary in `common_bytes`; a raw deflate stream follows. A dictionary is never
changed, because what it packed would be lost: a better one gets the next number and takes its place in `CURRENT`.
"""

import json
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, DateTime, Dialect, LargeBinary, String, Text, TypeDecorator, func
from sqlalchemy.types import TypeEngine

from serving.platform.ids import bits_of

_FOLDER: Final = Path(__file__).with_name("common_bytes")
_LEVEL, _RAW, _MEMORY = 6, -13, 6  # A window of 8 KB: no value of these kinds is longer with its dictionary.


class Kind(StrEnum):
    """The kinds of packed values."""

    FACTS = "facts"
    OBSERVED = "observed"
    CONTENT = "content"


CURRENT: Final = {Kind.FACTS: 1, Kind.OBSERVED: 2, Kind.CONTENT: 3}


def pack(kind: Kind, content: bytes) -> bytes:
    """The value by the current dictionary of its kind."""
    number = CURRENT[kind]
    packer = _packer(number).copy()  # Preparing one takes as long as packing a value.
    return b"".join((number.to_bytes(1, "big"), packer.compress(content), packer.flush()))


def unpack(packed: bytes) -> bytes:
    """The value that was packed, by whichever dictionary."""
    return zlib.decompressobj(wbits=_RAW, zdict=dictionary_bytes(packed[0])).decompress(packed[1:])


@cache
def dictionary_bytes(number: int) -> bytes:
    (path,) = _FOLDER.glob(f"{number}_*")
    return path.read_bytes()


@cache
def _packer(number: int) -> "zlib._Compress":
    return zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW, _MEMORY, zdict=dictionary_bytes(number))


_FIXED = "%Y-%m-%dT%H:%M:%S.%f"

# The replacement for erased words.
ERASED: Final = "(erased)"


class UtcTime(TypeDecorator[datetime]):
    """An aware time in UTC: timestamptz on PostgreSQL, sortable ISO text on SQLite, which has no time type."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text on SQLite."""
        return dialect.type_descriptor(String(27) if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, moment: datetime | None, dialect: Dialect) -> Any:
        """The time in UTC; refuses a naive time, whose meaning is unknown."""
        if moment is None:
            return None
        if moment.tzinfo is None:
            raise ValueError("a time without an offset")
        if dialect.name == "sqlite":
            return _text(moment)
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)

    def process_result_value(self, raw: Any, dialect: Dialect) -> datetime | None:
        """The stored time, aware, in UTC."""
        if raw is None:
            return None
        return datetime.fromisoformat(raw) if dialect.name == "sqlite" else raw.astimezone(UTC)


def moment_of(connection: Connection) -> Callable[[Any], datetime]:
    """What makes a time of a stored one that the driver returned, as `UtcTime` does."""
    return datetime.fromisoformat if connection.dialect.name == "sqlite" else _in_utc


def day_of(connection: Connection, moment: ColumnElement[Any]) -> ColumnElement[str]:
    """The day of a stored moment (UTC), as ISO 8601 writes it."""
    if connection.dialect.name == "sqlite":
        return func.substr(moment, 1, 10, type_=String)
    return func.to_char(func.timezone("UTC", moment), "YYYY-MM-DD", type_=String)


def stored_moment(connection: Connection, moment: datetime) -> Any:
    """A time as the driver gets it, as `UtcTime` does."""
    return _text(moment) if connection.dialect.name == "sqlite" else moment.astimezone(UTC)


def _text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC).strftime(_FIXED)}Z"


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


class IdOrder(TypeDecorator[str]):
    """The digits of an id, which sort as they were given out: sixteen bytes on PostgreSQL, text on SQLite."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text on SQLite, whose JSON parameters hold no bytes."""
        return dialect.type_descriptor(String(26) if dialect.name == "sqlite" else LargeBinary())

    def process_bind_param(self, digits: str | None, dialect: Dialect) -> Any:
        """The digits in the engine's form."""
        return digits if digits is None or dialect.name == "sqlite" else bits_of(digits)


class Digest(TypeDecorator[str]):
    """A digest in hexadecimal digits, stored as its bytes, which are half as long."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, digits: str | None, _dialect: Dialect) -> bytes | None:
        return None if digits is None else bytes.fromhex(digits)

    def process_result_value(self, raw: bytes | None, _dialect: Dialect) -> str | None:
        """The digits."""
        return None if raw is None else raw.hex()


class CanonicalText(str):
    """The canonical text of a JSON value, for what needs the text too; it is stored as it is."""

    __slots__ = ()

    @classmethod
    def of(cls, document: Any) -> "CanonicalText":
        return cls(_encoded(document))


def _canonical(document: Any) -> str:
    return document if isinstance(document, CanonicalText) else _encoded(document)


class Json(TypeDecorator[Any]):
    """A JSON value as canonical text: the same bytes on both engines."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, document: Any, _dialect: Dialect) -> str | None:
        """Canonical text."""
        return None if document is None else _canonical(document)

    def process_result_value(self, text: str | None, _dialect: Dialect) -> Any:
        return None if text is None else json.loads(text)


class CompressedBytes(TypeDecorator[bytes]):
    """Bytes, stored compressed."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, content: bytes | None, _dialect: Dialect) -> bytes | None:
        return None if content is None else zlib.compress(content, 1)

    def process_result_value(self, raw: bytes | None, _dialect: Dialect) -> bytes | None:
        return None if raw is None else zlib.decompress(raw)


class PackedBytes(TypeDecorator[bytes]):
    """Bytes of a kind, stored packed: facts shrink to a sixth."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, content: bytes | None, _dialect: Dialect) -> bytes | None:
        return None if content is None else pack(self.kind, content)

    def process_result_value(self, raw: bytes | None, _dialect: Dialect) -> bytes | None:
        return None if raw is None else unpack(raw)


class PackedJson(TypeDecorator[Any]):
    """A JSON value of a kind, stored as packed canonical text."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, document: Any, _dialect: Dialect) -> bytes | None:
        """Packed canonical text."""
        return None if document is None else pack(self.kind, _canonical(document).encode())

    def process_result_value(self, raw: bytes | None, _dialect: Dialect) -> Any:
        return None if raw is None else json.loads(unpack(raw))


# Made once: `json.dumps` would make one for each value, which takes longer than most values do.
_encoded: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False, default=str).encode
