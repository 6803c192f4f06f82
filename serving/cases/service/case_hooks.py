"""Hooks for the replacement of a case. Packages that store data by case register one here."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class CaseHooks:
    """Called in the transaction of the change: `replaced` with marketplace, the old case and the new one."""

    replaced: Callable[[Connection, str, str, str], None]
