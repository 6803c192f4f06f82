"""The n-grams of a text as the text model counts them; `tests/features/plain.py` is the reference implementation.

The text as read (features.alphabet) is cut into words at blanks. Every window of 3 to 5 letters of a word with a blank
on both sides counts. So does every pair of neighbours in scripts without blanks. Every run of letters and digits also
counts as a whole, and so do every two runs in a row. In a run that also has letters, digits that stand for letters
are undone: 'r3plica' counts as 'replica'. Three or more runs of one letter each also count as one run: 'f a k e' counts
as 'fake'.

An n-gram is a hash; its upper bits are the index. Fields do not share indices.
"""

from typing import Final

from features.splitmix import GOLDEN

BITS: Final = 18
BUCKETS: Final = 1 << BITS
SHORTEST, LONGEST = 3, 5
FEWEST_SPACED: Final = 3  # Two letters are mostly initials. Three sizes such as 'S M L' do count as a word.

# Odd multipliers: SplitMix64's increment and two of xxHash64 (Collet 2012).
WINDOW: Final = GOLDEN
WORD: Final = 0xC2B2AE3D27D4EB4F
PAIR: Final = 0x165667B19E3779F9
SHIFT: Final = 64 - BITS
