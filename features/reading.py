"""The text of a listing, folded, searched and counted once for all text features."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from features import lexicon
from features.addresses import Addresses, addresses
from features.fold import fold, without_pictures
from features.lexicon import Kind, PhraseMatch
from features.listing import Listing

_WORD: Final = re.compile(r"[^\W\d_]+")
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u206a-\u206f\ufeff]"
)
_SCRIPTS: Final = {
    "latin": re.compile("[A-Za-zÀ-ɏ]"),
    "cyrillic": re.compile("[Ѐ-ӿ]"),
    "greek": re.compile("[Ͱ-Ͽ]"),
    "arabic": re.compile("[؀-ۿ]"),
    "thai": re.compile("[฀-๿]"),
    "chinese": re.compile("[㐀-鿿]"),
    "japanese": re.compile("[぀-ヿ]"),
    "korean": re.compile("[가-힯]"),
}
_CASED: Final = tuple(_SCRIPTS[name] for name in ("latin", "cyrillic", "greek"))


@dataclass(frozen=True, slots=True)
class Reading:
    """The content and form of a listing's text. Strings are empty where the listing has no text.

    Words are those of the folded text; emoji separate words and are not words.
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
    addresses: Addresses


def read(listing: Listing) -> Reading:
    """The reading of a listing's title and description."""
    title, description = listing.title or "", listing.description or ""
    title_folded, description_folded = fold(title), fold(description)
    phrase_matches = lexicon.find(title_folded, where="title", raw=title.lower())
    if description_folded:
        phrase_matches += lexicon.find(description_folded, where="description")
    kinds: dict[Kind, tuple[PhraseMatch, ...]] = {}
    for phrase_match in phrase_matches:
        kinds[phrase_match.kind] = (*kinds.get(phrase_match.kind, ()), phrase_match)
    plain = title.isascii()
    return Reading(
        title=title,
        description=description,
        title_folded=title_folded,
        description_folded=description_folded,
        title_words=tuple(without_pictures(title_folded).split()),
        description_words=tuple(without_pictures(description_folded).split()),
        phrase_matches=phrase_matches,
        kinds=kinds,
        invisible=0 if plain and description.isascii() else len(_INVISIBLE.findall(title + description)),
        mixed_words=() if plain else _mixed_words(title),
        scripts=("latin",) if plain and description.isascii() else _scripts(title + description),
        addresses=addresses(f"{title_folded} {description_folded}"),
    )


def _mixed_words(text: str) -> tuple[str, ...]:
    return tuple(word for word in _WORD.findall(text) if _is_mixed(word)) if _is_mixed(text) else ()


def _is_mixed(text: str) -> bool:
    """Whether a text mixes letters of alphabets that look alike."""
    return sum(bool(pattern.search(text)) for pattern in _CASED) > 1


def _scripts(text: str) -> tuple[str, ...]:
    return tuple(name for name, pattern in _SCRIPTS.items() if pattern.search(text))


def most_repeated_share(words: Sequence[str]) -> float:
    """Share of the most frequent word among the words: 1.0 for a text that repeats one word."""
    return max(Counter(words).values()) / len(words) if words else 0.0
