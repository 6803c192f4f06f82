"""Reference implementation of the kernels of `features`, without arrays; the kernels must equal it."""

import itertools
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

from features.alphabet import _RANGES, _STAND_INS, BLANK, DIGIT, DROPPED, HANGUL, IDEOGRAPH, LETTER, SIGN, _letter_table
from features.fold import DROPPED as FOLDED_AWAY
from features.fold import TABLE_SIZE, _fold_tables, in_display_order
from features.minhash import _LOW, BINS, FEWEST_FULL, RUN
from features.ngrams import (
    _MIX_1,
    _MIX_2,
    BUCKETS,
    FEWEST_SPACED,
    GOLDEN,
    LONGEST,
    MASK,
    PAIR,
    SHIFT,
    SHORTEST,
    WINDOW,
    WORD,
)


def mix_plain(bits: int) -> int:
    """The mixed value, 64 bits.

    >>> hex(mix_plain(0x9E3779B97F4A7C15))
    '0xe220a8397b1dcdaf'
    """
    bits = (bits ^ bits >> 30) * _MIX_1 & MASK
    bits = (bits ^ bits >> 27) * _MIX_2 & MASK
    return bits ^ bits >> 31


def fold_plain(text: str, *, as_skeleton: bool = False) -> str:
    """The definition that the kernel must equal, one character at a time."""
    table = _fold_tables()[1 if as_skeleton else 0]
    mapped = [
        int(table[ord(c)]) if ord(c) < TABLE_SIZE else ord(c)
        for c in unicodedata.normalize("NFKC", in_display_order(text))
    ]
    return " ".join(word for word in "".join(chr(code) for code in mapped if code != FOLDED_AWAY).split(" ") if word)


def read_plain(text: str) -> list[int]:
    """The letters read for a text, as code points; blanks stay as they are."""
    table = _letter_table()
    codes: list[int] = []
    for code in map(ord, text):
        if code in HANGUL:
            codes += map(ord, unicodedata.normalize("NFD", chr(code)))  # By arithmetic, the same in every version.
        else:
            codes += table.get(code, (code,))
    return [code for code in codes if kind_plain(code) != DROPPED]


@cache
def kind_plain(code: int) -> int:
    """The kind of a letter read."""
    return next((kind for first, last, kind in _RANGES if first <= code <= last), LETTER)


@cache
def value_plain(code: int) -> int:
    """The value of a letter read: 64 mixed bits, odd for letters alone."""
    return mix_plain((code + 1) * GOLDEN & MASK) & ~1 | (kind_plain(code) == LETTER)


def word_value_plain(code: int) -> int:
    """The value in a word, where 0 stands for o, 1 and l for i, 3 for e, 4 for a, 5 for s and 7 for t."""
    return value_plain(_STAND_INS.get(code, code))


def signature_plain(text: str) -> list[int]:
    """The definition, one run at a time; empty where fewer than `FEWEST_FULL` bins are full."""
    codes = [ord(character) for character in fold_plain(text, as_skeleton=True)]
    bins: dict[int, int] = {}
    for start in range(len(codes) - RUN + 1):
        run_hash = 0
        for code in codes[start : start + RUN]:
            run_hash = (run_hash * GOLDEN + code) & MASK
        run_hash = mix_plain(run_hash)
        bins[run_hash >> 57] = min(bins.get(run_hash >> 57, _LOW), run_hash & _LOW)
    if len(bins) < FEWEST_FULL:
        return []
    signature = []
    for number in range(BINS):
        source, tries = number, 0
        while source not in bins:
            tries += 1
            source = mix_plain(number << 32 | tries) >> 57
        signature.append(mix_plain(bins[source]) >> 48)
    return signature


def indices_plain(text: str, field: int) -> list[int]:
    """Indices of the n-grams of one text, repeats included."""
    letters = read_plain(in_display_order(text))
    hashes = [*_windows(letters), *_runs(letters)]
    return [field * BUCKETS + (ngram_hash >> SHIFT) for ngram_hash in hashes]


def _windows(letters: Sequence[int]) -> Iterable[int]:
    for blank, group in itertools.groupby(letters, key=lambda code: kind_plain(code) == BLANK):
        if blank:
            continue
        word = list(group)
        padded = [ord(" "), *word, ord(" ")]
        for length in range(SHORTEST, LONGEST + 1):
            for start in range(len(padded) - length + 1):
                yield _window([value_plain(code) for code in padded[start : start + length]])
        for first, second in itertools.pairwise(word):
            if kind_plain(first) == kind_plain(second) == IDEOGRAPH:
                yield (value_plain(first) * 3 & MASK ^ value_plain(second)) * PAIR & MASK


def _window(values: Sequence[int]) -> int:
    window_hash = (values[0] << 7) & MASK
    for letter_value in values[1:]:
        window_hash = (window_hash ^ letter_value) * WINDOW & MASK
    return window_hash


def _runs(letters: Sequence[int]) -> Iterable[int]:
    before = 0
    spaced: list[int] = []
    for outside, group in itertools.groupby(letters, key=lambda code: kind_plain(code) >= SIGN):
        if outside:
            continue
        run = list(group)
        run_hash = _run(run)
        yield run_hash
        if before:
            yield (before << 9 & MASK ^ run_hash) * PAIR & MASK
        before = run_hash
        if len(run) > 1:
            yield from _spaced_hash(spaced)
            spaced = []
        else:
            spaced += run
    yield from _spaced_hash(spaced)


def _run(run: Sequence[int]) -> int:
    run_hash = 0
    if all(kind_plain(code) == DIGIT for code in run):
        for code in run:
            run_hash = (run_hash ^ value_plain(code)) * PAIR & MASK
    else:
        for code in run:
            run_hash = (run_hash ^ word_value_plain(code)) * WORD & MASK
    return run_hash


def _spaced_hash(spaced: Sequence[int]) -> Iterable[int]:
    if len(spaced) >= FEWEST_SPACED:
        joined_hash = 0
        for code in spaced:
            joined_hash = (joined_hash ^ word_value_plain(code)) * WORD & MASK
        yield joined_hash
