"""Rules that remove irrelevant differences from a text before the comparison, each with its reason.

Clock, ids and chance are seeded (`tests.equality.seeded`), so two runs of one tree have few differences.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tests.equality.discover import ROOT, packages

_ID: Final = re.compile(r"(?<![0-9a-z])([a-z]{3})_[0-9a-hjkmnp-tv-z]{26}(?![0-9a-z])")
_TOKEN: Final = re.compile(r"(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*\d)[\w-]{43}(?![\w-])")
_LONGEST_NAME: Final = 120


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern, its replacement, and the reason."""

    pattern: re.Pattern[str]
    instead: str
    why: str


def rules(roots: Iterable[str]) -> tuple[Rule, ...]:
    """The rules for a tree of these packages. `Aliases`, below, replaces ids and tokens."""
    root = "|".join(map(re.escape, roots))
    return (
        Rule(re.compile(re.escape(str(ROOT))), "<checkout>", "Two trees are in two folders."),
        Rule(
            re.compile(r'(?<=name="csrf_token" value=")[\w-]+|(?<="csrf_token":")[\w-]+'),
            "<csrf>",
            "A form contains the random token of its session.",
        ),
        Rule(re.compile(r"\b\d+(?:\.\d+)? ?ms\b(?!\.)"), "<n> ms", "Durations depend on the machine."),
        Rule(
            re.compile(rf"(?<![\w./@-])(?:{root})(?:\.[A-Za-z_]\w*)+(?![\w/@])"),
            "<module>",
            "A move changes the place of a module; reasons of policies name modules.",
        ),
        Rule(
            re.compile(rf"(?<![\w./@-])(?:{root})(?:/\w+)+\.py\b"),
            "<module file>",
            "The reference of settings names the file of a policy.",
        ),
        Rule(
            re.compile(rf"\b(?:{root})(?:__[a-z_0-9]+?)+__(?=[A-Z])"),
            "<module>__",
            "FastAPI distinguishes two bodies of the same name by their modules.",
        ),
    )


RULES: Final = rules(packages())


def normalised_text(text: str, rules: Iterable[Rule] = RULES) -> str:
    """The text after all rules, in their order."""
    for rule in rules:
        text = rule.pattern.sub(rule.instead, text)
    return text


class Aliases:
    """Aliases for random ids and for tokens in links.

    Ids increase with time: `cas_<3>` is the third case created. An id that is not in the database, and a token, is
    numbered at its first occurrence.
    """

    def __init__(self, database: str = "") -> None:
        self._names: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        for id_text in sorted({match[0] for match in _ID.finditer(database)}):
            self._name(id_text, id_text[:3])

    def substitute(self, text: str) -> str:
        """The text with aliases in place of ids and tokens."""
        text = _ID.sub(lambda match: self._name(match[0], match[1]), text)
        return _TOKEN.sub(lambda match: self._name(match[0], "token"), text)

    def _name(self, id_text: str, kind: str) -> str:
        if id_text not in self._names:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._names[id_text] = f"{kind}_<{self._counts[kind]}>"
        return self._names[id_text]


def slug(address: str) -> str:
    """An address as part of a file name."""
    return re.sub(r"[^\w.<>-]+", "-", address).strip("-")[:_LONGEST_NAME] or "start"
