"""SQLite's statistics of its indexes as they will be with a million rows, written before there are any (ADR 60).

Without statistics SQLite takes every index for equally selective. It then reads a whole marketplace in the order of one
index instead of looking ten rows up in another. Statistics of an empty or half-filled database are no better, and plans
would change with every count.
"""

from collections.abc import Iterator
from functools import cache
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Boolean, CheckConstraint, Column, Connection, Table

from serving.platform.database.schema import metadata

_ROWS: Final = 1_000_000
_UNFINISHED: Final = 10_000  # What an index of open, queued or waiting rows alone has.
# How many values a column has: an installation may have one marketplace, and few brands, people and states.
_PARTICIPANTS, _WORDS, _DISTINCT = 50, 4, 100_000
_PARTICIPATES: Final = frozenset({"brand", "account"})
# In one statement: asking for each index would take as long as the rest of a start.
_INDEXED: Final = """
SELECT tables.name, indexes.name, indexes."unique", indexes.origin, indexes.partial, columns.name
FROM sqlite_schema AS tables, pragma_index_list(tables.name) AS indexes, pragma_index_info(indexes.name) AS columns
WHERE tables.type = 'table' ORDER BY tables.name, indexes.name, columns.seqno"""
_COUNTED: Final = "SELECT tbl, idx, stat FROM sqlite_stat1 ORDER BY tbl, idx"


def set_planner_statistics(connection: Connection) -> None:
    """Give SQLite these statistics of every index of our tables; PostgreSQL counts its own."""
    if connection.dialect.name != "sqlite":
        return
    connection.exec_driver_sql("ANALYZE sqlite_schema")  # Creates the table of statistics, and counts nothing.
    statistics = sorted(_index_statistics(connection))
    if [tuple(row) for row in connection.exec_driver_sql(_COUNTED)] == statistics:
        return
    connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    connection.exec_driver_sql("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", statistics)
    connection.exec_driver_sql("ANALYZE sqlite_schema")  # This connection reads them again.


def _index_statistics(connection: Connection) -> Iterator[tuple[str, str, str]]:
    rows_by_index = groupby(map(tuple, connection.exec_driver_sql(_INDEXED)), key=lambda row: row[:-1])
    for (name, index, unique, origin, partial), rows in rows_by_index:
        table = metadata.tables.get(name)
        if table is not None:
            own = origin == "pk" and not table.dialect_options["sqlite"]["with_rowid"]
            columns = [row[-1] for row in rows]
            line = _statistics_text(table, columns, _UNFINISHED if partial else _ROWS, unique=bool(unique))
            yield name, name if own else index, line  # As SQLite calls the key of a table without row numbers.


def _statistics_text(table: Table, columns: list[str | None], rows: int, *, unique: bool) -> str:
    """The rows of an index, then the rows of equal values in its first column, in its first two, and so on."""
    rows_left, counts = rows, [rows]
    for name in columns:
        rows_left = max(1, rows_left // (_DISTINCT if name is None else _distinct_values(table, table.c[name])))
        counts.append(rows_left)
    if unique:
        counts[-1] = 1
    return " ".join(str(number) for number in counts)


def _distinct_values(table: Table, column: Column[Any]) -> int:
    if column.name == "marketplace_id":
        return 1
    if {key.column.table.name for key in column.foreign_keys} & _PARTICIPATES:
        return _PARTICIPANTS
    return _WORDS if isinstance(column.type, Boolean) or _is_word(table, column) else _DISTINCT


@cache
def _is_word(table: Table, column: Column[Any]) -> bool:
    rules = (rule for rule in table.constraints if isinstance(rule, CheckConstraint))
    return any(str(rule.sqltext).startswith(f"{column.name} IN (") for rule in rules)
