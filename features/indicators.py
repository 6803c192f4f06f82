"""Counterfeit indicators: a brand's wording patterns that identify its counterfeits or its own goods.

A brand's pattern runs on every listing that may be of the brand, so it must always be fast. RE2 matches in time linear
in the text: it has no look-around and no back-reference, and does not backtrack. Length, size and number are bounded
too.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final

import re2

from features.fold import fold
from features.listing import Listing
from features.phrase import Parameter, Phrase
from features.records import with_fast_init

LONGEST_PATTERN: Final = 200
LARGEST_PROGRAM: Final = 500  # Instructions; a pattern of 200 plain characters has about as many.
LONGEST_TEXT: Final = 10_000  # Characters of a description, about ten pages; the rest is not searched.
MOST_PER_BRAND: Final = 20
_LONGEST_QUOTE: Final = 80
_MEMORY: Final = 1 << 20  # Bytes that RE2 may use for one pattern; above, it is slower but still linear.


class Direction(StrEnum):
    """The conclusion that a counterfeit indicator supports."""

    COUNTERFEIT = "counterfeit"
    GENUINE = "genuine"


class SearchedText(StrEnum):
    """The text in which an indicator is searched."""

    TITLE = "title"
    DESCRIPTION = "description"
    ANY = "any"


class PatternRefused(ValueError):
    """A pattern cannot be used; the phrase says why."""

    def __init__(self, sentence: str, /, **parameters: Parameter) -> None:
        self.phrase = Phrase(sentence, **parameters)
        super().__init__(str(self.phrase))


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One counterfeit indicator of a brand: its label, its pattern, and when it is in force and was known.

    `active_to` is None where it has no end. `removed_at` is when the brand withdrew it.
    """

    indicator_id: str
    brand_id: str
    label: str
    pattern: str
    where: SearchedText
    direction: Direction
    active_from: datetime
    active_to: datetime | None
    known_at: datetime
    removed_at: datetime | None = None

    def in_force(self, as_of: datetime) -> bool:
        known = self.known_at <= as_of and (self.removed_at is None or as_of < self.removed_at)
        return known and self.active_from <= as_of and (self.active_to is None or as_of < self.active_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorMatch:
    """A counterfeit indicator that matches a listing, with the matching words of the folded text."""

    indicator_id: str
    brand_id: str
    label: str
    direction: Direction
    where: SearchedText
    words: str


@with_fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorFacts:
    """The numbers of indicators that the candidate brands had supplied at the moment, and the matching ones."""

    for_counterfeit: int = 0
    for_genuine: int = 0
    fired: tuple[IndicatorMatch, ...] = ()

    def fired_for(self, direction: Direction) -> tuple[IndicatorMatch, ...]:
        return tuple(indicator for indicator in self.fired if indicator.direction is direction)


class Indicators:
    """The counterfeit indicators of one marketplace by brand."""

    def __init__(self, indicators: Iterable[Indicator] = ()) -> None:
        self._of_brand: dict[str, list[Indicator]] = {}
        for indicator in indicators:
            self._of_brand.setdefault(indicator.brand_id, []).append(indicator)

    def of(self, listing: Listing, brand_ids: Collection[str], as_of: datetime) -> IndicatorFacts:
        """The counterfeit indicators of these brands that match a listing at a moment."""
        in_force = [
            indicator
            for brand_id in sorted(brand_ids)
            for indicator in self._of_brand.get(brand_id, ())
            if indicator.in_force(as_of)
        ]
        if not in_force:
            return IndicatorFacts()
        texts = _folded_texts(listing.title, listing.description)
        fired = [match for indicator in in_force if (match := _match_indicator(indicator, texts)) is not None]
        return IndicatorFacts(
            for_counterfeit=sum(indicator.direction is Direction.COUNTERFEIT for indicator in in_force),
            for_genuine=sum(indicator.direction is Direction.GENUINE for indicator in in_force),
            fired=tuple(fired),
        )


def matched_words(pattern: str, where: SearchedText, title: str, description: str) -> str | None:
    """The words of the folded text that a pattern matches; None without a match."""
    match = _find_pattern(pattern, where, _folded_texts(title, description))
    return None if match is None else match[1]


def _folded_texts(title: str | None, description: str | None) -> dict[SearchedText, str]:
    return {SearchedText.TITLE: fold(title or ""), SearchedText.DESCRIPTION: fold((description or "")[:LONGEST_TEXT])}


def _match_indicator(indicator: Indicator, texts: dict[SearchedText, str]) -> IndicatorMatch | None:
    match = _find_pattern(indicator.pattern, indicator.where, texts)
    if match is None:
        return None
    return IndicatorMatch(
        indicator_id=indicator.indicator_id,
        brand_id=indicator.brand_id,
        label=indicator.label,
        direction=indicator.direction,
        where=match[0],
        words=match[1],
    )


def _find_pattern(pattern: str, place: SearchedText, texts: dict[SearchedText, str]) -> tuple[SearchedText, str] | None:
    for where, text in texts.items():
        if place in {where, SearchedText.ANY} and (match := _compile(pattern).search(text)):
            return where, match.group()[:_LONGEST_QUOTE].strip()
    return None


def check_pattern(pattern: str) -> None:
    """Check a pattern that a brand supplies.

    Raises PatternRefused (the pattern is too long, too large or invalid, or it matches every text or no folded text).
    """
    if not pattern or len(pattern) > LONGEST_PATTERN:
        raise PatternRefused("A pattern must have 1 to {most} characters.", most=LONGEST_PATTERN)
    if not pattern.isprintable():
        raise PatternRefused("The pattern contains a character that cannot be seen.")
    for character in pattern:
        if not character.isascii() and (folded := fold(character)) != character.lower():
            if not folded:
                raise PatternRefused("“{name}” never occurs in a folded text; leave it out.", name=character)
            raise PatternRefused(
                "“{name}” never occurs in a folded text; write “{words}”.", name=character, words=folded
            )
    if r"\C" in pattern:
        raise PatternRefused(r"\C is half a character.")
    try:
        compiled = _compile(pattern)
    except re2.error as error:
        raise PatternRefused("The pattern cannot be read: {words}.", words=_error_sentence(error)) from None
    if compiled.programsize > LARGEST_PROGRAM:
        raise PatternRefused("The pattern is too large: use fewer or smaller repeats and classes.")
    if compiled.search("") is not None:
        raise PatternRefused("The pattern matches every text, even an empty one.")


def _error_sentence(error: re2.error) -> str:
    sentence = error.args[0] if error.args else b""
    return sentence.decode("utf-8", "replace") if isinstance(sentence, bytes) else str(sentence)


@lru_cache(maxsize=4_096)
def _compile(pattern: str) -> "re2._Regexp":
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _MEMORY
    return re2.compile(pattern, options)
