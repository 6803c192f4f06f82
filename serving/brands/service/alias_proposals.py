"""What is known of a spelling that may be another name of a brand: in use, obfuscated, or nobody's name."""

from collections.abc import Collection
from datetime import datetime
from functools import cache
from importlib.resources import files

from sqlalchemy import Connection

from features import lexicon
from features.brands import compact
from features.fold import fold
from features.near_names import ordinary_words
from models.own_words import OwnWords
from serving.brands.rules.alias_proposals import Spelling
from serving.brands.store import aliases, brands
from serving.platform.database.scope import Pair
from training.fit.phrases import stop_words


def spelling_of(connection: Connection, pair: Pair, text: str, categories: Collection[str], at: datetime) -> Spelling:
    """The state of a folded spelling for a brand; `categories` are those of the listings that have it."""
    registered_brands = brands.enrolled_brands(connection, pair[0], at)
    names = [name for brand in registered_brands for name in (brand.name, *brand.aliases)]
    last = aliases.last_of(connection, pair, text)
    taken = text in map(fold, names)
    return Spelling(
        text=text,
        taken=taken,
        obfuscated=not taken and compact(text) in map(compact, names),
        nameless=is_nameless(text, categories),
        state=None if last is None else last.state,
        supported_by=0 if last is None else last.listings,
    )


@cache
def nameless_words() -> frozenset[str]:
    """The folded words of a declared brand that name nobody, in several languages: our own choice."""
    text = files("serving.brands").joinpath("data/nameless_words.txt").read_text(encoding="utf-8")
    return frozenset(fold(word) for word in text.splitlines())


def is_nameless(text: str, categories: Collection[str]) -> bool:
    """Whether a folded text consists of stop words, ordinary words, words that name nobody and words of the category.

    Wording of replicas names nobody either (`features.lexicon`).

    >>> is_nameless("no brand", []), is_nameless("leather bags", ["Bags"]), is_nameless("aurele", ["Bags"])
    (True, False, False)
    """
    own = OwnWords.named((), categories)
    words = text.split()
    known = stop_words() | ordinary_words() | nameless_words()
    return (
        not any(map(str.isalpha, text))
        or all(word.strip(".,-_/&'") in known or own.include(word) for word in words)
        or bool(lexicon.find_phrases(text, where="brand"))
    )
