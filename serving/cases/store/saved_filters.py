"""The saved filters of the queue, by person and name."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, select, update

from serving.cases.tables import saved_filter
from serving.platform.database.store import insert_or_ignore


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """A filter as stored; `query` is the query string of an address."""

    name: str
    query: str


def of_person(connection: Connection, user_id: str) -> list[SavedFilter]:
    """A person's filters, the oldest first."""
    query = (
        select(saved_filter.c.name, saved_filter.c.query)
        .where(saved_filter.c.user_id == user_id)
        .order_by(saved_filter.c.saved_at, saved_filter.c.name)
    )
    return [SavedFilter(*row) for row in connection.execute(query)]


def save(connection: Connection, user_id: str, new_filter: SavedFilter, at: datetime) -> None:
    """Store a filter; it replaces one of the same name, in the same position."""
    row = {"user_id": user_id, "name": new_filter.name, "query": new_filter.query, "saved_at": at}
    connection.execute(insert_or_ignore(connection, saved_filter), [row])
    connection.execute(
        update(saved_filter).where(*_filter_conditions(user_id, new_filter.name)).values(query=new_filter.query)
    )


def rename(connection: Connection, user_id: str, name: str, to: str) -> bool:
    """Give a filter another name; False where there is none of this name."""
    renamed = (
        update(saved_filter).where(*_filter_conditions(user_id, name)).values(name=to).returning(saved_filter.c.name)
    )
    return connection.execute(renamed).first() is not None


def delete_filter(connection: Connection, user_id: str, name: str) -> None:
    connection.execute(delete(saved_filter).where(*_filter_conditions(user_id, name)))


def _filter_conditions(user_id: str, name: str) -> tuple[ColumnElement[bool], ...]:
    return saved_filter.c.user_id == user_id, saved_filter.c.name == name
