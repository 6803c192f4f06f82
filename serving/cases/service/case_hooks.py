"""The consequences for a case that another one replaces. Rooms above cases register what they keep by case."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class CaseHooks:
    """Called in the transaction of the change: `replaced` with marketplace, the case before and the one after."""

    replaced: Callable[[Connection, str, str, str], None]
