"""Overturned removals: one row in force per removal, from which strikes, labels and standing are derived."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select, update

from features.message import Message, each_from_json
from serving.appeals.tables import overturn
from serving.platform.database.row_reader import RowReader
from serving.platform.database.scope import inside
from serving.platform.database.store import insert_or_ignore
from serving.takedowns.rules.statement import OverturnCause


@dataclass(frozen=True, slots=True)
class Overturn:
    """An undone removal, and the amendment of its statement, in English and as messages."""

    overturn_id: str
    action_id: str
    verdict_id: str | None
    reinstatement_id: str | None
    cause: OverturnCause
    amendment: Mapping[str, Any]
    amendment_messages: Mapping[str, Message]
    overturned_at: datetime


_OVERTURNS: Final = RowReader(Overturn, amendment_messages=each_from_json)


def add_overturn(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Record that a removal is undone; False, without a change, where that is recorded already."""
    insertion = insert_or_ignore(connection, overturn).values(**row).returning(overturn.c.overturn_id)
    return connection.execute(insertion).first() is not None


def set_reinstatement(connection: Connection, marketplace_id: str, overturn_id: str, action_id: str) -> None:
    """Store the action that reinstates the listing."""
    connection.execute(
        update(overturn)
        .where(inside(overturn, marketplace_id, overturn_id=overturn_id))
        .values(reinstatement_id=action_id)
    )


def in_force(connection: Connection, marketplace_id: str, action_id: str) -> Overturn | None:
    """The overturn of a removal, if one is in force."""
    return _overturn_where(connection, inside(overturn, marketplace_id, action_id=action_id))


def by_verdict(connection: Connection, marketplace_id: str, verdict_id: str) -> Overturn | None:
    """The overturn that rests on a verdict, if one is in force."""
    return _overturn_where(connection, inside(overturn, marketplace_id, verdict_id=verdict_id))


def undo(connection: Connection, marketplace_id: str, overturn_id: str, at: datetime) -> None:
    """Undo an overturn together with the verdict that it rests on."""
    connection.execute(
        update(overturn).where(inside(overturn, marketplace_id, overturn_id=overturn_id)).values(undone_at=at)
    )


def _overturn_where(connection: Connection, *conditions: Any) -> Overturn | None:
    return _OVERTURNS.single(connection, select(overturn).where(*conditions, overturn.c.undone_at.is_(None)))
