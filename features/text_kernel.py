"""Character and word n-grams of a listing as hashed indices: one definition for training and scoring.

Two fields are hashed apart, because a word in a title weighs otherwise than one in a long description: the heading
(brand, title, category) and the description. In each: n-grams of 3 to 5 characters inside white-space-bounded words
with a blank on both sides, pairs of characters where the script has no blanks, and runs of letters and digits alone
and in pairs. A document's value is the sum of its n-grams' weights over the square root of their number, so that
no matrix is needed to score.

`indices_plain` is the definition; the kernels must equal it (a test compares them on random Unicode).
"""

import itertools
from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

from features.fold import fold_plain, skeleton_codes
from features.listing import Listing

KERNEL_VERSION: Final = 1

BITS: Final = 18
BUCKETS: Final = 1 << BITS
HEADING, DESCRIPTION = 0, 1
FIELDS: Final = 2
COLUMNS: Final = FIELDS * BUCKETS

_SHORTEST, _LONGEST = 3, 5
_SPACE = 32
# FNV-1a, 32 bits (Fowler, Noll, Vo); the finaliser is the one of MurmurHash3, both in the public domain.
_BASIS, _PRIME = 2166136261, 16777619
_MIX_1, _MIX_2 = 0x85EBCA6B, 0xC2B2AE35
_CHARACTERS, _WORD, _PAIR, _IDEOGRAPHS = 0x11, 0x22, 0x33, 0x44
_MASK = 0xFFFFFFFF

Indices = NDArray[np.int32]
Codes = NDArray[np.uint32]


def heading(listing: Listing) -> str:
    """The text of the heading field."""
    return " ".join(part for part in (listing.brand, listing.title, listing.product_type) if part)


def documents(listing: Listing) -> tuple[Codes, Codes]:
    """The code points of both fields, as the kernels read them."""
    return skeleton_codes(heading(listing)), skeleton_codes(listing.description or "")


def indices_plain(text: str, field: int) -> list[int]:
    """Indices of one text, in order, repeats included; the definition."""
    folded = fold_plain(text, as_skeleton=True)
    found: list[int] = []
    for word in folded.split(" ") if folded else []:
        padded = [_SPACE, *map(ord, word), _SPACE]
        for start in range(len(padded)):
            value = _BASIS ^ _CHARACTERS
            for length, code in enumerate(padded[start : start + _LONGEST], 1):
                value = (value ^ code) * _PRIME & _MASK
                if length >= _SHORTEST:
                    found.append(_bucket_plain(value, field))
        for left, right in itertools.pairwise(word):
            if _is_ideograph(ord(left)) and _is_ideograph(ord(right)):
                value = ((_BASIS ^ _IDEOGRAPHS ^ ord(left)) * _PRIME & _MASK) ^ ord(right)
                found.append(_bucket_plain(value * _PRIME & _MASK, field))
    before: int | None = None
    run: int | None = None
    for code in [*map(ord, folded), _SPACE]:
        if _is_word(code):
            run = ((_BASIS ^ _WORD if run is None else run) ^ code) * _PRIME & _MASK
        elif run is not None:
            found.append(_bucket_plain(run, field))
            if before is not None:
                found.append(_bucket_plain((before ^ _PAIR) * _PRIME & _MASK ^ run, field))
            before, run = run, None
    return found


def _bucket_plain(value: int, field: int) -> int:
    value ^= value >> 16
    value = value * _MIX_1 & _MASK
    value ^= value >> 13
    value = value * _MIX_2 & _MASK
    value ^= value >> 16
    return field * BUCKETS + (value >> (32 - BITS))


@numba.njit(cache=True, inline="always")
def _is_word(code: int) -> bool:
    """Letters and digits, without asking Unicode: ASCII ones, and everything beyond punctuation and signs."""
    if code < 128:
        return 48 <= code <= 57 or 97 <= code <= 122
    return not (0x2000 <= code <= 0x2BFF or 0x3000 <= code <= 0x303F or 0xA0 <= code <= 0xBF or code >= 0x1F000)


