"""Messages to a marketplace's receiver, for any subject; every step is a conditional update.

For one subject (a listing or a seller), messages arrive in order.
"""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    FromClause,
    Table,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    update,
)

from serving.audit.rules.chain import SKIPPED_NUMBERS
from serving.audit.store import audit
from serving.platform.database.scope import inside
from serving.webhooks.rules.action import ActionEvent, ActionState, next_state

_MOVING: Final = (ActionState.SCHEDULED.value, ActionState.SENDING.value)


@dataclass(frozen=True, slots=True)
class OutgoingMessage(ABC):
    """One message as stored; `sequence` counts the messages about its `subject`."""

    marketplace_id: str
    action_id: str
    kind: StrEnum
    state: ActionState
    sequence: int
    attempts: int
    created_at: datetime
    leaves_at: datetime
    due_at: datetime | None
    sent_at: datetime | None
    acknowledged_at: datetime | None
    last_error: str | None

    @property
    @abstractmethod
    def subject(self) -> str:
        """The id of the listing or seller that the message is about."""


Stored = TypeVar("Stored", bound=OutgoingMessage)


class Outbox(Generic[Stored]):
    """The messages of one table, which `read` reads by conditions."""

    def __init__(self, table: Table, subject: str, read: Callable[..., list[Stored]]) -> None:
        self._table, self._subject, self._read = table, table.c[subject], read

    def change(
        self, connection: Connection, outgoing: OutgoingMessage, event: ActionEvent, values: Mapping[str, Any]
    ) -> bool:
        """Apply an event if the message is unchanged since it was read; False where it has changed.

        Raises Conflict (the event cannot happen in the state that was read).
        """
        state = next_state(outgoing.state, event)
        table = self._table
        changed = connection.execute(
            update(table)
            .where(self._is(outgoing), table.c.attempts == outgoing.attempts)
            .values(state=state.value, **values)
        )
        return changed.rowcount == 1

    def change_all(
        self, connection: Connection, messages: Sequence[OutgoingMessage], event: ActionEvent, values: Mapping[str, Any]
    ) -> set[str]:
        """Apply an event to the messages that are unchanged since they were read; returns their ids.

        Raises Conflict (the event cannot happen in a state that was read).
        """
        alike, changed = defaultdict[tuple[str, ActionState, int], list[str]](list), set[str]()
        for outgoing in messages:
            alike[outgoing.marketplace_id, outgoing.state, outgoing.attempts].append(outgoing.action_id)
        table = self._table
        for (marketplace_id, state, attempts), ids in alike.items():
            unchanged = inside(table, marketplace_id, state=state.value, attempts=attempts)
            query = update(table).where(unchanged, table.c.action_id.in_(ids)).returning(table.c.action_id)
            changed.update(connection.execute(query.values(state=next_state(state, event).value, **values)).scalars())
        return changed

    def start(
        self, connection: Connection, messages: Sequence[OutgoingMessage], at: datetime, *, until: datetime, sender: str
    ) -> set[str]:
        """Begin an attempt of each message that is unchanged since it was read; no other begins before `until`.

        `sender` names the process.
        """
        table = self._table
        values = {
            "attempts": table.c.attempts + 1,
            "sent_at": func.coalesce(table.c.sent_at, literal(at, table.c.sent_at.type)),
            "due_at": until,
            "sender": sender,
        }
        return self.change_all(connection, messages, ActionEvent.SEND, values)

    def moving_count(self, connection: Connection) -> int:
        """The number of messages that are to be sent, of all marketplaces."""
        query = select(func.count()).where(self._table.c.state.in_(_MOVING))
        return int(connection.execute(query.select_from(self._table)).scalar_one())

    def under_way_count(self, connection: Connection, at: datetime) -> int:
        """The number of messages that are due or on their way, of all marketplaces."""
        table = self._table
        due = and_(table.c.state == ActionState.SCHEDULED.value, table.c.due_at <= at)
        query = select(func.count()).where(or_(due, table.c.state == ActionState.SENDING.value))
        return int(connection.execute(query.select_from(table)).scalar_one())

    def release(self, connection: Connection, sender: str, at: datetime) -> None:
        """Make messages due that a process had under way when it ended."""
        table = self._table
        connection.execute(update(table).where(table.c.sender == sender).values(sender=None, due_at=at))

    def wake(self, connection: Connection, marketplace_id: str, at: datetime) -> None:
        """Make messages due at a moment that may be sent then, are due later, and are not under way."""
        table = self._table
        connection.execute(
            update(table)
            .where(
                table.c.marketplace_id == marketplace_id,
                table.c.state.in_(_MOVING),
                table.c.leaves_at <= at,
                table.c.due_at > at,
                table.c.sender.is_(None),
            )
            .values(due_at=at)
        )

    def claim(self, connection: Connection, marketplace_id: str, at: datetime, most: int) -> list[Stored]:
        """Messages of a marketplace that may be sent now: at most those that are due for longest.

        They are locked until the transaction ends; those that another transaction has locked are left out.
        """
        table = self._table
        query = select(table.c.action_id).where(table.c.marketplace_id == marketplace_id, *self._may_be_sent(at))
        query = query.order_by(table.c.due_at).limit(most).with_for_update(skip_locked=True, of=table)
        ids = connection.execute(query).scalars().all()
        return self._read(connection, table.c.action_id.in_(ids)) if ids else []

    def is_waiting(self, marketplace_id: ColumnElement[str]) -> ColumnElement[bool]:
        """Whether a message to a marketplace, given by a column, may be sent at the moment of the parameter `at`."""
        table = self._table
        at = bindparam("at", type_=table.c.due_at.type)
        first = select(table.c.action_id).where(table.c.marketplace_id == marketplace_id, *self._may_be_sent(at))
        # Not EXISTS: PostgreSQL may answer that by reading the due messages of all marketplaces.
        return first.order_by(table.c.due_at).limit(1).scalar_subquery().is_not(None)

    def any_dead(self, connection: Connection, messages: Sequence[OutgoingMessage]) -> bool:
        """Whether a message on a subject of one of these is undeliverable."""
        table = self._table
        query = select(table.c.action_id).where(
            inside(table, messages[0].marketplace_id, state=ActionState.DEAD.value),
            self._subject.in_({outgoing.subject for outgoing in messages}),
        )
        return connection.execute(query.limit(1)).first() is not None

    def _may_be_sent(self, at: datetime | BindParameter[datetime]) -> tuple[ColumnElement[bool], ...]:
        """Due, and no earlier message on the same subject is in delivery: that one must arrive first."""
        table, earlier = self._table, self._table.alias("earlier")
        before = select(earlier.c.action_id).where(
            earlier.c.marketplace_id == table.c.marketplace_id,
            earlier.c[self._subject.name] == self._subject,
            earlier.c.sequence < table.c.sequence,
            _is_moving(earlier),
        )
        return _is_moving(table), table.c.due_at <= at, table.c.leaves_at <= at, ~before.exists()

    def dead_before(self, connection: Connection, message: OutgoingMessage) -> list[Stored]:
        """The undeliverable messages on the same subject with a lower sequence."""
        table = self._table
        dead = inside(table, message.marketplace_id, state=ActionState.DEAD.value)
        return self._read(connection, dead, self._subject == message.subject, table.c.sequence < message.sequence)

    def next_sequence(self, connection: Connection, marketplace_id: str, subject: str) -> int:
        """The sequence of a subject's next message; the caller holds the head of the audit log.

        After a restore it is above all that were ever sent.
        """
        query = select(func.max(self._table.c.sequence)).where(
            inside(self._table, marketplace_id), self._subject == subject
        )
        return max(int(connection.execute(query).scalar() or 0), audit.restore_count(connection) * SKIPPED_NUMBERS) + 1

    def _is(self, outgoing: OutgoingMessage) -> ColumnElement[bool]:
        return inside(self._table, outgoing.marketplace_id, action_id=outgoing.action_id, state=outgoing.state.value)


def _is_moving(table: FromClause) -> ColumnElement[bool]:
    """Joined to "", so that PostgreSQL finds messages by their time or sequence: many may have the state."""
    return table.c.state.concat("").in_(_MOVING)
