"""Resolution of the registered brand of a listing, from evidence and without guesses."""

import itertools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import Final, Self

import ahocorasick

from features.fold import Words, fold, without_pictures
from features.near_names import NearMiss, NearNames
from features.records import with_fast_init

# Digits and signs that stand for letters. l, i, 1 and | are one class, because each can stand for the others.
# "\u2502" is what normalisation makes of the halfwidth vertical bar.
_LEET: Final = str.maketrans("01|\u2502!l3@45$7", "oiiiiieaasst")
# East Asian keyboards write Latin letters at full width. This is ordinary and no obfuscation.
_FULL_WIDTH: Final = {0xFF01 + i: 0x21 + i for i in range(94)}
# Zero-width marks, next to white space or at an end of the text.
_MARKS: Final = "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u206a-\u206f\ufeff]"
_BETWEEN_WORDS: Final = re.compile(rf"(?:^|(?<=\s)){_MARKS}+|{_MARKS}+(?=\s|\Z)")
_MARKED_OR_WIDE: Final = re.compile(f"{_MARKS}|[\uff01-\uff5e]")
_REMEMBERED: Final = 256  # Names and the title in hand, whose names are compared one after the other.
SHORTEST_OBFUSCATED: Final = 5  # Below this, letters joined across words match a name by chance.
_GTIN: Final = re.compile(r"\d{8}\Z|\d{12,14}\Z", re.ASCII)


class Method(StrEnum):
    """How a brand was found: by the evidence of the listing, strongest first, or corrected by a person."""

    DECLARED = "declared"
    ALIAS = "alias"
    GTIN_PREFIX = "gtin_prefix"
    FOLDED_TITLE = "folded_title"
    CORRECTED = "corrected"


class Form(StrEnum):
    """How a name was written: plain, recognised after folding, or recognised after undoing obfuscation."""

    PLAIN = "plain"
    FOLDED = "folded"
    OBFUSCATED = "obfuscated"


@dataclass(frozen=True, slots=True)
class Brand:
    """A registered brand and the names under which it is traded."""

    brand_id: str
    name: str
    aliases: tuple[str, ...] = ()
    gtin_prefixes: tuple[str, ...] = ()


@with_fast_init
@dataclass(frozen=True, slots=True)
class Mention:
    """A registered name in the title."""

    brand_id: str
    name: str
    form: Form


@with_fast_init
@dataclass(frozen=True, slots=True)
class Resolution:
    """The brand of a listing, or None where several candidates remain possible.

    `mentions` are the names in the title. `candidates` are all brands with any evidence. A brand that a person
    named is the only candidate; `name` is then also that of a mark that is not registered and has no id.
    """

    brand_id: str | None = None
    name: str | None = None
    method: Method | None = None
    candidates: tuple[str, ...] = ()
    mentions: tuple[Mention, ...] = ()


@with_fast_init
@dataclass(frozen=True, slots=True)
class Naming:
    """Registered names outside the mentions in the title. They inform people and models but resolve no brand.

    `near_misses` are misspelt names of brands that the title does not mention. `declared_near` is the name that the
    declared brand misspells. `described` are brands that only the description names.
    """

    near_misses: tuple[NearMiss, ...] = ()
    declared_near: NearMiss | None = None
    described: tuple[str, ...] = ()


