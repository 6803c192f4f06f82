"""The text model's view of each character: its letters, their kind and their value in a hash.

Letters come from `features/data/letter_table.tsv` (`tests/features/tables` has the method). The table maps equal texts
to equal letters in any case, composed or decomposed. It maps look-alikes of Latin letters to the Latin ones, and drops
marks and zero-width characters. `tests/features/plain.py` is the reference implementation.
"""

import unicodedata
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from features.fold import TABLE_SIZE
from features.ngrams import GOLDEN, MASK, mix

# Kinds. Letters are the most common, so the kernel recognises them by their value alone: only theirs is odd.
LETTER, DIGIT, IDEOGRAPH, SIGN, BLANK, DROPPED, SEVERAL = range(7)
HANGUL: Final = range(0xAC00, 0xD7A4)

# Fixed ranges, so that the result does not depend on a Unicode version. A character in no range is a letter.
_RANGES: Final = (
    (0x00, 0x00, DROPPED),
    (0x01, 0x1F, SIGN),
    (0x20, 0x20, BLANK),
    (0x21, 0x2F, SIGN),
    (0x30, 0x39, DIGIT),
    (0x3A, 0x60, SIGN),
    (0x7B, 0xBF, SIGN),
    (0x0E00, 0x0E7F, IDEOGRAPH),  # Thai has no ideographs, but also no blanks between words.
    (0x2000, 0x2BFF, SIGN),
    (0x3000, 0x303F, SIGN),
    (0x3040, 0x30FF, IDEOGRAPH),
    (0x3400, 0x9FFF, IDEOGRAPH),
    (0x1F000, 0x1FFFF, SIGN),
    (0x20000, 0x3FFFF, IDEOGRAPH),
    (0x40000, 0xDFFFF, SIGN),
    (0xE0000, 0xE0FFF, DROPPED),  # Tags: a second, invisible ASCII.
    (0xE1000, 0x10FFFF, SIGN),
)
# Digits that stand for letters. l, i and 1 are one class, because each can stand for the others.
_STAND_INS: Final = {ord(stand_in): ord(other) for stand_in, other in zip("01l3457", "oiieast", strict=True)}


class Alphabet(NamedTuple):
    """Kind, value in a window and value in a word by code point below TABLE_SIZE, each of shape (n,).

    A character that reads as several letters has the word value first << 8 | many. Its letters are listed from index
    `first` on, above TABLE_SIZE.
    """

    kinds: NDArray[np.uint8]
    values: NDArray[np.uint64]
    word_values: NDArray[np.uint64]


@cache
def tables() -> Alphabet:
    """The alphabet as arrays of about 3 MB in total. A text touches only a few of their pages."""
    letters = np.arange(TABLE_SIZE)
    listed: list[int] = []
    several: dict[int, int] = {}
    spelt = {code: tuple(map(ord, unicodedata.normalize("NFD", chr(code)))) for code in HANGUL}
    for code, read in (_letter_table() | spelt).items():
        if len(read) <= 1:
            letters[code] = read[0] if read else 0
        else:
            several[code] = (TABLE_SIZE + len(listed)) << 8 | len(read)
            listed += read
    letters = np.concatenate([letters, listed])
    kinds = np.full(letters.size, LETTER, np.uint8)
    for first, last, kind in _RANGES:
        kinds[(letters >= first) & (letters <= last)] = kind
    in_words = letters.copy()
    for stand_in, other in _STAND_INS.items():
        in_words[letters == stand_in] = other
    alphabet = Alphabet(kinds, _hash_values(letters), _hash_values(in_words))
    of_letters = kinds == LETTER
    alphabet.values[of_letters] |= np.uint64(1)
    alphabet.word_values[of_letters | np.isin(letters, list(_STAND_INS))] |= np.uint64(1)
    places = np.array(list(several))
    alphabet.kinds[places], alphabet.values[places] = SEVERAL, 0
    alphabet.word_values[places] = np.array(list(several.values()), np.uint64)
    return alphabet


@cache
def _letter_table() -> dict[int, tuple[int, ...]]:
    text = files("features").joinpath("data/letter_table.tsv").read_text(encoding="ascii")
    rows = (line.split("\t") for line in text.splitlines())
    return {int(code, 16): tuple(int(letter, 16) for letter in read.split()) for code, read in rows}


@numba.njit(cache=True)
def _hash_values(letters: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The hash values of letters, all even."""
    hash_values = np.empty(letters.size, np.uint64)
    for i in range(letters.size):
        hash_values[i] = mix((np.uint64(letters[i]) + np.uint64(1)) * np.uint64(GOLDEN)) & np.uint64(MASK - 1)
    return hash_values
