"""The consequences for a seller when a removal of one of its listings begins to count, or counts no longer.

Sanctions stand above takedowns, so a takedown does not call them: the composition says who follows.
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
    """Called in the transaction of the removal: `counted` with when it was confirmed, `voided` with the cause."""

    counted: Callable[[Runtime, Connection, StoredAction, datetime], None]
    voided: Callable[[Runtime, Connection, StoredAction, Void, datetime], None]
