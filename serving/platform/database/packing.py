"""Packed bytes: compressed by what most values of their kind have in common, so that short ones shrink too.

The first byte is the number of a dictionary in `common_bytes`; a raw deflate stream follows. A dictionary is never
changed, because what it packed would be lost: a better one gets the next number and takes its place in `CURRENT`.
"""

import zlib
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).with_name("common_bytes")
_LEVEL, _RAW, _MEMORY = 6, -13, 6  # A window of 8 KB: no value of these kinds is longer with its dictionary.


class Kind(StrEnum):
    """The kinds of packed values."""

    FACTS = "facts"
    OBSERVED = "observed"
    CONTENT = "content"


CURRENT: Final = {Kind.FACTS: 1, Kind.OBSERVED: 2, Kind.CONTENT: 3}


def pack(kind: Kind, value: bytes) -> bytes:
    """The value by the current dictionary of its kind."""
    number = CURRENT[kind]
    packer = _packer(number).copy()  # Preparing one takes as long as packing a value.
    return b"".join((number.to_bytes(1, "big"), packer.compress(value), packer.flush()))


def unpack(packed: bytes) -> bytes:
    """The value that was packed, by whichever dictionary."""
    return zlib.decompressobj(wbits=_RAW, zdict=dictionary(packed[0])).decompress(packed[1:])


@cache
def dictionary(number: int) -> bytes:
    """The bytes of a dictionary."""
    (found,) = _FOLDER.glob(f"{number}_*")
    return found.read_bytes()


@cache
def _packer(number: int) -> "zlib._Compress":
    return zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW, _MEMORY, zdict=dictionary(number))
