"""Which registered brand a listing is about: resolved with its evidence, never guessed."""

import itertools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import ahocorasick

from features.fold import fold, skeleton, without_pictures
from features.near_names import NearMiss, NearNames

# Digits and signs that stand for letters. l, i, 1 and | are one class: which of them is meant cannot be told.
_LEET: Final = str.maketrans("01|!l3@45$7", "oiiiieaasst")
# East Asian keyboards write Latin letters as wide as Chinese ones: ordinary there, and no disguise.
_FULL_WIDTH: Final = {0xFF01 + i: 0x21 + i for i in range(94)}
# Marks that take no room, beside a blank or at an end of the text.
_MARKS: Final = "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u206a-\u206f\ufeff]"
_BETWEEN_WORDS: Final = re.compile(rf"(?:^|(?<=\s)){_MARKS}+|{_MARKS}+(?=\s|\Z)")
_SEPARATORS: Final = re.compile(r"[\W_]+")
SHORTEST_OBFUSCATED: Final = 5  # Below this, letters joined across words meet a name by chance.
_GTIN: Final = re.compile(r"\d{8}\Z|\d{12,14}\Z", re.ASCII)


class Method(StrEnum):
    """How a brand was found, strongest first."""

    DECLARED = "declared"
    ALIAS = "alias"
    GTIN_PREFIX = "gtin_prefix"
    FOLDED_TITLE = "folded_title"


class Form(StrEnum):
    """How a name was written: as it is, only after folding, or only after undoing a disguise."""

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


@dataclass(frozen=True, slots=True)
class Mention:
    """A registered name in the title."""

    brand_id: str
    name: str
    form: Form


@dataclass(frozen=True, slots=True)
class Resolution:
    """The brand of a listing, or None with the candidates that could not be told apart.

    `mentions` are names in the title; `candidates` every brand for which there is any evidence.
    """

    brand_id: str | None = None
    name: str | None = None
    method: Method | None = None
    candidates: tuple[str, ...] = ()
    mentions: tuple[Mention, ...] = ()


@dataclass(frozen=True, slots=True)
class Naming:
    """How registered names occur outside the mentions in the title. Input for people and models; it resolves no brand.

    `near_misses` are words of the title that are nearly names of brands which it does not mention, `declared_near` the
    name that the declared brand nearly is, `described` brands that only the description names.
    """

    near_misses: tuple[NearMiss, ...] = ()
    declared_near: NearMiss | None = None
    described: tuple[str, ...] = ()