class BrandRegister:
    """The brands of one marketplace, indexed for search. Immutable."""

    def __init__(self, brands: Iterable[Brand]) -> None:
        self.brands = {brand.brand_id: brand for brand in brands}
        self._exact: dict[str, tuple[str, Method]] = {}
        self._plain = ahocorasick.Automaton()
        self._obfuscated = ahocorasick.Automaton()
        self._prefixes = {p: brand.brand_id for brand in self.brands.values() for p in brand.gtin_prefixes}
        for brand in self.brands.values():
            for name, method in [(brand.name, Method.DECLARED), *((a, Method.ALIAS) for a in brand.aliases)]:
                folded, letters = fold(name), compact(name)
                self._exact.setdefault(folded, (brand.brand_id, method))
                self._plain.add_word(folded, (brand.brand_id, name, len(folded)))
                if len(letters) >= SHORTEST_OBFUSCATED:
                    self._obfuscated.add_word(letters, (brand.brand_id, name, len(letters)))
        self._plain.make_automaton()
        self._obfuscated.make_automaton()
        self._near = NearNames(
            (brand.brand_id, name) for brand in self.brands.values() for name in (brand.name, *brand.aliases)
        )

    def __reduce__(self) -> tuple[type[Self], tuple[tuple[Brand, ...]]]:
        """What another process makes the same register of: the indexes do not travel."""
        return type(self), (tuple(self.brands.values()),)

    def resolve(self, *, title: str | None, declared: str | None, gtin: str | None) -> Resolution:
        """The brand of a listing and how it was found.

        A declared registered brand takes precedence only if the title names it too or names no brand. If several brands
        are then possible, none is resolved and a person decides, for example about a "strap for Aurelle" declared as
        Nordfjell.
        """
        mentions = self._mentions(title) if title else ()
        named = {mention.brand_id for mention in mentions}
        declared_id, declared_how = self._exact.get(fold(declared), (None, None)) if declared else (None, None)
        coded_id = self._by_gtin(gtin)
        candidates = tuple(sorted({*named, *(possible_id for possible_id in (declared_id, coded_id) if possible_id)}))
        brand_id: str | None = None
        method: Method | None = None
        if declared_id is not None and (not named or declared_id in named):
            brand_id, method = declared_id, declared_how
        elif len(candidates) == 1:
            brand_id = candidates[0]
            method = Method.GTIN_PREFIX if brand_id == coded_id else Method.FOLDED_TITLE
        name = self.brands[brand_id].name if brand_id else None
        return Resolution(brand_id, name, method, candidates, mentions)

    def naming(
        self, *, title: str | None, declared: str | None, description: str | None, mentions: Sequence[Mention]
    ) -> Naming:
        """Registered names outside the mentions in the title. A near miss of a mentioned name does not count."""
        named = {mention.brand_id for mention in mentions}
        exact = self._exact.get(fold(declared)) if declared else None
        known = named | ({exact[0]} if exact else set())
        described = _whole_words(self._plain, fold(description)) if description else ()
        return Naming(
            near_misses=tuple(
                near_miss for near_miss in self._near.in_text(title or "") if near_miss.brand_id not in named
            ),
            declared_near=next(iter(self._near.in_text(declared)), None) if declared and exact is None else None,
            described=tuple(sorted({self.brands[brand_id].name for brand_id, _ in described if brand_id not in known})),
        )

    def _by_gtin(self, gtin: str | None) -> str | None:
        if gtin is None or not _GTIN.match(gtin):
            return None
        digits = gtin.zfill(14)[1:]  # The first digit of a GTIN-14 is the packaging level, not the owner.
        return next((brand_id for n in range(11, 5, -1) if (brand_id := self._prefixes.get(digits[:n]))), None)

    def _mentions(self, title: str) -> tuple[Mention, ...]:
        mentions: dict[str, Mention] = {}
        for text in dict.fromkeys((title, without_pictures(title))):
            for brand_id, name in _whole_words(self._plain, fold(text)):
                as_written = _as_written(text)
                plain = _as_written(name) in as_written or fold(name) in as_written
                mentions.setdefault(brand_id, Mention(brand_id, name, Form.PLAIN if plain else Form.FOLDED))
        for brand_id, name in _joined_words(self._obfuscated, title):
            mentions.setdefault(brand_id, Mention(brand_id, name, Form.OBFUSCATED))
        return tuple(mentions.values())


def compact(text: str) -> str:
    """The letters and digits of a text, look-alikes and stand-ins undone: 'Au re11e' and 'Aurelle' are equal.

    >>> compact("G U C C 1") == compact("gucci")
    True
    """
    return "".join(pieces(text))


@lru_cache(_REMEMBERED)
def _as_written(text: str) -> str:
    """The text without harmless variation: case, width, kinds of white space and the encoding of accents.

    Web pages and translators put zero-width marks between words; these become blanks. Marks inside a word hide it.
    """
    if not text.isascii():
        if _MARKED_OR_WIDE.search(text):
            text = _BETWEEN_WORDS.sub(" ", text.translate(_FULL_WIDTH))
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.casefold().split())


def pieces(text: str) -> list[str]:
    """The words of a text, look-alikes and stand-ins undone.

    >>> pieces("Au\\u200bre11e 1:1") == pieces("aureiie l:i")
    True
    """
    return _piece_cutter().of(text)


@cache
def _piece_cutter() -> Words:
    return Words(_LEET, signs_separate=True)


def _whole_words(automaton: ahocorasick.Automaton, text: str) -> Iterable[tuple[str, str]]:
    if len(automaton) == 0:
        return
    for end, (brand_id, name, length) in automaton.iter(text):
        start = end + 1 - length
        before, after = text[start - 1 : start], text[end + 1 : end + 2]
        if not (_is_one_word(before, text[start]) or _is_one_word(after, text[end])):
            yield brand_id, name


def _joined_words(automaton: ahocorasick.Automaton, text: str) -> Iterable[tuple[str, str]]:
    """Names made of one or more whole pieces of an obfuscated text: 'A u r e l l e', not 'Taurellesque'."""
    if len(automaton) == 0:
        return
    text_pieces = pieces(text)
    matches = list(automaton.iter("".join(text_pieces)))
    edges = {0, *itertools.accumulate(map(len, text_pieces))} if matches else set()
    for end, (brand_id, name, length) in matches:
        if end + 1 in edges and end + 1 - length in edges:
            yield brand_id, name


def _is_one_word(neighbour: str, edge: str) -> bool:
    """Whether two characters belong to one word. Scripts without gaps, such as Chinese, never join."""
    return bool(neighbour) and neighbour.isalnum() and ord(edge) < 0x2E80 and ord(neighbour) < 0x2E80
