"""A parser for the text of `CREATE TABLE`."""

import re
from collections.abc import Iterator
from typing import Final

_CONSTRAINT: Final = re.compile(r"(?:CONSTRAINT \w+ )?(?:CHECK|UNIQUE|PRIMARY KEY|FOREIGN KEY) ?\(")
_QUOTED: Final = re.compile(r"'(?:[^']|'')*'|\"(\w+)\"|\s+")


def one_line(sql: str) -> str:
    """The text with single spaces and unquoted names; strings are unchanged."""
    text = _QUOTED.sub(lambda match: match[1] or (match[0] if match[0][0] == "'" else " "), sql).strip()
    return text.replace("( ", "(").replace(" )", ")").replace(" ,", ",")


def items(sql: str) -> Iterator[str]:
    """Columns and constraints of a table, each on one line, and the text after the closing parenthesis."""
    text = one_line(sql)
    start = text.index("(") + 1
    end = _closing(text, start)
    yield from _split_clauses(text[start:end])
    if after := text[end + 1 :].strip():
        yield f"after: {after}"


def constraints(clause: str) -> Iterator[str]:
    """The constraints in an item, which is a constraint itself or a column with constraints."""
    at = 0
    while match := _CONSTRAINT.search(clause, at):
        at = _closing(clause, match.end()) + 1
        # The text after a foreign key's columns belongs to it.
        whole = clause[match.start() :] if "FOREIGN KEY" in match[0] else clause[match.start() : at]
        yield whole.replace("KEY(", "KEY (").replace("UNIQUE(", "UNIQUE (").replace("CHECK(", "CHECK (").strip()


def is_column(clause: str) -> bool:
    """Whether an item is a column and not a table constraint."""
    return not clause.startswith("after: ") and _CONSTRAINT.match(clause) is None


def _closing(text: str, start: int) -> int:
    """The position at which the parenthesis around `start` closes."""
    depth, quoted = 1, False
    for at in range(start, len(text)):
        quoted ^= text[at] == "'"
        depth += 0 if quoted else {"(": 1, ")": -1}.get(text[at], 0)
        if not depth:
            return at
    raise ValueError(f"A parenthesis does not close: {text}")


def _split_clauses(text: str) -> Iterator[str]:
    at = depth = 0
    quoted = False
    for position, letter in enumerate(text):
        quoted ^= letter == "'"
        depth += 0 if quoted else {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth and not quoted:
            yield text[at:position].strip()
            at = position + 1
    yield text[at:].strip()
