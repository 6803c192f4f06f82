"""A mixer of 64 bits: every bit of the result depends on every bit of the value.

The finaliser of SplitMix64 (Steele, Lea and Flood 2014), in the public domain.
"""

from typing import Final

import numba
import numpy as np

MASK: Final = (1 << 64) - 1
GOLDEN: Final = 0x9E3779B97F4A7C15  # SplitMix64's increment, also good as an odd multiplier.
_MIX_1, _MIX_2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


@numba.njit(cache=True, inline="always")
def mix(value: np.uint64) -> np.uint64:
    """The mixed value, 64 bits."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(_MIX_1)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(_MIX_2)
    return value ^ (value >> np.uint64(31))
