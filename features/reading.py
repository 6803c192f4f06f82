"""The text of a listing, folded, searched and counted once for all text features."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

from features import addresses, lexicon
from features.addresses import Addresses
from features.fold import TABLE_SIZE, fold, without_pictures
from features.lexicon import Kind, PhraseMatch
from features.listing import Listing
from features.prefilter import Prefilter
from features.records import with_fast_init

_WORD: Final = re.compile(r"[^\W\d_]+")
_SCRIPTS: Final = {
    "latin": "A-Za-zÀ-ɏ", "cyrillic": "Ѐ-ӿ", "greek": "Ͱ-Ͽ", "arabic": "؀-ۿ", "thai": "฀-๿", "chinese": "㐀-鿿",
    "japanese": "぀-ヿ", "korean": "가-힯",
}  # fmt: skip
_ALIKE: Final = 0b111  # Latin, Cyrillic and Greek, whose letters look alike.
_INVISIBLE_CHARACTERS: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u206a-\u206f\ufeff"
)
# Bits of a character beside those of its script.
_INVISIBLE, _CAPITAL, _SMALL, _LETTER = 1 << 8, 1 << 9, 1 << 10, 1 << 11
_OF_SCRIPTS: Final = (1 << 8) - 1


@with_fast_init
@dataclass(frozen=True, slots=True)
class Reading:
    """The content and form of a listing's text. Strings are empty where the listing has no text.

    Words are those of the folded text; emoji separate words and are not words. `capitals` and `small` count the letters
    of the title in either case.
    """

    title: str
    description: str
    title_folded: str
    description_folded: str
    title_words: tuple[str, ...]
    description_words: tuple[str, ...]
    phrase_matches: tuple[PhraseMatch, ...]
    kinds: dict[Kind, tuple[PhraseMatch, ...]]
    invisible: int
    mixed_words: tuple[str, ...]
    scripts: tuple[str, ...]
    capitals: int
    small: int
    addresses: Addresses


def read_text(listing: Listing) -> Reading:
    """The reading of a listing's title and description."""
    title, description = listing.title or "", listing.description or ""
    title_folded, description_folded = fold(title), fold(description)
    whole, raw = f"{title_folded} {description_folded}", title.lower()
    wording, tricks, contacts = _possible_matches(whole if title.isascii() else f"{whole} {raw}")
    phrase_matches = lexicon.find_phrases(title_folded, where="title", raw=raw, possible=wording, tricks=tricks)
    if description_folded:
        phrase_matches += lexicon.find_phrases(description_folded, where="description", possible=wording)
    kinds: dict[Kind, tuple[PhraseMatch, ...]] = {}
    for phrase_match in phrase_matches:
        kinds[phrase_match.kind] = (*kinds.get(phrase_match.kind, ()), phrase_match)
    text = title + description
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    invisible, capitals, small, scripts, mixed = _count_characters(codes, len(title), _character_bits()).tolist()
    return Reading(
        title=title,
        description=description,
        title_folded=title_folded,
        description_folded=description_folded,
        title_words=_split_words(title_folded),
        description_words=_split_words(description_folded),
        phrase_matches=phrase_matches,
        kinds=kinds,
        invisible=invisible,
        mixed_words=_mixed_words(title) if mixed else (),
        scripts=("latin",) if text.isascii() else _script_names(scripts),
        capitals=capitals,
        small=small,
        addresses=addresses.find(whole, contacts),
    )


@cache
def _text_filter() -> Prefilter:
    """Of the lexicon and of addresses together, because one pass over a text takes a third of the time of three."""
    return Prefilter(
        (*lexicon.loosened_patterns((*lexicon.folded_entries(), *lexicon.raw_entries())), *addresses.LOOSENED)
    )


def _possible_matches(text: str) -> tuple[list[int], list[int], list[int]]:
    """The numbers of what can match in a text: entries of folded text, entries of raw text, patterns of addresses."""
    numbers = _text_filter().possible(text)
    if not numbers:
        return [], [], []
    raw = len(lexicon.folded_entries())
    after = raw + len(lexicon.raw_entries())
    return (
        [number for number in numbers if number < raw],
        [number - raw for number in numbers if raw <= number < after],
        [number - after for number in numbers if number >= after],
    )


def _split_words(folded: str) -> tuple[str, ...]:
    return tuple(without_pictures(folded).split())


@cache
def _character_bits() -> NDArray[np.uint16]:
    """The bits of each character, shape (TABLE_SIZE,). Characters beyond have no case and no script of ours."""
    every = "".join(map(chr, range(TABLE_SIZE)))
    character_bits = np.zeros(TABLE_SIZE, np.uint16)
    character_bits[list(map(str.isupper, every))] |= _CAPITAL
    character_bits[list(map(str.islower, every))] |= _SMALL
    patterns = {1 << number: f"[{ranges}]" for number, ranges in enumerate(_SCRIPTS.values())}
    patterns |= {_INVISIBLE: f"[{_INVISIBLE_CHARACTERS}]", _LETTER: r"[^\W\d_]"}
    for bit, pattern in patterns.items():
        character_bits[[character.start() for character in re.finditer(pattern, every)]] |= bit
    return character_bits


@numba.njit(cache=True)
def _count_characters(codes: NDArray[np.uint32], title: int, characters: NDArray[np.uint16]) -> NDArray[np.int64]:
    """Invisible characters, capitals and small letters of the title, the scripts, and words of the title that mix.

    The title is the first part of the text. A word mixes letters of alphabets that look alike. Characters beyond the
    table count as letters, so a mixed word may be two words that do not mix.
    """
    counts = np.zeros(5, np.int64)
    word = np.uint16(0)
    for at in range(codes.size):
        bits = characters[codes[at]] if codes[at] < TABLE_SIZE else np.uint16(_LETTER)
        counts[0] += bits & _INVISIBLE > 0
        counts[3] |= bits & _OF_SCRIPTS
        if at < title:
            counts[1] += bits & _CAPITAL > 0
            counts[2] += bits & _SMALL > 0
            word = word | bits & _ALIKE if bits & _LETTER else np.uint16(0)
            counts[4] += word & (word - 1) > 0
    return counts


def _mixed_words(text: str) -> tuple[str, ...]:
    """The words that mix letters of alphabets that look alike."""
    characters = _character_bits()

    def mixes(word: str) -> bool:
        bits = 0
        for letter in word:
            bits |= int(characters[ord(letter)]) if ord(letter) < TABLE_SIZE else 0
        return (bits & _ALIKE).bit_count() > 1

    return tuple(word for word in _WORD.findall(text) if mixes(word))


@cache
def _script_names(bits: int) -> tuple[str, ...]:
    return tuple(name for i, name in enumerate(_SCRIPTS) if bits >> i & 1)


def most_repeated_share(words: Sequence[str]) -> float:
    """Share of the most frequent word among the words: 1.0 for a text that repeats one word."""
    if len(set(words)) == len(words):  # As of most short texts.
        return 1 / len(words) if words else 0.0
    return max(Counter(words).values()) / len(words)
