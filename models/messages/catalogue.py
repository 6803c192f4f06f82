"""The English catalogue: a sentence for every code, in files by subject.

`english/outside/` is for brands, sellers and notifiers and is translated. `english/staff/` is for the marketplace's own
users.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

_ENGLISH: Final = "english"
_READERS: Final = ("outside", "staff")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A template with placeholders such as `{n}` and `{share:.0%}`; with `other`, `text` is the singular."""

    text: str
    other: str | None = None


@cache
def sentences() -> Mapping[str, Sentence]:
    """Every sentence by its code."""
    return {code: one for readers in _READERS for code, one in _read(readers).items()}


def told_outside() -> Mapping[str, Sentence]:
    """The translated sentences by their codes."""
    return _read("outside")


@cache
def _read(readers: str) -> Mapping[str, Sentence]:
    found: dict[str, Sentence] = {}
    folder = files("models.messages").joinpath(_ENGLISH, readers)
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        for code, text in tomllib.loads(file.read_text(encoding="utf-8")).items():
            found[code] = Sentence(text) if isinstance(text, str) else Sentence(*text)
    return found
