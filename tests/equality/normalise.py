"""What is taken out of a text before it is compared, each with its reason. Everything else counts.

Clock, ids and chance are seeded (`tests.equality.seeded`), so that few things differ between two runs of one tree.
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
    """A pattern, and what stands in its place."""

    pattern: re.Pattern[str]
    instead: str
    why: str


def rules(roots: Iterable[str]) -> tuple[Rule, ...]:
    """The rules for a tree of these packages. Ids and tokens are `Aliases`, below."""
    root = "|".join(map(re.escape, roots))
    return (
        Rule(re.compile(re.escape(str(ROOT))), "<checkout>", "Two trees lie in two folders."),
        Rule(
            re.compile(r'(?<=name="csrf_token" value=")[\w-]+|(?<="csrf_token":")[\w-]+'),
            "<csrf>",
            "A form carries the token of its session, which is drawn when somebody signs in.",
        ),
        Rule(
            re.compile(r"\b\d+(?:\.\d+)? ?ms\b(?!\.)"),
            "<n> ms",
            "Durations are measured by the machine's stopwatch.",
        ),
        Rule(
            re.compile(rf"(?<![\w./@-])(?:{root})(?:\.[A-Za-z_]\w*)+(?![\w/@])"),
            "<module>",
            "Where a module lies is what a move changes; reasons of policies name modules in their sentences.",
        ),
        Rule(
            re.compile(rf"(?<![\w./@-])(?:{root})(?:/\w+)+\.py\b"),
            "<module file>",
            "The reference of settings says in which file a policy is written.",
        ),
        Rule(
            re.compile(rf"\b(?:{root})(?:__[a-z_0-9]+?)+__(?=[A-Z])"),
            "<module>__",
            "FastAPI tells two bodies of one name apart by the modules that they lie in.",
        ),
    )


RULES: Final = rules(packages())


def normalised(text: str, rules: Iterable[Rule] = RULES) -> str:
    """The text after all rules, in their order."""
    for rule in rules:
        text = rule.pattern.sub(rule.instead, text)
    return text


class Aliases:
    """Names for ids and for tokens in links, so that neither depends on what was drawn for them.

    Ids rise with time: `cas_<3>` is the third case that was made. One that the database does not hold, and a token, is
    named by when it is first met.
    """

    def __init__(self, database: str = "") -> None:
        self._names: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        for one in sorted({found[0] for found in _ID.finditer(database)}):
            self._name(one, one[:3])

    def put(self, text: str) -> str:
        """The text with an alias in the place of each."""
        text = _ID.sub(lambda found: self._name(found[0], found[1]), text)
        return _TOKEN.sub(lambda found: self._name(found[0], "token"), text)

    def _name(self, one: str, kind: str) -> str:
        if one not in self._names:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._names[one] = f"{kind}_<{self._counts[kind]}>"
        return self._names[one]


def slug(address: str) -> str:
    """An address as a part of a file's name."""
    return re.sub(r"[^\w.<>-]+", "-", address).strip("-")[:_LONGEST_NAME] or "start"
