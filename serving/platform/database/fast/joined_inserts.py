"""Inserts of a row or two into each of several tables in one statement: few rows cost less than their statements.

PostgreSQL inserts them as common table expressions. It checks references at the end of the statement, so that rows may
refer to each other. SQLite, whose statements cost little, executes one for each table.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Insert, Table, bindparam

from serving.platform.database.fast.statements import Convert, DriverStatement, bind_converter, compiled
from serving.platform.database.fast.switch import FastPath, is_on

_WAITING: Final = "rows that wait for one statement"
# Each number of rows has a text of its own, which every connection plans once.
_MOST_JOINED: Final = 2
_CACHED_STATEMENTS: Final = 256

_Rows = Sequence[Mapping[str, Any]]


@contextmanager
def in_one_statement(connection: Connection) -> Iterator[None]:
    """Insert what the block adds at its end, in one statement where it is little; no query of the block finds it."""
    if connection.dialect.name != "postgresql" or not is_on(FastPath.JOINED_INSERTS):
        yield
        return
    connection.info[_WAITING] = []
    try:
        yield
        flush_inserts(connection)
    finally:
        del connection.info[_WAITING]


def insert_few(connection: Connection, statement: Insert, rows: _Rows) -> None:
    """Insert rows by a statement without values, at once or at the end of the block that it is in."""
    waiting = connection.info.get(_WAITING)
    if waiting is not None and len(rows) <= _MOST_JOINED:
        waiting.append((statement, rows))
        return
    flush_inserts(connection)
    connection.execute(statement, list(rows))


def flush_inserts(connection: Connection) -> None:
    """Insert the rows that wait; what comes next may refer to them."""
    waiting = connection.info.get(_WAITING)
    if not waiting:
        return
    parts = tuple((statement, tuple(rows[0]), len(rows)) for statement, rows in waiting)
    _join_inserts(parts, connection.dialect).insert(connection, [row for _, rows in waiting for row in rows])
    waiting.clear()


@dataclass(frozen=True, slots=True)
class _JoinedInsert:
    """One statement for rows of several tables: the names of its values for each row, and what converts them."""

    statement: DriverStatement
    rows: Sequence[Sequence[tuple[str, str, Convert | None]]]

    def insert(self, connection: Connection, rows: _Rows) -> None:
        values = {
            name: _as_parameter(row[column] if convert is None else convert(row[column]))
            for columns, row in zip(self.rows, rows, strict=True)
            for name, column, convert in columns
        }
        self.statement.execute(connection, values)


@lru_cache(_CACHED_STATEMENTS)
def _join_inserts(parts: tuple[tuple[Insert, tuple[str, ...], int], ...], dialect: Dialect) -> _JoinedInsert:
    texts, rows = [], []
    for number, (statement, columns, many) in enumerate(parts):
        into = statement.table
        assert isinstance(into, Table)  # What `insert` was given.
        named = [{column: f"{column}_{number}_{at}" for column in columns} for at in range(many)]
        values = [{column: bindparam(name, type_=into.c[column].type) for column, name in row.items()} for row in named]
        texts.append(f"added_{number} AS ({compiled(statement.values(values), dialect)})")
        rows += [
            [(name, column, bind_converter(into.c[column].type, dialect)) for column, name in row.items()]
            for row in named
        ]
    # PostgreSQL executes the last of them first.
    return _JoinedInsert(DriverStatement.of(f"WITH {', '.join(reversed(texts))} SELECT 1", None, {}), rows)


def _as_parameter(parameter: Any) -> Any:
    """Numbers as texts: the driver would send them by their size, and the server would plan for each combination."""
    kind = type(parameter)
    if kind is float or kind is int:
        return repr(parameter)
    return ("f", "t")[parameter] if kind is bool else parameter
