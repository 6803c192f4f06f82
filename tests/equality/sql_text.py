"""The text of `CREATE TABLE`, taken apart."""

import re
from collections.abc import Iterator
from typing import Final

_CONSTRAINT: Final = re.compile(r"(?:CONSTRAINT \w+ )?(?:CHECK|UNIQUE|PRIMARY KEY|FOREIGN KEY) ?\(")
_QUOTED: Final = re.compile(r"'(?:[^']|'')*'|\"(\w+)\"|\s+")


def one_line(sql: str) -> str:
    """With single blanks, and names without quotes; strings stay as they are."""
    text = _QUOTED.sub(lambda found: found[1] or (found[0] if found[0][0] == "'" else " "), sql).strip()
    return text.replace("( ", "(").replace(" )", ")").replace(" ,", ",")


def items(sql: str) -> Iterator[str]:
    """Columns and constraints of a table, each on one line, and what follows the closing parenthesis."""
    text = one_line(sql)
    start = text.index("(") + 1
    end = _closing(text, start)
    yield from _divided(text[start:end])
    if after := text[end + 1 :].strip():
        yield f"after: {after}"


def constraints(item: str) -> Iterator[str]:
    """The constraints in an item: it is one itself, or a column that carries some."""
    at = 0
    while found := _CONSTRAINT.search(item, at):
        at = _closing(item, found.end()) + 1
        # What follows a foreign key's columns belongs to it.
        whole = item[found.start() :] if "FOREIGN KEY" in found[0] else item[found.start() : at]
        yield whole.replace("KEY(", "KEY (").replace("UNIQUE(", "UNIQUE (").replace("CHECK(", "CHECK (").strip()


def is_column(item: str) -> bool:
    """Whether an item is a column and no constraint of the table."""
    return not item.startswith("after: ") and _CONSTRAINT.match(item) is None


def _closing(text: str, start: int) -> int:
    """Where the parenthesis closes in which `start` lies."""
    depth, quoted = 1, False
    for at in range(start, len(text)):
        quoted ^= text[at] == "'"
        depth += 0 if quoted else {"(": 1, ")": -1}.get(text[at], 0)
        if not depth:
            return at
    raise ValueError(f"A parenthesis does not close: {text}")


def _divided(text: str) -> Iterator[str]:
    at = depth = 0
    quoted = False
    for here, letter in enumerate(text):
        quoted ^= letter == "'"
        depth += 0 if quoted else {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth and not quoted:
            yield text[at:here].strip()
            at = here + 1
    yield text[at:].strip()
