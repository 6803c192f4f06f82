"""The scan of a text for its n-grams: their indices for training, the sum of their weights for scoring.

`features.ngrams` defines the n-grams. This module finds them in one pass over UTF-8, letter by letter. The hashes of
the windows that end at a letter come from those that end at the letter before. Training and scoring run the same code,
compiled once for indices and once for weights. The value of a field is the sum of its n-grams' weights over the square
root of their number, so scoring needs no matrix.

Four fields are hashed separately (ADR 1): title, description, brand and category. A word in a title has another weight
than one in a long description, and a declared brand is no wording.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from features.alphabet import BLANK, DIGIT, DROPPED, IDEOGRAPH, LETTER, SEVERAL, SIGN, Alphabet, tables
from features.fold import TABLE_SIZE, in_display_order
from features.listing import Listing
from features.ngrams import BUCKETS, FEWEST_SPACED, GOLDEN, LONGEST, PAIR, SHIFT, SHORTEST, WINDOW, WORD, mix

KERNEL_VERSION: Final = 3

TITLE, DESCRIPTION, BRAND, CATEGORY = range(4)
FIELDS: Final = 4
COLUMNS: Final = FIELDS * BUCKETS

_BLOCK: Final = 256  # Listings packed at once: half a megabyte of typical text, which stays in the cache.
# A character of one byte is at most one letter, one of two or three bytes at most six letters a byte. A letter ends
# three windows and a pair of ideographs. A blank after it ends at most a run, a pair of runs and a spaced word.
_ROOM_PER_BYTE: Final = 6 * 7
_ROOM: Final = 16

Indices = NDArray[np.int32]
Weights = NDArray[np.float32]


class PackedTexts(NamedTuple):
    """Texts in UTF-8, one after the other; text i is data[starts[i] : starts[i + 1]], a blank at its end."""

    utf8_bytes: NDArray[np.uint8]
    starts: NDArray[np.int64]


def pack_texts(texts: Sequence[str]) -> PackedTexts:
    """Texts in the form that `scan_text` reads; the blank after each ends its last word."""
    encoded = [in_display_order(text).encode("utf-8", "surrogatepass") for text in texts]
    starts, size = [0], 0
    for text_bytes in encoded:
        size += len(text_bytes) + 1
        starts.append(size)
    encoded.append(b"")
    return PackedTexts(np.frombuffer(b" ".join(encoded), np.uint8), np.array(starts))


def listing_texts(listings: Sequence[Listing]) -> list[str]:
    """The texts of n listings, (n x FIELDS), those of a listing in the order of their numbers."""
    return [
        text or ""
        for listing in listings
        for text in (listing.title, listing.description, listing.brand, listing.product_type)
    ]


def listing_blocks(many: int) -> list[slice]:
    """Listings in blocks that are packed together."""
    return [slice(start, start + _BLOCK) for start in range(0, many, _BLOCK)]


def indices(text: str, field: int) -> Indices:
    """Indices of one text, shape (n,), repeats included, in the order of the text."""
    packed = pack_texts([text])
    out = np.empty(most_ngrams(packed.utf8_bytes.size), np.int32)
    count, _ = scan_text(packed.utf8_bytes, 0, packed.utf8_bytes.size, tables(), None, out)
    return out[:count] + np.int32(field * BUCKETS)


def scores(listings: Sequence[Listing], weights: Weights) -> NDArray[np.float64]:
    """The sum of the fields' values, shape (n,); a field without n-grams adds 0.

    `weights` has shape (COLUMNS,).
    """
    sums = np.empty(len(listings))
    for block in listing_blocks(len(listings)):
        score_packed(pack_texts(listing_texts(listings[block])), weights, sums[block])
    return sums


def score(listing: Listing, weights: Weights) -> float:
    """As `scores`, of one listing."""
    sums = np.empty(1)
    score_packed(pack_texts(listing_texts((listing,))), weights, sums)
    return float(sums[0])


def score_packed(packed: PackedTexts, weights: Weights, out: NDArray[np.float64]) -> None:
    """Write the scores of n listings to `out`, shape (n,); `packed` has their texts in the order of `fields`."""
    known, by_field = tables(), weights.reshape(FIELDS, BUCKETS)
    _score_texts(packed.utf8_bytes, packed.starts, known.kinds, known.values, known.word_values, by_field, out)


def most_ngrams(length: int) -> int:
    """An upper bound of the number of n-grams in a text of so many bytes."""
    return _ROOM_PER_BYTE * length + _ROOM


@numba.njit(cache=True, nogil=True)
def _score_texts(  # noqa: PLR0917  # to pass named tuples of the arrays takes twice the time
    utf8: NDArray[np.uint8],
    starts: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    values: NDArray[np.uint64],
    word_values: NDArray[np.uint64],
    weights: Weights,
    out: NDArray[np.float64],
) -> None:
    """`weights` has shape (FIELDS, BUCKETS)."""
    alphabet = Alphabet(kinds, values, word_values)
    for i in range(out.size):
        out[i] = 0.0
        for field in range(FIELDS):
            text = FIELDS * i + field
            count, total = scan_text(utf8, starts[text], starts[text + 1], alphabet, weights[field], None)
            if count:
                out[i] += total / np.sqrt(count)


@numba.njit(cache=True)
def _record_ngram(
    ngram: np.uint64, weights: Weights | None, out: Indices | None, count: int, total: float
) -> tuple[int, float]:
    """Record one n-gram: its weight in the total, or its index in `out`."""
    if weights is not None:
        total += weights[ngram >> np.uint64(SHIFT)]
    if out is not None:
        out[count] = ngram >> np.uint64(SHIFT)
    return count + 1, total


@numba.njit(cache=True, nogil=True)
def scan_text(  # noqa: PLR0912, PLR0915  # its parts would pass twenty numbers to each other at every letter
    utf8: NDArray[np.uint8], at: int, end: int, alphabet: Alphabet, weights: Weights | None, out: Indices | None
) -> tuple[int, float]:
    """How many n-grams a packed text has, and the sum of their weights.

    `out`, of shape (room(end - at),), receives the indices; `weights`, of shape (BUCKETS,), are summed. The other is
    None, and its code is not compiled.
    """
    kinds, values, word_values = alphabet.kinds, alphabet.values, alphabet.word_values
    threes = fours = fives = 0.0  # Separate sums, so that additions need not wait for each other.
    count = 0
    place = np.uint64(at)  # Unsigned, so that a look-up skips the check for negative indices.
    last = np.uint64(end)
    blank = values[np.uint64(32)]
    before, before_kind = blank, np.int64(BLANK)
    length = 1  # Letters of the word so far, the blank before it included.
    two = three = four = np.uint64(0)  # Hashes of the windows that end at the letter before.
    run = digits = earlier = spaced = alone = np.uint64(0)
    run_length = run_digits = spaced_length = 0
    code = np.uint64(0)
    listed = np.int64(0)  # Letters still to be read of a character that reads as several.
    while True:
        if listed:
            code += np.uint64(1)
            listed -= 1
            kind, letter_hash, in_word = kinds[code], values[code], word_values[code]
        else:
            started = length
            while place < last:  # Fast path for letters of one or two bytes, most of the text.
                byte = np.uint64(utf8[place])
                if byte < np.uint64(0x80):
                    code, size = byte, np.uint64(1)
                elif byte < np.uint64(0xE0):
                    code = (byte & np.uint64(31)) << np.uint64(6) | np.uint64(utf8[place + np.uint64(1)]) & np.uint64(
                        63
                    )
                    size = np.uint64(2)
                else:
                    break
                letter_hash = values[code]
                if not letter_hash & np.uint64(1):
                    break
                place += size
                alone = word_values[code]
                run = (run ^ alone) * np.uint64(WORD)
                five = (four ^ letter_hash) * np.uint64(WINDOW)
                four = (three ^ letter_hash) * np.uint64(WINDOW)
                three = (two ^ letter_hash) * np.uint64(WINDOW)
                two = ((before << np.uint64(7)) ^ letter_hash) * np.uint64(WINDOW)
                before = letter_hash
                length += 1
                if length >= LONGEST:
                    count, threes = _record_ngram(three, weights, out, count, threes)
                    count, fours = _record_ngram(four, weights, out, count, fours)
                    count, fives = _record_ngram(five, weights, out, count, fives)
                elif length >= SHORTEST:
                    count, threes = _record_ngram(three, weights, out, count, threes)
                    if length > SHORTEST:
                        count, fours = _record_ngram(four, weights, out, count, fours)
            if length > started:
                run_length += length - started
                before_kind = np.int64(LETTER)
            if place >= last:
                break
            if utf8[place] >= 0xE0:
                code, size = _long_character(utf8, place)
            place += size
            if code < np.uint64(TABLE_SIZE):
                kind, letter_hash, in_word = kinds[code], values[code], word_values[code]
                if kind == SEVERAL:
                    listed = np.int64(in_word & np.uint64(255))
                    code = (in_word >> np.uint64(8)) - np.uint64(1)
            else:
                kind = _kind_beyond(code)
                letter_hash = mix((code + np.uint64(1)) * np.uint64(GOLDEN)) & ~np.uint64(1)
                in_word = letter_hash
            if kind >= DROPPED:
                continue
        if kind <= IDEOGRAPH:
            alone = in_word
            run = (run ^ alone) * np.uint64(WORD)
            run_length += 1
            if kind == DIGIT:
                digits = (digits ^ letter_hash) * np.uint64(PAIR)
                run_digits += 1
            elif kind == IDEOGRAPH and before_kind == IDEOGRAPH:
                pair = ((before * np.uint64(3)) ^ letter_hash) * np.uint64(PAIR)
                count, fours = _record_ngram(pair, weights, out, count, fours)
        else:
            if run_length:
                word_hash = digits if run_digits == run_length else run
                count, fours = _record_ngram(word_hash, weights, out, count, fours)
                if earlier:
                    pair = ((earlier << np.uint64(9)) ^ word_hash) * np.uint64(PAIR)
                    count, fives = _record_ngram(pair, weights, out, count, fives)
                earlier = word_hash
                if run_length == 1:
                    spaced = (spaced ^ alone) * np.uint64(WORD)
                    spaced_length += 1
                else:
                    if spaced_length >= FEWEST_SPACED:
                        count, threes = _record_ngram(spaced, weights, out, count, threes)
                    spaced, spaced_length = np.uint64(0), 0
                run, run_length, digits, run_digits = np.uint64(0), 0, np.uint64(0), 0
            if kind == BLANK and length == 1:
                continue
        five = (four ^ letter_hash) * np.uint64(WINDOW)
        four = (three ^ letter_hash) * np.uint64(WINDOW)
        three = (two ^ letter_hash) * np.uint64(WINDOW)
        two = ((before << np.uint64(7)) ^ letter_hash) * np.uint64(WINDOW)
        before, before_kind = letter_hash, np.int64(kind)
        length += 1
        if length >= SHORTEST:
            count, threes = _record_ngram(three, weights, out, count, threes)
        if length > SHORTEST:
            count, fours = _record_ngram(four, weights, out, count, fours)
        if length >= LONGEST:
            count, fives = _record_ngram(five, weights, out, count, fives)
        if kind == BLANK:
            length = 1
    if spaced_length >= FEWEST_SPACED:
        count, threes = _record_ngram(spaced, weights, out, count, threes)
    return count, threes + fours + fives


@numba.njit(cache=True, inline="always")
def _long_character(utf8: NDArray[np.uint8], place: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Code point and size of a character of three or four bytes."""
    code = np.uint64(utf8[place]) & np.uint64(15)
    many = np.uint64(3) if utf8[place] < 0xF0 else np.uint64(4)
    for i in range(1, many):
        code = code << np.uint64(6) | np.uint64(utf8[place + np.uint64(i)]) & np.uint64(63)
    return code, many


@numba.njit(cache=True, inline="always")
def _kind_beyond(code: np.uint64) -> int:
    """The kind of a character outside the tables."""
    if code < np.uint64(0x40000):
        return IDEOGRAPH
    return DROPPED if np.uint64(0xE0000) <= code < np.uint64(0xE1000) else SIGN
