"""The words, each with its meaning: pages explain them, and docs/concepts.md is written from them.

One word for one thing, in code, tables, pages and documents; they stand in `glossary.tsv`, one a line, in the order in
which a listing meets them.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

_CODE: Final = re.compile("`([^`]*)`")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a meaning; code is what stands so in files and commands."""

    text: str
    is_code: bool


@dataclass(frozen=True, slots=True)
class Term:
    """A word, or several that are told together, and what they mean; code stands in backticks.

    Those that a translated page explains are themselves translated.
    """

    words: str
    meaning: str
    is_translated: bool

    @property
    def key(self) -> str:
        """Its place on the page of help."""
        return re.sub("[^a-z]+", "-", self.words.lower()).strip("-")

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The meaning in stretches of text and code."""
        parts = _CODE.split(self.meaning)
        return tuple(Piece(text, is_code=i % 2 == 1) for i, text in enumerate(parts) if text)


def _terms() -> Iterator[Term]:
    text = files("serving.web.wording").joinpath("glossary.tsv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        yield Term(row["words"], row["meaning"], is_translated=row["translated"] == "yes")


TERMS: Final = tuple(_terms())


@cache
def by_word() -> Mapping[str, Term]:
    """Terms by each of their words."""
    found: dict[str, Term] = {}
    for term in TERMS:
        for word in (term.words, *term.words.split(", ")):
            found.setdefault(word, term)
    return found


def meaning_of(word: str) -> Term:
    """The term of a word.

    Raises
    ------
    KeyError
        It is not among them: a page must not explain what is explained nowhere.
    """
    return by_word()[word]
