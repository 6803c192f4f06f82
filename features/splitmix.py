"""A mixer of 64 bits: every bit of the result depends on every bit of the value.

The finaliser of SplitMix64 (Steele, Lea and Flood 2014), in the public domain. `mix_plain` is the definition.
"""

from typing import Final

import numba
import numpy as np

MASK: Final = (1 << 64) - 1
GOLDEN: Final = 0x9E3779B97F4A7C15  # SplitMix64's increment, also good as an odd multiplier.
_MIX_1, _MIX_2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def mix_plain(value: int) -> int:
    """The mixed value, 64 bits.

    >>> hex(mix_plain(0x9E3779B97F4A7C15))
    '0xe220a8397b1dcdaf'
    """
    value = (value ^ value >> 30) * _MIX_1 & MASK
    value = (value ^ value >> 27) * _MIX_2 & MASK
    return value ^ value >> 31


@numba.njit(cache=True, inline="always")
def mix(value: np.uint64) -> np.uint64:
    """`mix_plain` in a kernel."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(_MIX_1)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(_MIX_2)
    return value ^ (value >> np.uint64(31))
