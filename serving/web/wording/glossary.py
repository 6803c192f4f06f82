"""The glossary: at most 50 terms, each defined once.

`glossary.tsv` is its only source. Pages define terms in place, the help page lists all of them, and `make docs` writes
them into docs/concepts.md. The order is that of the workflow.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

MOST_TERMS: Final = 50
_CODE: Final = re.compile("`([^`]*)`")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a definition: text, or code as it appears in files and commands."""

    text: str
    is_code: bool


@dataclass(frozen=True, slots=True)
class Term:
    """A term and its definition, with code in backticks.

    `is_translated` is set where a translated page defines the term in place.
    """

    name: str
    definition: str
    is_translated: bool

    @property
    def key(self) -> str:
        """The term's anchor on the help page."""
        return re.sub("[^a-z]+", "-", self.name.lower()).strip("-")

    @property
    def pieces(self) -> tuple[Piece, ...]:
        parts = _CODE.split(self.definition)
        return tuple(Piece(text, is_code=i % 2 == 1) for i, text in enumerate(parts) if text)


def _read_terms() -> Iterator[Term]:
    text = files("serving.web.wording").joinpath("glossary.tsv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        yield Term(row["term"], row["definition"], is_translated=row["translated"] == "yes")


TERMS: Final = tuple(_read_terms())


@cache
def _terms_by_name() -> Mapping[str, Term]:
    return {term.name: term for term in TERMS}


def term_of(name: str) -> Term:
    """The term of this name. Raises KeyError (the glossary does not define it)."""
    return _terms_by_name()[name]
