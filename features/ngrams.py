"""The n-grams of a text as the text model counts them: the definition, which the kernel must equal.

What is read (features.alphabet) is cut into words at blanks. Of each word, with a blank on both sides, every window of
3 to 5 letters counts, and every pair of neighbours in scripts that put no blanks. Besides, every run of letters and
digits counts as a whole, and every two runs in a row. In a run, digits that stand for letters are undone where it has
letters too, so that 'r3plica' is 'replica'; and three or more runs of one letter each count as one run as well, so that
'f a k e' is 'fake'.

An n-gram is a hash, of which the upper bits are its index. Fields do not share indices.
"""

import itertools
from collections.abc import Iterable, Sequence
from typing import Final

from features.alphabet import BLANK, DIGIT, IDEOGRAPH, SIGN, kind_plain, read_plain, value_plain, word_value_plain
from features.fold import as_shown
from features.splitmix import GOLDEN, MASK

BITS: Final = 18
BUCKETS: Final = 1 << BITS
SHORTEST, LONGEST = 3, 5
FEWEST_SPACED: Final = 3  # 'S M L' is three sizes, which then are a word; of two letters, most are initials.

# Odd multipliers: SplitMix64's increment and two of xxHash64 (Collet 2012).
WINDOW: Final = GOLDEN
WORD: Final = 0xC2B2AE3D27D4EB4F
PAIR: Final = 0x165667B19E3779F9
SHIFT: Final = 64 - BITS


def indices_plain(text: str, field: int) -> list[int]:
    """Indices of the n-grams of one text, repeats included."""
    letters = read_plain(as_shown(text))
    hashes = [*_windows(letters), *_runs(letters)]
    return [field * BUCKETS + (value >> SHIFT) for value in hashes]


def _windows(letters: Sequence[int]) -> Iterable[int]:
    for blank, group in itertools.groupby(letters, key=lambda code: kind_plain(code) == BLANK):
        if blank:
            continue
        word = list(group)
        padded = [ord(" "), *word, ord(" ")]
        for length in range(SHORTEST, LONGEST + 1):
            for start in range(len(padded) - length + 1):
                yield _window([value_plain(code) for code in padded[start : start + length]])
        for left, right in itertools.pairwise(word):
            if kind_plain(left) == kind_plain(right) == IDEOGRAPH:
                yield (value_plain(left) * 3 & MASK ^ value_plain(right)) * PAIR & MASK


def _window(values: Sequence[int]) -> int:
    found = (values[0] << 7) & MASK
    for value in values[1:]:
        found = (found ^ value) * WINDOW & MASK
    return found


def _runs(letters: Sequence[int]) -> Iterable[int]:
    before = 0
    spaced: list[int] = []
    for outside, group in itertools.groupby(letters, key=lambda code: kind_plain(code) >= SIGN):
        if outside:
            continue
        run = list(group)
        found = _run(run)
        yield found
        if before:
            yield (before << 9 & MASK ^ found) * PAIR & MASK
        before = found
        if len(run) > 1:
            yield from _joined(spaced)
            spaced = []
        else:
            spaced += run
    yield from _joined(spaced)


def _run(run: Sequence[int]) -> int:
    found = 0
    if all(kind_plain(code) == DIGIT for code in run):
        for code in run:
            found = (found ^ value_plain(code)) * PAIR & MASK
    else:
        for code in run:
            found = (found ^ word_value_plain(code)) * WORD & MASK
    return found


def _joined(spaced: Sequence[int]) -> Iterable[int]:
    if len(spaced) >= FEWEST_SPACED:
        found = 0
        for code in spaced:
            found = (found ^ word_value_plain(code)) * WORD & MASK
        yield found
