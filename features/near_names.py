"""Finds misspelt brand names: words one or two letters away from a registered name, which an exact search misses.

Many ordinary words are one letter away from a name: 'channel', 'carrier', 'salmon'. Only long names are therefore
compared. A word that contains a name, or that a name contains, is an inflection or a stem and does not count.
`features/data/ordinary_words.tsv` lists ordinary words that are close to frequently registered names.
"""

import csv
import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from rapidfuzz.distance import OSA

from features.fold import Words, fold, skeleton

ONE_EDIT_FROM: Final = 6  # Letters of a name; one edit of a shorter name is often another word.
TWO_EDITS_FROM: Final = 9
FEWEST_LETTERS: Final = 5  # Letters of a word in a longer name.
MOST_WORDS: Final = 60  # Words of a text; a title has about a dozen.
LONGEST_NAME: Final = 30  # Characters; longer names are not compared.
_PACKAGED: Final = "data/ordinary_words.tsv"
_SIGNS: Final = re.compile(r"[\W_]+")
_REMEMBERED: Final = 20_000  # Words whose result is cached, because titles of one marketplace repeat them.


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A misspelt registered name; `edits` letters are wrong, missing, added or swapped."""

    brand_id: str
    name: str
    word: str
    edits: int


@cache
def table_digest() -> str:
    """SHA-256 of the packaged table: part of a model's input fingerprint."""
    return hashlib.sha256(files("features").joinpath(_PACKAGED).read_bytes()).hexdigest()


@cache
def ordinary_words() -> frozenset[str]:
    """Words with a meaning of their own."""
    text = files("features").joinpath(_PACKAGED).read_text(encoding="utf-8")
    return frozenset(row["word"] for row in csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


@dataclass(frozen=True, slots=True)
class _Place:
    brand_id: str
    name: str
    words: tuple[str, ...]
    at: int
    edits: int

    def stands_in(self, words: Sequence[str], at: int) -> bool:
        """Whether the name's other words stand around the word at `at`."""
        start = at - self.at
        around = tuple(words[max(start, 0) : start + len(self.words)])
        return (
            start >= 0
            and len(around) == len(self.words)
            and all(around[i] == word for i, word in enumerate(self.words) if i != self.at)
        )


class NearNames:
    """The names of a register, indexed for near matches. Immutable except for its cache.

    In a name of several words, one word may be misspelt.
    """

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        """`names` are pairs of a brand's id and a name as registered."""
        self._words: dict[str, list[_Place]] = {}
        self._known: set[str] = set()
        self._by_rest: dict[str, set[str]] = {}
        for brand_id, name in names:
            words = tuple(words_of(name))
            self._known.update(words)
            for at, word in enumerate(words):
                edits = _allowed_edits(word, name="".join(words))
                if edits and len("".join(words)) <= LONGEST_NAME:
                    self._words.setdefault(word, []).append(_Place(brand_id, name, words, at, edits))
                    for rest in _deletions(word, edits):
                        self._by_rest.setdefault(rest, set()).add(word)
        self._near_words = lru_cache(maxsize=_REMEMBERED)(self._look_up)

    def in_text(self, text: str) -> tuple[NearMiss, ...]:
        """The first near miss of each brand in a text."""
        words = words_of(text)[:MOST_WORDS] if self._words else []
        first_misses: dict[str, tuple[_Place, int, int]] = {}
        for at, word in enumerate(words):
            for near, edits in self._near_words(word):
                for place in self._words[near]:
                    if edits <= place.edits and place.stands_in(words, at):
                        first_misses.setdefault(place.brand_id, (place, at - place.at, edits))
        if not first_misses:
            return ()
        written = _as_written(text, words)
        return tuple(
            NearMiss(place.brand_id, place.name, " ".join(written[start : start + len(place.words)]), edits)
            for place, start, edits in first_misses.values()
        )

    def _look_up(self, word: str) -> tuple[tuple[str, int], ...]:
        """Words of names that are within two edits, the nearest first."""
        ordinary = word in self._known or word in ordinary_words() or any(map(str.isdigit, word))
        if ordinary or not FEWEST_LETTERS - 1 <= len(word) <= LONGEST_NAME:
            return ()
        near = {near for rest in _deletions(word, 2) for near in self._by_rest.get(rest, ())}
        pairs = (
            (name_word, OSA.distance(word, name_word, score_cutoff=2))
            for name_word in near
            if name_word not in word and word not in name_word
        )
        return tuple(
            sorted(
                ((name_word, edits) for name_word, edits in pairs if edits <= 2), key=lambda pair: (pair[1], pair[0])
            )
        )


def words_of(text: str) -> list[str]:
    """The words of a text, look-alikes undone and signs removed.

    >>> words_of("Kestrel & Vane, Au*elle №5")
    ['kestrel', 'vane', 'auelle', 'no5']
    """
    return _word_cutter().of(text if text.isascii() else text.casefold())  # The skeleton of ASCII is in lower case.


@cache
def _word_cutter() -> Words:
    return Words({}, signs_separate=False)


def _strip_signs(text: str) -> list[str]:
    pieces = text.split()
    return [word for piece in pieces if (word := piece if piece.isalnum() else _SIGNS.sub("", piece))]


def _as_written(text: str, words: list[str]) -> list[str]:
    """The same words in the letters of their own script, for display."""
    folded = _strip_signs(fold(text))
    return folded if [skeleton(word) for word in folded[: len(words)]] == words else words


def _allowed_edits(word: str, *, name: str) -> int:
    """The edits allowed in a word of a name: two in a long word, one in a long name, otherwise none."""
    if len(word) < FEWEST_LETTERS or len(name) < ONE_EDIT_FROM:
        return 0
    return 2 if len(word) >= TWO_EDITS_FROM else 1


def _deletions(word: str, edits: int) -> Iterator[str]:
    """The word without up to `edits` of its letters. Words within two edits of each other share such a rest."""
    for fewer in range(edits + 1):
        for places in itertools.combinations(range(len(word)), len(word) - fewer):
            yield "".join(word[i] for i in places)
