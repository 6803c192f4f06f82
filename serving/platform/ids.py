"""Prefixed, time-ordered 128-bit ids: they sort by time of creation and cannot be guessed."""

import secrets
import threading
from collections.abc import Callable
from typing import Final

from serving.platform.clock import Clock

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no letter looks like a digit.
_AS_PYTHONS: Final = str.maketrans(_ALPHABET, "0123456789abcdefghijklmnopqrstuv")
_RANDOM_BITS: Final = 80
_LAST: Final = (1 << 128) - 1
_LENGTH: Final = 26
_PAIRS: Final = [first + second for first in _ALPHABET for second in _ALPHABET]
_SHIFTS: Final = range(5 * (_LENGTH - 2), -1, -10)


def has_form(text: str, prefix: str) -> bool:
    """Whether a text has the form of an id with this prefix.

    >>> has_form("lst_01hq0000000000000000000000", "lst"), has_form("lst_1", "lst")
    (True, False)
    """
    head, _, digits = text.partition("_")
    return head == prefix and len(digits) == _LENGTH and set(digits) <= set(_ALPHABET)


def digits_of(object_id: str) -> str:
    """The part of an id that tells what was made first, whatever the kinds.

    >>> digits_of("obs_01hq0000000000000000000000")
    '01hq0000000000000000000000'
    """
    return object_id.partition("_")[2]


def bits_of(digits: str) -> bytes:
    """The digits of an id as sixteen bytes in the same order; digits beyond those of any id are the last of all.

    >>> bits_of("00000000000000000000000010").hex(), bits_of("z" * 26) == bits_of("7" + "z" * 25)
    ('00000000000000000000000000000020', True)
    """
    return min(int(digits.translate(_AS_PYTHONS), 32), _LAST).to_bytes(16, "big")


class IdSource:
    """Makes ids such as `lst_01hq…`; they also rise within a millisecond."""

    def __init__(self, clock: Clock, random_bits: Callable[[int], int] = secrets.randbits) -> None:
        self._clock, self._random_bits = clock, random_bits
        self._last = 0
        self._lock = threading.Lock()

    def new(self, prefix: str) -> str:
        """A new id; its three-letter prefix states the kind of object."""
        moment = int(self._clock.now().timestamp() * 1000) << _RANDOM_BITS
        with self._lock:
            self._last = max(moment | self._random_bits(_RANDOM_BITS), self._last + 1)
            number = self._last
        return f"{prefix}_{''.join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])}"
