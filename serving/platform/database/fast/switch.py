"""The switch of the fast paths (docs/fast-paths.md): TOUCHSTONE_FAST_SQL names those that are on, all by default.

It is read once, when a process starts. An empty text switches all off, and SQLAlchemy executes every statement.
"""

import os
from enum import StrEnum
from typing import Final


class FastPath(StrEnum):
    """A way of executing statements that SQLAlchemy does not have."""

    QUERIES = "queries"
    JOINED_INSERTS = "joined-inserts"
    COPIED_INSERTS = "copied-inserts"
    PLANS = "plans"


VARIABLE: Final = "TOUCHSTONE_FAST_SQL"
_ON: Final = frozenset(FastPath(name) for name in os.environ.get(VARIABLE, ",".join(FastPath)).split(",") if name)


def is_on(path: FastPath) -> bool:
    """Whether this process uses a fast path."""
    return path in _ON
