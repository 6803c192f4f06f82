"""Messages between brands and their account managers, and the time up to which each person has read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select, update

from models.errors import NotFound
from serving.accounts.tables import account
from serving.brands.rules.authorisation import MessageSide
from serving.brands.tables import brand_message, brand_message_reading
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import Pair, in_pairs, inside
from serving.platform.database.store import add, insert_or_ignore

_ERASED = "(erased)"


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `said` is None once it is erased."""

    message_id: str
    side: MessageSide
    user_id: str
    name: str
    text: str | None
    known_at: datetime


def add_message(connection: Connection, row: Mapping[str, Any]) -> None:
    add(connection, brand_message, [row])


def thread(connection: Connection, pair: Pair, most: int) -> list[Message]:
    """The latest messages with a brand at a marketplace, the newest first."""
    query = (
        select(brand_message, account.c.name)
        .join(account, account.c.user_id == brand_message.c.user_id)
        .where(inside(brand_message, pair[0], brand_id=pair[1]))
        .order_by(brand_message.c.known_at.desc(), brand_message.c.message_id.desc())
        .limit(most)
    )
    return [
        reader(Message).of({**row, "text": None if row["erased_at"] else row["text"]})
        for row in connection.execute(query).mappings()
    ]


def count_since(connection: Connection, pair: Pair, user_id: str, since: datetime) -> int:
    """How many messages a person wrote about a brand since a moment, including erased ones."""
    query = select(func.count()).where(
        inside(brand_message, pair[0], brand_id=pair[1], user_id=user_id), brand_message.c.known_at > since
    )
    return int(connection.execute(query).scalar_one())


def erase(connection: Connection, pair: Pair, message_id: str, at: datetime, *, by: str | None) -> None:
    """Erase a message of a brand's thread; with `by` only one that this person wrote.

    Raises NotFound (there is no such message, or it is erased).
    """
    changed = connection.execute(
        update(brand_message)
        .where(
            inside(brand_message, pair[0], brand_id=pair[1], message_id=message_id),
            brand_message.c.erased_at.is_(None),
            *([] if by is None else [brand_message.c.user_id == by]),
        )
        .values(text=_ERASED, erased_at=at)
    )
    if changed.rowcount != 1:
        raise NotFound("There is no such message.")


def unread_counts(connection: Connection, pairs: Collection[Pair], user_id: str, side: MessageSide) -> dict[Pair, int]:
    """How many messages to this side a person has not read, by (marketplace, brand); no pairs match no row."""
    message, reading = brand_message.c, brand_message_reading.c
    read = and_(
        reading.marketplace_id == message.marketplace_id,
        reading.brand_id == message.brand_id,
        reading.user_id == user_id,
    )
    query = (
        select(message.marketplace_id, message.brand_id, func.count().label("n"))
        .select_from(brand_message.outerjoin(brand_message_reading, read))
        .where(
            in_pairs(brand_message, pairs),
            message.side == side.other.value,
            message.erased_at.is_(None),
            or_(reading.read_until.is_(None), message.known_at > reading.read_until),
        )
        .group_by(message.marketplace_id, message.brand_id)
    )
    return {(row.marketplace_id, row.brand_id): row.n for row in connection.execute(query)}


def mark_read(connection: Connection, pair: Pair, user_id: str, until: datetime) -> None:
    """Record that a person has read everything up to a moment."""
    row = {"marketplace_id": pair[0], "brand_id": pair[1], "user_id": user_id, "read_until": until}
    connection.execute(insert_or_ignore(connection, brand_message_reading).values(row))
    connection.execute(
        update(brand_message_reading)
        .where(inside(brand_message_reading, pair[0], brand_id=pair[1], user_id=user_id))
        .values(read_until=until)
    )
