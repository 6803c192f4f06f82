"""Messages to a marketplace's receiver, for any subject; every step is a conditional update.

For one subject (a listing or a seller), messages arrive in order.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from sqlalchemy import ColumnElement, Connection, Table, func, select, update

from serving.platform.database.scope import inside
from serving.webhooks.rules.action import ActionEvent, ActionState, next_state

_MOVING: Final = (ActionState.SCHEDULED.value, ActionState.SENDING.value)


class Outgoing(Protocol):
    """One message as stored; `sequence` counts the messages about its `subject`."""

    @property
    def marketplace_id(self) -> str: ...
    @property
    def action_id(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def kind(self) -> StrEnum: ...
    @property
    def state(self) -> ActionState: ...
    @property
    def sequence(self) -> int: ...
    @property
    def attempts(self) -> int: ...
    @property
    def due_at(self) -> datetime | None: ...


class Outbox:
    """The messages of one table."""

    def __init__(self, table: Table, subject: str) -> None:
        self._table, self._subject = table, table.c[subject]

    def change(self, connection: Connection, found: Outgoing, event: ActionEvent, values: Mapping[str, Any]) -> bool:
        """Apply an event if the message is unchanged since it was read; False where it has changed.

        Raises
        ------
        Conflict
            The event cannot happen in the state that was read.
        """
        state = next_state(found.state, event)
        table = self._table
        changed = connection.execute(
            update(table).where(self._is(found), table.c.attempts == found.attempts).values(state=state.value, **values)
        )
        return changed.rowcount == 1

    def moving_count(self, connection: Connection) -> int:
        """The number of messages that are to be sent, of all marketplaces."""
        query = select(func.count()).where(self._table.c.state.in_(_MOVING))
        return int(connection.execute(query.select_from(self._table)).scalar_one())

    def postpone(self, connection: Connection, found: Outgoing, until: datetime) -> None:
        """Postpone the next step of a message."""
        connection.execute(update(self._table).where(self._is(found)).values(due_at=until))

    def wake(self, connection: Connection, marketplace_id: str, at: datetime, *, beyond: datetime) -> None:
        """Make messages due at once that may be sent and are due later than `beyond`."""
        table = self._table
        connection.execute(
            update(table)
            .where(
                table.c.marketplace_id == marketplace_id,
                table.c.state.in_(_MOVING),
                table.c.leaves_at <= at,
                table.c.due_at > beyond,
            )
            .values(due_at=at)
        )

    def due(
        self, connection: Connection, at: datetime, most: int, *, of: str | None, but_of: Collection[str]
    ) -> list[str]:
        """Ids of messages with a due step, the longest due first; of one marketplace, or of all except some."""
        table = self._table
        query = select(table.c.action_id).where(table.c.state.in_(_MOVING), table.c.due_at <= at)
        if of is not None:
            query = query.where(table.c.marketplace_id == of)
        if but_of:
            query = query.where(table.c.marketplace_id.not_in(but_of))
        return list(connection.execute(query.order_by(table.c.due_at).limit(most)).scalars())

    def earlier_due_at(self, connection: Connection, found: Outgoing) -> datetime | None:
        """The due time of the next step of an earlier message on the same subject, which must arrive first.

        None where none is in delivery. An undeliverable message does not block: a later message overtakes it.
        """
        query = select(func.max(self._table.c.due_at, type_=self._table.c.due_at.type))
        due_at: datetime | None = connection.execute(
            query.where(self.before(found), self._table.c.state.in_(_MOVING))
        ).scalar_one()
        return due_at

    def before(self, found: Outgoing) -> ColumnElement[bool]:
        """The condition for messages on the same subject with a lower sequence."""
        table = self._table
        return (
            (table.c.marketplace_id == found.marketplace_id)
            & (self._subject == found.subject)
            & (table.c.sequence < found.sequence)
        )

    def _is(self, found: Outgoing) -> ColumnElement[bool]:
        table = self._table
        return inside(table, found.marketplace_id, action_id=found.action_id, state=found.state.value)
