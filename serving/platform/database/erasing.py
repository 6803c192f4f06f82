"""Columns of personal data and their erasure; each subject's store declares its own columns."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Table, delete, func, select, update

NOW: Final = object()


@dataclass(frozen=True, slots=True)
class Place:
    """Columns to erase, the condition for rows that still contain data, and the subject by which they are found.

    `values` are the columns' values afterwards; NOW is the moment of the erasure. `via` is a pair: a column of the
    table, and one of the table that has the subject.
    """

    table: Table
    values: Mapping[str, object]
    live: tuple[ColumnElement[bool], ...]
    subject: Column[Any]
    via: tuple[Column[Any], Column[Any]] | None = None

    def subjects(self, marketplace_id: str) -> Any:
        """A query for the subjects with remaining data."""
        query = select(self.subject).where(self.table.c.marketplace_id == marketplace_id, *self.live)
        if self.via is not None:
            own, known = self.via
            query = query.join(
                self.table, (known.table.c.marketplace_id == self.table.c.marketplace_id) & (known == own)
            )
        return query

    def count(self, connection: Connection, marketplace_id: str, subjects: Collection[str]) -> int:
        """The number of rows of these subjects that still contain data."""
        return count_rows(connection, self.table, *self._rows(marketplace_id, subjects))

    def erase(self, connection: Connection, marketplace_id: str, subjects: Collection[str], at: datetime) -> None:
        """Erase the data in the rows of these subjects."""
        values = {name: at if new_value is NOW else new_value for name, new_value in self.values.items()}
        connection.execute(update(self.table).where(*self._rows(marketplace_id, subjects)).values(**values))

    def _rows(self, marketplace_id: str, subjects: Collection[str]) -> tuple[ColumnElement[bool], ...]:
        in_marketplace = self.table.c.marketplace_id == marketplace_id
        if self.via is None:
            return in_marketplace, *self.live, self.subject.in_(subjects)
        own, known = self.via
        of_subjects = select(known).where(known.table.c.marketplace_id == marketplace_id, self.subject.in_(subjects))
        return in_marketplace, *self.live, own.in_(of_subjects)


def count_rows(connection: Connection, table: Table, *conditions: ColumnElement[bool]) -> int:
    """The number of rows of a table that meet all conditions."""
    return int(connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one())


def delete_some(
    connection: Connection, table: Table, key: ColumnElement[Any], gone: tuple[ColumnElement[bool], ...], most: int
) -> int:
    """Delete at most `most` rows that meet all conditions; returns how many."""
    few = select(key).where(*gone).limit(most)
    return len(connection.execute(delete(table).where(*gone, key.in_(few)).returning(key)).all())
