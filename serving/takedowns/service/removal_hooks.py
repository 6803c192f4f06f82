"""Hooks for the consequences to a seller when a removal begins to count as a strike, or no longer counts.

Takedowns must not import sanctions, so the composition registers the hooks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from models.strikes import Void
from serving.platform.runtime import Runtime
from serving.takedowns.store.actions import StoredAction


@dataclass(frozen=True, slots=True)
class RemovalHooks:
    """Called in the transaction of the removal; `voided` gets the cause. Both get the current time."""

    counted: Callable[[Runtime, Connection, StoredAction, datetime], None]
    voided: Callable[[Runtime, Connection, StoredAction, Void, datetime], None]
