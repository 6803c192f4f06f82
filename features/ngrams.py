"""The n-grams of a text as the text model counts them; `tests/features/plain.py` has them one by one, without arrays.

The text as read (features.alphabet) is cut into words at blanks. Every window of 3 to 5 letters of a word with a blank
on both sides counts. So does every pair of neighbours in scripts without blanks. Every run of letters and digits also
counts as a whole, and so do every two runs in a row. In a run, digits that stand for letters are undone where it has
letters too, so that 'r3plica' is 'replica'; and three or more runs of one letter each count as one run as well, so that
'f a k e' is 'fake'.

An n-gram is a hash; its upper bits are the index. Fields do not share indices.
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
