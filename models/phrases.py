"""Phrases that are commoner in counterfeits than in genuine listings, with the counts that a person is shown.

The table is made in training (`training.fit_phrases`) and is part of a bundle. A phrase is judged within the listing's
brand, category and language. Where fewer than `SUPPORT` training listings there have it, the brand and language decide,
and then the language. A phrase without lift in the cell that decides is not quoted, whatever the wider cells say.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, NamedTuple

from features.brands import compact, pieces
from features.facts import Facts, reference_keys
from features.fold import fold, without_pictures
from features.listing import Listing

SUPPORT: Final = 20  # Training listings of both classes that have the phrase.
LIFT: Final = 1.5  # The share of counterfeits among them over the share in the cell.
MOST_ENTRIES: Final = 50_000  # About two megabytes.
LONGEST_WORD: Final = 40  # A longer run of letters is not one word.
_MOST_ROWS: Final = 1 << 40  # More listings than any training reads.
_SHORTEST_WORD: Final = 2
_MOST_WORDS: Final = 200  # Of a field; the rest of a long description adds nothing new.
# Letters alone: telephone numbers, addresses and account names never enter a bundle or a quotation.
_LETTERS: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_BREAK: Final = ""
# Plurals and cases: two words with a common beginning of four letters and at most three letters more.
_ENDING, _STEM, _SHORTEST_STEM = 3, 4, 3


class CellKey(NamedTuple):
    """Listings of a brand, category and language; None stands for any, '' for listings without one."""

    brand: str | None
    category: str | None
    language: str


class Cell(NamedTuple):
    """The training listings of a cell, and the counterfeits among them."""

    key: CellKey
    listings: int
    counterfeit: int


class Entry(NamedTuple):
    """The training listings of a cell that have a phrase, the counterfeits among them, and whether it is quoted."""

    cell: int
    listings: int
    counterfeit: int
    quoted: bool


@dataclass(frozen=True, slots=True)
class Contrast:
    """A phrase of a listing, the fields that have it (0 title, 1 description), and its counts in the deciding cell."""

    phrase: str
    fields: tuple[int, ...]
    cell: Cell
    listings: int
    counterfeit: int


class PhraseTable:
    """The phrases by cell. `entries` holds, of each phrase that is quoted anywhere, every cell with enough support."""

    def __init__(self, cells: tuple[Cell, ...], entries: Mapping[str, tuple[Entry, ...]]) -> None:
        self.cells, self.entries = cells, entries
        self._place = {cell.key: place for place, cell in enumerate(cells)}

    def contrasts(self, facts: Facts) -> list[Contrast]:
        """The phrases of a listing that may be quoted, in the order of the text."""
        places = [self._place.get(key) for key in cell_keys(facts)]
        own = OwnWords.of(facts)
        found = []
        for phrase, fields in phrases_of(facts).items():
            entries = self.entries.get(phrase)
            if entries is not None and not any(own.hold(word) for word in phrase.split(" ")):
                by_cell = {entry.cell: entry for entry in entries}
                deciding = next((by_cell[place] for place in places if place in by_cell), None)
                if deciding is not None and deciding.quoted:
                    cell = self.cells[deciding.cell]
                    found.append(Contrast(phrase, fields, cell, deciding.listings, deciding.counterfeit))
        return found

    def to_dict(self) -> dict[str, Any]:
        """The table as plain values: cells, and by phrase rows of cell, listings, counterfeit and quoted (0 or 1)."""
        return {
            "cells": [[*cell.key, cell.listings, cell.counterfeit] for cell in self.cells],
            "phrases": {
                phrase: [[one.cell, one.listings, one.counterfeit, int(one.quoted)] for one in entries]
                for phrase, entries in self.entries.items()
            },
        }

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> "PhraseTable":
        """The inverse of `to_dict`, which checks every count.

        Raises
        ------
        ValueError, TypeError, KeyError
            A value is not of a table, or a phrase is quoted without support or lift.
        """
        if found.keys() != {"cells", "phrases"} or not isinstance(found["phrases"], dict):
            raise ValueError
        cells = tuple(_cell(*values) for values in found["cells"])
        if len({cell.key for cell in cells}) != len(cells):
            raise ValueError
        entries = {phrase: _entries(phrase, rows, cells) for phrase, rows in found["phrases"].items()}
        if sum(map(len, entries.values())) > MOST_ENTRIES:
            raise ValueError
        return cls(cells, entries)


NO_PHRASES: Final = PhraseTable((), {})


def _cell(brand: Any, category: Any, language: Any, listings: Any, counterfeit: Any) -> Cell:
    of_texts = isinstance(language, str) and {type(brand), type(category)} <= {str, type(None)}
    if not of_texts or {type(listings), type(counterfeit)} != {int}:
        raise TypeError
    if not 0 <= counterfeit <= listings <= _MOST_ROWS:
        raise ValueError
    return Cell(CellKey(brand, category, language), listings, counterfeit)


def _entries(phrase: str, rows: Any, cells: tuple[Cell, ...]) -> tuple[Entry, ...]:
    found = tuple(_entry(cells, *row) for row in rows)
    if not phrase or len({one.cell for one in found}) != len(found):
        raise ValueError
    return found


def _entry(cells: tuple[Cell, ...], place: Any, listings: Any, counterfeit: Any, quoted: Any) -> Entry:
    if {type(place), type(listings), type(counterfeit), type(quoted)} != {int}:
        raise TypeError
    if not 0 <= place < len(cells) or quoted not in {0, 1}:
        raise ValueError
    cell = cells[place]
    genuine, all_genuine = listings - counterfeit, cell.listings - cell.counterfeit
    if listings < SUPPORT or not 0 <= counterfeit <= cell.counterfeit or not 0 <= genuine <= all_genuine:
        raise ValueError
    if quoted and not has_lift(listings, counterfeit, cell.listings, cell.counterfeit):
        raise ValueError
    return Entry(place, listings, counterfeit, bool(quoted))


def has_lift(listings: float, counterfeit: float, all_listings: float, all_counterfeit: float) -> bool:
    """Whether the share of counterfeits is at least `LIFT` times that among all listings.

    >>> has_lift(20, 9, 100, 30), has_lift(20, 8, 100, 30), has_lift(20, 0, 100, 0)
    (True, False, False)
    """
    return counterfeit > 0 and counterfeit * all_listings >= LIFT * all_counterfeit * listings


def cell_keys(facts: Facts) -> tuple[CellKey, CellKey, CellKey]:
    """The cells of a listing, the narrowest first."""
    brand, category = reference_keys(facts.listing, facts.brand)
    language = (facts.listing.language or "").partition("-")[0].casefold()
    return CellKey(brand, category, language), CellKey(brand, None, language), CellKey(None, None, language)


def phrases_of(facts: Facts) -> dict[str, tuple[int, ...]]:
    """The words and the pairs of adjacent words of a listing, folded, with the fields that have each.

    The fields are 0, the title, and 1, the description. Phrases are in the order of the text.
    """
    found: dict[str, tuple[int, ...]] = {}
    for field, words in enumerate(fields_of(facts.listing)):
        pairs = (f"{one} {two}" for one, two in pairwise(words) if one and two)
        for phrase in dict.fromkeys((*filter(None, words), *pairs)):
            found[phrase] = (*found.get(phrase, ()), field)
    return found


def fields_of(listing: Listing) -> tuple[list[str], list[str]]:
    """The words of the title and of the description, folded; '' separates words that are not adjacent."""
    return _words(listing.title), _words(listing.description)


def _words(text: str | None) -> list[str]:
    if not text:
        return []
    tokens = without_pictures(fold(text)).split()[:_MOST_WORDS]
    return [word for token in tokens for word in _split(token)]


def _split(token: str) -> Iterator[str]:
    """The words of a run without blanks: of 'mirror-quality,' the word and a break, of '1:1' a break."""
    at = 0
    for match in _LETTERS.finditer(token):
        if match.start() > at:
            yield _BREAK
        yield _whole(token, match)
        at = match.end()
    if at < len(token):
        yield _BREAK


def _whole(token: str, match: re.Match[str]) -> str:
    """The word, unless it is a part of something that is none: 'com' of 'bags.com', 'a' of 'a1'."""
    before, after = token[: match.start()], token[match.end() :]
    joined = bool(
        before[-1:].isalnum() or after[:1].isalnum() or "@" in token or "." in token.strip(".…") or "/" in token
    )
    return _BREAK if joined or not _SHORTEST_WORD <= len(match.group()) <= LONGEST_WORD else match.group()


@dataclass(frozen=True, slots=True)
class OwnWords:
    """Words that name the goods: of brands, with obfuscation undone, and of categories, folded."""

    brands: frozenset[str]
    categories: frozenset[str]

    @classmethod
    def of(cls, facts: Facts) -> "OwnWords":
        """Those of one listing: its brand as declared, resolved, mentioned or misspelt, and its category."""
        brand, naming = facts.brand, facts.naming
        names = [facts.listing.brand, brand.name, *(mention.name for mention in brand.mentions)]
        if naming is not None:
            names += [word for near in naming.near_misses for word in (near.word, near.name)]
            names += [*naming.described, naming.declared_near.name if naming.declared_near else None]
        return cls.named((name for name in names if name), [facts.listing.product_type or ""])

    @classmethod
    def named(cls, brands: Iterable[str], categories: Iterable[str]) -> "OwnWords":
        """Those of names of brands and of categories."""
        forms = {form for name in brands for form in (compact(name), *pieces(name))}
        words = {word for category in categories for word in _LETTERS.findall(fold(category))}
        return cls(frozenset(forms), frozenset(words))

    def hold(self, word: str) -> bool:
        """Whether a folded word names a brand or a category, in the singular or plural, alone or compounded."""
        if compact(word) in self.brands or not self.brands.isdisjoint(pieces(word)):
            return True
        return any(_of_one_stem(word, category) for category in self.categories)


def _of_one_stem(word: str, category: str) -> bool:
    """Whether two words have one stem, or the word is a compound of the other: 'handbag' and 'bags'."""
    if word == category:
        return True
    stem = category.removesuffix("s") if len(category) > _SHORTEST_STEM else category
    if len(stem) >= _SHORTEST_STEM and (word.startswith(stem) or word.removesuffix("s").endswith(stem)):
        return True
    common = next(
        (i for i, (a, b) in enumerate(zip(word, category, strict=False)) if a != b), min(len(word), len(category))
    )
    return common >= _STEM and max(len(word), len(category)) - common <= _ENDING
