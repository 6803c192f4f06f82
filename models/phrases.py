"""Phrases that are commoner in counterfeits than in genuine listings, with the counts that a person is shown.

The table is made in training (`training.fit.phrases`) and is part of a bundle. A phrase is judged within the listing's
brand, category and language. Where fewer than `SUPPORT` training listings there have it, the brand and language decide,
and then the language. A phrase without lift in the cell that decides is not quoted, whatever the wider cells say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from features.facts import Facts, reference_keys
from features.words import SEGMENTER, is_cut_by_segmenter, may_stand_alone, pairs_of, words_of
from models.own_words import OwnWords

SUPPORT: Final = 20  # Training listings of both classes that have the phrase.
LIFT: Final = 1.5  # The share of counterfeits among them over the share in the cell.
LEVEL: Final = 0.95  # Of the lower bound of that share. Our choice.
MOST_ENTRIES: Final = 50_000  # About two megabytes.
_MOST_ROWS: Final = 1 << 40  # More listings than any training reads.


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


class PhraseCount(NamedTuple):
    """The training listings of a cell that have a phrase, the counterfeits among them, and whether it is quoted."""

    cell: int
    listings: int
    counterfeit: int
    quoted: bool


class PhraseUse(NamedTuple):
    """The words of a phrase as a listing has them, and the fields that have it: 0 title, 1 description."""

    words: tuple[str, ...]
    fields: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Contrast:
    """A phrase of a listing with its counts in the deciding cell."""

    phrase: str
    spoken: PhraseUse
    cell: Cell
    listings: int
    counterfeit: int

    def repeats(self, other: "Contrast") -> bool:
        """Whether both have a word in common, or the same counts, as two phrases of a copied sentence have."""
        same = (self.cell, self.listings, self.counterfeit) == (other.cell, other.listings, other.counterfeit)
        return same or not set(self.spoken.words).isdisjoint(other.spoken.words)


class PhraseTable:
    """The phrases by cell. `entries` holds, of each phrase that is quoted anywhere, every cell with enough support."""

    def __init__(self, cells: tuple[Cell, ...], entries: Mapping[str, tuple[PhraseCount, ...]]) -> None:
        self.cells, self.entries = cells, entries
        self._place = {cell.key: place for place, cell in enumerate(cells)}

    def contrasts(self, facts: Facts) -> list[Contrast]:
        """The phrases of a listing that may be quoted, in the order of the text."""
        known = {phrase: spoken for phrase, spoken in phrases_of(facts).items() if phrase in self.entries}
        if not known:
            return []
        places = [self._place.get(key) for key in cell_keys(facts)]
        own = OwnWords.of(facts)
        contrasts = []
        for phrase, spoken in known.items():
            if not any(own.include(word) for word in phrase.split(" ")):
                by_cell = {tally.cell: tally for tally in self.entries[phrase]}
                deciding = next((by_cell[place] for place in places if place in by_cell), None)
                if deciding is not None and deciding.quoted:
                    cell = self.cells[deciding.cell]
                    contrasts.append(Contrast(phrase, spoken, cell, deciding.listings, deciding.counterfeit))
        return contrasts

    def to_dict(self) -> dict[str, Any]:
        """The table as plain values: cells, by phrase rows of cell, listings, counterfeit and quoted (0 or 1), and the
        segmenter of scripts without blanks."""
        return {
            "segmenter": SEGMENTER,
            "cells": [[*cell.key, cell.listings, cell.counterfeit] for cell in self.cells],
            "phrases": {
                phrase: [[tally.cell, tally.listings, tally.counterfeit, int(tally.quoted)] for tally in entries]
                for phrase, entries in self.entries.items()
            },
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "PhraseTable":
        """The inverse of `to_dict`, which checks every count.

        Counts of another segmenter are those of other words, so such a table quotes no phrase of scripts without
        blanks.

        Raises ValueError, TypeError, KeyError (a value is not of a table, or a phrase is quoted without support or
        lift).
        """
        if document.keys() != {"segmenter", "cells", "phrases"} or not isinstance(document["phrases"], dict):
            raise ValueError
        if not isinstance(document["segmenter"], str):
            raise TypeError
        cells = tuple(_parse_cell(*values) for values in document["cells"])
        if len({cell.key for cell in cells}) != len(cells):
            raise ValueError
        entries = {phrase: _parse_entries(phrase, rows, cells) for phrase, rows in document["phrases"].items()}
        if sum(map(len, entries.values())) > MOST_ENTRIES:
            raise ValueError
        if document["segmenter"] != SEGMENTER:
            entries = {phrase: tallies for phrase, tallies in entries.items() if not is_cut_by_segmenter(phrase)}
        return cls(cells, entries)


NO_PHRASES: Final = PhraseTable((), {})


def _parse_cell(brand: Any, category: Any, language: Any, listings: Any, counterfeit: Any) -> Cell:
    of_texts = isinstance(language, str) and {type(brand), type(category)} <= {str, type(None)}
    if not of_texts or {type(listings), type(counterfeit)} != {int}:
        raise TypeError
    if not 0 <= counterfeit <= listings <= _MOST_ROWS:
        raise ValueError
    return Cell(CellKey(brand, category, language), listings, counterfeit)


def _parse_entries(phrase: str, rows: Any, cells: tuple[Cell, ...]) -> tuple[PhraseCount, ...]:
    tallies = tuple(_parse_entry(cells, *row) for row in rows)
    if not phrase or len({tally.cell for tally in tallies}) != len(tallies):
        raise ValueError
    return tallies


def _parse_entry(cells: tuple[Cell, ...], place: Any, listings: Any, counterfeit: Any, quoted: Any) -> PhraseCount:
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
    return PhraseCount(place, listings, counterfeit, bool(quoted))


def has_lift(
    listings: ArrayLike, counterfeit: ArrayLike, all_listings: ArrayLike, all_counterfeit: ArrayLike
) -> NDArray[np.bool_]:
    """Whether the lower bound of the share of counterfeits is above `LIFT` times their share among all listings.

    The bound is that of Clopper and Pearson at `LEVEL`, which errs at most so often for samples as small as `SUPPORT`;
    that of Wilson errs more often near 1. It is above a share exactly where, with that share, as many counterfeits or
    more have a probability below 1 - `LEVEL`. The arguments are counts of one shape.

    Not included: the share of the cell is an estimate too, and the listings of one seller are not independent. Training
    therefore also compares sellers.

    Source: Clopper and Pearson, The use of confidence or fiducial limits, Biometrika 26 (1934); Brown, Cai and
    DasGupta, Interval estimation for a binomial proportion, Statistical Science 16 (2001).

    >>> has_lift([20, 20, 20], [14, 13, 0], 100, [30, 30, 0]).tolist()
    [True, False, False]
    """
    from scipy.special import betainc  # noqa: PLC0415  # 14 MB that a process that only scores does not need

    n, k, of = (np.asarray(listing, np.float64) for listing in (listings, counterfeit, all_counterfeit))
    share = np.minimum(LIFT * of / np.asarray(all_listings, np.float64), 1.0)
    probability = betainc(np.maximum(k, 1.0), n - k + 1.0, share)  # Of k or more among n.
    return np.asarray((k > 0) & (probability < 1 - LEVEL))


def cell_keys(facts: Facts) -> tuple[CellKey, CellKey, CellKey]:
    """The cells of a listing, the narrowest first."""
    brand, category = reference_keys(facts.listing, facts.brand)
    language = (facts.listing.language or "").partition("-")[0].casefold()
    return CellKey(brand, category, language), CellKey(brand, None, language), CellKey(None, None, language)


def phrases_of(facts: Facts) -> dict[str, PhraseUse]:
    """The words and the pairs of adjacent words of a listing, folded. Phrases are in the order of the text."""
    by_phrase: dict[str, PhraseUse] = {}
    for field, words in enumerate(words_by_field(facts)):
        alone = ((word, (word,)) for word in words if may_stand_alone(word))
        of_field: dict[str, tuple[str, ...]] = {}
        for phrase, parts in (*alone, *pairs_of(words)):
            of_field.setdefault(phrase, parts)
        for phrase, parts in of_field.items():
            before = by_phrase.get(phrase)
            by_phrase[phrase] = (
                PhraseUse(parts, (field,)) if before is None else PhraseUse(before.words, (*before.fields, field))
            )
    return by_phrase


def words_by_field(facts: Facts) -> tuple[list[str], list[str]]:
    """The words of the title and of the description, folded; '' separates words that are not adjacent."""
    listing, names = facts.listing, _names_to_mask(facts)
    return words_of(listing.title, names), words_of(listing.description, names)


def _names_to_mask(facts: Facts) -> tuple[str, ...]:
    """The listing's names of two or more characters in scripts without blanks, longest first."""
    if not any(is_cut_by_segmenter(text) for text in (facts.listing.title, facts.listing.description) if text):
        return ()
    names = (name for name in OwnWords.of(facts).unspaced if len(name) > 1)
    return tuple(sorted(names, key=lambda name: (-len(name), name)))
