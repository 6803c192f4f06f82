"""What is taken out of a text before it is compared, each with its reason. Everything else counts.

Clock, ids and chance are seeded (`tests.equality.seeded`), so that few things differ between two runs of one tree.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_ID: Final = re.compile(r"(?<![0-9a-z])([a-z]{3})_[0-9a-hjkmnp-tv-z]{26}(?![0-9a-z])")


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern and what stands in its place. `numbered` keeps equal values equal: the first is 1, the next is 2."""

    pattern: re.Pattern[str]
    instead: str
    why: str
    numbered: bool = False


RULES: Final = (
    Rule(re.compile(re.escape(str(ROOT))), "<checkout>", "Two trees lie in two folders."),
    Rule(re.compile(r"/tmp/equality-[\w-]+"), "<home>", "Each run has a home of its own."),  # noqa: S108  # our own
    Rule(
        re.compile(r'(?<=name="csrf_token" value=")[\w-]+|(?<="csrf_token":")[\w-]+|(?<=x-touchstone-csrf": ")[\w-]+'),
        "<csrf>",
        "A form carries the token of its session, which is drawn when somebody signs in.",
    ),
    Rule(
        re.compile(r"(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*\d)[\w-]{43}(?![\w-])"),
        "<token-{}>",
        "Links to sellers, notifiers and invited people carry 32 random bytes.",
        numbered=True,
    ),
    Rule(re.compile(r"\b(incident[^0-9a-f]{1,20})[0-9a-f]{12}\b"), r"\1<incident>", "Drawn for each failed request."),
    Rule(re.compile(r"\b\d+(\.\d+)? ?ms\b"), "<n> ms", "Measured by the machine's stopwatch."),
    Rule(
        re.compile(r"(?<=[\"'\s(\[<=|])(?:[a-z_]+\.){2,}[A-Za-z_]+(?=[\"'\s)\]>:,|])"),
        "<module path>",
        "Where a module lies is what a move changes.",
    ),
)


def normalised(text: str, rules: Iterable[Rule] = RULES) -> str:
    """The text after all rules, in their order."""
    for rule in rules:
        text = rule.pattern.sub(_numbering(rule) if rule.numbered else rule.instead, text)
    return text


def _numbering(rule: Rule) -> Callable[[re.Match[str]], str]:
    seen: dict[str, int] = {}
    return lambda found: rule.instead.format(seen.setdefault(found[0], len(seen) + 1))


class Aliases:
    """Names for ids by the order in which they were made: `cas_3` is the third case of the database.

    Ids rise with time, so that their order does not depend on what was drawn for them. One that the database does not
    hold is named by when it is first met.
    """

    def __init__(self, database: str) -> None:
        self._names: dict[str, str] = {}
        for one in sorted({found[0] for found in _ID.finditer(database)}):
            self._name(one)

    def put(self, text: str) -> str:
        """The text with the alias of each id in its place."""
        return _ID.sub(lambda found: self._name(found[0]), text)

    def _name(self, one: str) -> str:
        if one not in self._names:
            prefix = one[:3]
            number = 1 + sum(name.startswith(f"{prefix}_") for name in self._names.values())
            self._names[one] = f"{prefix}_<{number}>"
        return self._names[one]


def slug(address: str) -> str:
    """An address as a part of a file's name."""
    return re.sub(r"[^\w.<>-]+", "-", address).strip("-")[:120]
