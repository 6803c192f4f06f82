"""The n-grams of a text as the text model counts them; `tests/features/plain.py` is the reference implementation.

The text as read (features.alphabet) is cut into words at blanks. Every window of 3 to 5 letters of a word with a blank
on both sides counts. So does every pair of neighbours in scripts without blanks. Every run of letters and digits also
counts as a whole, and so do every two runs in a row. In a run that also has letters, digits that stand for letters
are undone: 'r3plica' counts as 'replica'. Three or more runs of one letter each also count as one run: 'f a k e' counts
as 'fake'.

An n-gram is a hash; its upper bits are the index. Fields do not share indices. `mix` is the finaliser of SplitMix64
(Steele, Lea and Flood 2014), in the public domain.
"""

from typing import Final

import numba
import numpy as np

MASK: Final = (1 << 64) - 1
GOLDEN: Final = 0x9E3779B97F4A7C15  # SplitMix64's increment, also good as an odd multiplier.
_MIX_1, _MIX_2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB

BITS: Final = 18
BUCKETS: Final = 1 << BITS
SHORTEST, LONGEST = 3, 5
FEWEST_SPACED: Final = 3  # Two letters are mostly initials. Three sizes such as 'S M L' do count as a word.

# Odd multipliers: SplitMix64's increment and two of xxHash64 (Collet 2012).
WINDOW: Final = GOLDEN
WORD: Final = 0xC2B2AE3D27D4EB4F
PAIR: Final = 0x165667B19E3779F9
SHIFT: Final = 64 - BITS


@numba.njit(cache=True, inline="always")
def mix(bits: np.uint64) -> np.uint64:
    """The value mixed: each of the 64 bits of the result depends on every bit of the value."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(_MIX_1)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(_MIX_2)
    return bits ^ (bits >> np.uint64(31))
