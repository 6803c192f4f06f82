"""Folds text to a canonical form before it is searched."""

import codecs
import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

FOLD_TABLE_VERSION: Final = 3
TABLE_SIZE: Final = 0x20000  # The two planes that hold every script in use; higher code points fold to themselves.
_WORDS_SIZE: Final = 0x40000  # With the planes of ideographs; beyond there are no letters and digits.
DROPPED: Final = 0
SPACE: Final = ord(" ")

_PICTURES: Final = re.compile("[\u2600-\u27bf\u2b00-\u2bff\ufe0f\u20e3\U0001f000-\U0001faff]+")

# A right-to-left override with its text: up to the mark that ends it, another direction mark, or the paragraph end.
_OVERRIDDEN: Final = re.compile("\u202e([^\u202a-\u202e\u2066-\u2069\n\r\x1c-\x1e\x85\u2029]*)")

# A listing's texts are folded for the brand, the reading and the price list, and its brand and category are those of
# many listings. The latest results are therefore kept: 1,024 of titles and names (at most 8 MB), 8 of descriptions.
_SHORT: Final = 1_000  # Characters, as the longest title.
_SHORT_KEPT: Final = 1_024
_LONG_KEPT: Final = 8

Codes = NDArray[np.uint32]


@cache
def _fold_tables() -> tuple[Codes, Codes]:
    fold = np.arange(TABLE_SIZE, dtype=np.uint32)
    skeleton = fold.copy()
    text = files("features").joinpath("data/fold_table.tsv").read_text(encoding="ascii")
    rows = np.array([[int(cell, 16) for cell in line.split("\t")] for line in text.splitlines()])
    fold[rows[:, 0]] = rows[:, 1]
    skeleton[rows[:, 0]] = rows[:, 2]
    return fold, skeleton


@numba.njit(cache=True)
def _map_codes(codes: Codes, table: Codes) -> Codes:
    """The codes through a table of `_tables`, or a longer one of `Words`, whose last row is that of all beyond."""
    out = np.empty(codes.size, np.uint32)
    length = 0
    after_space = True  # Leading white space is dropped.
    for code in codes:
        beyond = table[table.size - 1] if table.size > TABLE_SIZE else code
        mapped = table[code] if code < table.size else beyond
        if mapped == DROPPED:
            continue
        if mapped == SPACE:
            if after_space:
                continue
            after_space = True
        else:
            after_space = False
        out[length] = mapped
        length += 1
    if length > 0 and out[length - 1] == SPACE:
        length -= 1
    return out[:length]


def in_display_order(text: str) -> str:
    """The text as it is displayed: letters under a right-to-left override are reversed, and the override is dropped.

    Source: the Unicode bidirectional algorithm, right-to-left override; CVE-2021-42574.

    >>> in_display_order("bag by \u202eelleruA\u202c, new") == "bag by Aurelle\u202c, new"
    True
    """
    if "\u202e" not in text:
        return text
    return _OVERRIDDEN.sub(lambda match: match[1][::-1], text)


@cache
def _ascii_tables() -> tuple[Mapping[int, int | None], Mapping[int, int | None]]:
    """The first 128 rows of the tables in the form that `str.translate` reads; None drops a character."""
    fold, skeleton = ({code: int(table[code]) or None for code in range(128)} for table in _fold_tables())
    return fold, skeleton


def _map_text(text: str, which: int) -> str:
    """The text through the table of folding, 0, or of look-alikes, 1. ASCII needs no normal form and no kernel."""
    if text.isascii():
        return " ".join(text.translate(_ascii_tables()[which]).split())
    return codecs.utf_32_le_decode(_map_codes(_normal_codes(text), _fold_tables()[which]).tobytes())[0]


_short = lru_cache(_SHORT_KEPT)(_map_text)
_long = lru_cache(_LONG_KEPT)(_map_text)


class Words:
    """Cuts texts into words of letters and digits, look-alikes undone, in one walk.

    `written` gives the letter or digit that each other sign stands for. Signs that stand for none separate words, or
    are left out.
    """

    def __init__(self, written: Mapping[int, int], *, signs_separate: bool) -> None:
        table = np.arange(_WORDS_SIZE, dtype=np.uint32)
        table[:TABLE_SIZE] = _fold_tables()[1]
        for sign, letter in written.items():
            table[table == sign] = letter
        is_word = np.fromiter(map(str.isalnum, map(chr, range(_WORDS_SIZE))), bool, _WORDS_SIZE)
        is_word[[SPACE, DROPPED]] = True
        table[~is_word[table]] = SPACE if signs_separate else DROPPED
        self._table = table
        self._ascii = {code: int(self._table[code]) or None for code in range(128)}

    def of(self, text: str) -> list[str]:
        if text.isascii():
            return text.translate(self._ascii).split()
        return codecs.utf_32_le_decode(_map_codes(_normal_codes(text), self._table).tobytes())[0].split()


def _normal_codes(text: str) -> Codes:
    return np.frombuffer(unicodedata.normalize("NFKC", in_display_order(text)).encode("utf-32-le"), np.uint32)


def fold(text: str) -> str:
    """Case-folded text without Latin accents and invisible characters; white space becomes single blanks.

    >>> fold("  Nike\\u200b Air,  réplica ")
    'nike air, replica'
    """
    return _short(text, 0) if len(text) <= _SHORT else _long(text, 0)


def without_pictures(text: str) -> str:
    """The text with a blank for each run of emoji and stars, because they separate words.

    Folding keeps them, because some wording contains them.

    >>> without_pictures("Aurelle🔥tote ★ new❤️")
    'Aurelle tote new'
    """
    return text if text.isascii() else " ".join(_PICTURES.sub(" ", text).split())


def skeleton_codes(text: str) -> Codes:
    """Code points of `skeleton(text)`, shape (n,), the form that the text kernel reads."""
    return _map_codes(_normal_codes(text), _fold_tables()[1])


def skeleton(text: str) -> str:
    """As `fold`, with look-alike letters of other scripts replaced by the Latin ones.

    >>> skeleton("Rolеx ΝІΚЕ")
    'rolex nlke'
    """
    return _short(text, 1) if len(text) <= _SHORT else _long(text, 1)