@numba.njit(cache=True, inline="always")
def _is_ideograph(code: int) -> bool:
    """Scripts that put no blank between words: Thai, kana, Chinese, and Korean, which puts few."""
    return 0x0E00 <= code <= 0x0E7F or 0x3040 <= code <= 0x30FF or 0x3400 <= code <= 0x9FFF or 0xAC00 <= code <= 0xD7AF


@numba.njit(cache=True, inline="always")
def _bucket(value: np.uint64, field: int) -> np.int64:
    value ^= value >> np.uint64(16)
    value = (value * np.uint64(_MIX_1)) & np.uint64(_MASK)
    value ^= value >> np.uint64(13)
    value = (value * np.uint64(_MIX_2)) & np.uint64(_MASK)
    value ^= value >> np.uint64(16)
    return np.int64(field) * BUCKETS + np.int64(value >> np.uint64(32 - BITS))


@numba.njit(cache=True, inline="always")
def _step(value: np.uint64, code: np.uint64) -> np.uint64:
    return ((value ^ code) * np.uint64(_PRIME)) & np.uint64(_MASK)


@numba.njit(cache=True)
def _walk(codes: Codes, field: int, out: Indices) -> int:
    """Write the indices to `out`, large enough; return how many."""
    n = codes.size
    count = 0
    at = 0
    while at < n:
        end = at
        while end < n and codes[end] != _SPACE:
            end += 1
        for start in range(at - 1, end + 1):
            value = np.uint64(_BASIS ^ _CHARACTERS)
            last = min(start + _LONGEST, end + 1)
            for i in range(start, last):
                code = np.uint64(_SPACE) if i < at or i >= end else np.uint64(codes[i])
                value = _step(value, code)
                if i - start + 1 >= _SHORTEST:
                    out[count] = _bucket(value, field)
                    count += 1
        for i in range(at, end - 1):
            if _is_ideograph(int(codes[i])) and _is_ideograph(int(codes[i + 1])):
                value = _step(np.uint64(_BASIS ^ _IDEOGRAPHS), np.uint64(codes[i]))
                out[count] = _bucket(_step(value, np.uint64(codes[i + 1])), field)
                count += 1
        at = end + 1
    return _walk_words(codes, field, out, count)


@numba.njit(cache=True)
def _walk_words(codes: Codes, field: int, out: Indices, count: int) -> int:
    run = np.uint64(0)
    before = np.uint64(0)
    inside = False
    follows = False
    for i in range(codes.size + 1):
        code = int(codes[i]) if i < codes.size else _SPACE
        if _is_word(code):
            if not inside:
                run = np.uint64(_BASIS ^ _WORD)
                inside = True
            run = _step(run, np.uint64(code))
        elif inside:
            out[count] = _bucket(run, field)
            count += 1
            if follows:
                out[count] = _bucket(_step(before, np.uint64(_PAIR)) ^ run, field)
                count += 1
            before, follows, inside = run, True, False
    return count


@numba.njit(cache=True)
def _room(length: int) -> int:
    """No text of this length has more n-grams: three per window, one pair, two per word, and the edges."""
    return 6 * length + 16


@numba.njit(cache=True)
def indices(codes: Codes, field: int) -> Indices:
    """Indices of one text, shape (n,), in the order of `indices_plain`'s parts, repeats included."""
    out = np.empty(_room(codes.size), np.int32)
    return out[: _walk(codes, field, out)]


@numba.njit(cache=True)
def field_score(codes: Codes, field: int, weights: NDArray[np.float32]) -> float:
    """Sum of the weights of a text's n-grams over the square root of their number; 0 for an empty text.

    `weights` has shape (COLUMNS,).
    """
    found = indices(codes, field)
    total = 0.0
    for index in found:
        total += weights[index]
    return total / np.sqrt(found.size) if found.size else 0.0