class BrandRegister:
    """The brands of one marketplace, ready to be looked for; immutable once made."""

    def __init__(self, brands: Iterable[Brand]) -> None:
        self.brands = {brand.brand_id: brand for brand in brands}
        self._exact: dict[str, tuple[str, Method]] = {}
        self._plain = ahocorasick.Automaton()
        self._obfuscated = ahocorasick.Automaton()
        self._prefixes = {p: brand.brand_id for brand in self.brands.values() for p in brand.gtin_prefixes}
        for brand in self.brands.values():
            for name, method in [(brand.name, Method.DECLARED), *((a, Method.ALIAS) for a in brand.aliases)]:
                self._exact.setdefault(fold(name), (brand.brand_id, method))
                self._plain.add_word(fold(name), (brand.brand_id, name))
                if len(compact(name)) >= SHORTEST_OBFUSCATED:
                    self._obfuscated.add_word(compact(name), (brand.brand_id, name))
        self._plain.make_automaton()
        self._obfuscated.make_automaton()
        self._near = NearNames(
            (brand.brand_id, name) for brand in self.brands.values() for name in (brand.name, *brand.aliases)
        )

    def resolve(self, *, title: str | None, declared: str | None, gtin: str | None) -> Resolution:
        """The brand behind a listing and how that is known.

        A declared registered brand wins over other names in the title only if the title names it too or names
        none: "strap for Aurelle" sold as Nordfjell is for a person to look at.
        """
        mentions = self._mentions(title) if title else ()
        named = {mention.brand_id for mention in mentions}
        declared_id, declared_how = self._exact.get(fold(declared), (None, None)) if declared else (None, None)
        coded_id = self._by_gtin(gtin)
        candidates = tuple(sorted({*named, *(found for found in (declared_id, coded_id) if found)}))
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
        """How registered names occur outside the mentions in the title. A near miss beside the name itself is a
        slip."""
        named = {mention.brand_id for mention in mentions}
        exact = self._exact.get(fold(declared)) if declared else None
        known = named | ({exact[0]} if exact else set())
        described = _whole_words(self._plain, fold(description)) if description else ()
        return Naming(
            near_misses=tuple(one for one in self._near.in_text(title or "") if one.brand_id not in named),
            declared_near=next(iter(self._near.in_text(declared)), None) if declared and exact is None else None,
            described=tuple(sorted({self.brands[one].name for one, _ in described if one not in known})),
        )

    def _by_gtin(self, gtin: str | None) -> str | None:
        if gtin is None or not _GTIN.match(gtin):
            return None
        digits = gtin.zfill(14)[1:]  # The first digit of a GTIN-14 says how the goods are packed, not whose they are.
        return next((found for n in range(11, 5, -1) if (found := self._prefixes.get(digits[:n]))), None)

    def _mentions(self, title: str) -> tuple[Mention, ...]:
        found: dict[str, Mention] = {}
        for text in dict.fromkeys((title, without_pictures(title))):
            as_written = _as_written(text)
            for brand_id, name in _whole_words(self._plain, fold(text)):
                plain = _as_written(name) in as_written or fold(name) in as_written
                found.setdefault(brand_id, Mention(brand_id, name, Form.PLAIN if plain else Form.FOLDED))
        for brand_id, name in _joined_words(self._obfuscated, title):
            found.setdefault(brand_id, Mention(brand_id, name, Form.OBFUSCATED))
        return tuple(found.values())


def compact(text: str) -> str:
    """Letters and digits alone, look-alikes and stand-ins undone: 'Au re11e' and 'Aurelle' come out the same.

    >>> compact("G U C C 1") == compact("gucci")
    True
    """
    return "".join(pieces(text))


def _as_written(text: str) -> str:
    """The text without what nobody writes to hide a name: case, width, kinds of blanks, how an accent is stored.

    Marks that take no room are left where web pages and translators put them, between words; inside one they hide it.
    """
    spaced = _BETWEEN_WORDS.sub(" ", text.translate(_FULL_WIDTH))
    return " ".join(unicodedata.normalize("NFC", spaced).casefold().split())


def pieces(text: str) -> list[str]:
    """The words of a text, look-alikes and stand-ins undone.

    >>> pieces("Au\\u200bre11e 1:1") == pieces("aureiie l:i")
    True
    """
    return [piece for piece in _SEPARATORS.split(skeleton(text).translate(_LEET)) if piece]


def _whole_words(automaton: ahocorasick.Automaton, text: str) -> Iterable[tuple[str, str]]:
    """Names that stand by themselves in a folded text."""
    if len(automaton) == 0:
        return
    for end, (brand_id, name) in automaton.iter(text):
        start = end + 1 - len(fold(name))
        before, after = text[start - 1 : start], text[end + 1 : end + 2]
        if not (_joins(before, text[start]) or _joins(after, text[end])):
            yield brand_id, name


def _joined_words(automaton: ahocorasick.Automaton, text: str) -> Iterable[tuple[str, str]]:
    """Names made of one or more whole pieces of a disguised text: 'A u r e l l e', not 'Taurellesque'."""
    if len(automaton) == 0:
        return
    found = pieces(text)
    edges = {0, *itertools.accumulate(map(len, found))}
    for end, (brand_id, name) in automaton.iter("".join(found)):
        if end + 1 in edges and end + 1 - len(compact(name)) in edges:
            yield brand_id, name


def _joins(neighbour: str, edge: str) -> bool:
    """Whether two characters belong to one word; Chinese and its like have no gaps, so there a name may touch."""
    return bool(neighbour) and neighbour.isalnum() and ord(edge) < 0x2E80 and ord(neighbour) < 0x2E80
