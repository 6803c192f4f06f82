"""Hooks for what other packages do with a removal: consequences to its seller, and documents of its case.

Takedowns must not import sanctions or reports, so the composition registers the hooks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from models.strikes import VoidCause
from serving.platform.runtime import Runtime
from serving.takedowns.store.actions import StoredAction


@dataclass(frozen=True, slots=True)
class RemovalHooks:
    """Called in the transaction of the removal; `voided` gets the cause. Both get the current time."""

    counted: Callable[[Runtime, Connection, StoredAction, datetime], None]
    voided: Callable[[Runtime, Connection, StoredAction, VoidCause, datetime], None]


@dataclass(frozen=True, slots=True)
class EvidenceHooks:
    """Called with the marketplace and the case: the digests of the documents that a report carries for it."""

    documents_of: Callable[[Connection, str, str], list[str]]
