"""The n-grams of a text as the text model counts them; `tests/features/plain.py` has them one by one, without arrays.

What is read (features.alphabet) is cut into words at blanks. Of each word, with a blank on both sides, every window of
3 to 5 letters counts, and every pair of neighbours in scripts that put no blanks. Besides, every run of letters and
digits counts as a whole, and every two runs in a row. In a run, digits that stand for letters are undone where it has
letters too, so that 'r3plica' is 'replica'; and three or more runs of one letter each count as one run as well, so that
'f a k e' is 'fake'.

An n-gram is a hash, of which the upper bits are its index. Fields do not share indices.
"""

from typing import Final

from features.splitmix import GOLDEN

BITS: Final = 18
BUCKETS: Final = 1 << BITS
SHORTEST, LONGEST = 3, 5
FEWEST_SPACED: Final = 3  # 'S M L' is three sizes, which then are a word; of two letters, most are initials.

# Odd multipliers: SplitMix64's increment and two of xxHash64 (Collet 2012).
WINDOW: Final = GOLDEN
WORD: Final = 0xC2B2AE3D27D4EB4F
PAIR: Final = 0x165667B19E3779F9
SHIFT: Final = 64 - BITS
