"""Inserts of many rows in one statement, which costs a third of one statement for each row.

PostgreSQL takes the rows by COPY into a temporary table, from which the statement selects them: COPY itself knows no
ON CONFLICT, and is refused where the table has row-level security. The temporary table has no constraints, so that
every conflict and every refusal is the statement's own. Rows are inserted in their order.
"""

import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, Dialect, Insert, Table, TableClause, column, select, table

from serving.platform.database.fast.joined_inserts import flush_inserts, insert_few
from serving.platform.database.fast.statements import as_sqlalchemy_error, bind_converter
from serving.platform.database.fast.switch import FastPath, is_on

# Below this, sixteen statements through one pipeline are cheaper than the four of a copy (measured; our choice).
FEWEST_TO_COPY: Final = 24
_BINARY: Final = {
    "VARCHAR": "varchar",
    "TEXT": "text",
    "BIGINT": "int8",
    "INTEGER": "int4",
    "FLOAT": "float8",
    "BOOLEAN": "bool",
    "BYTEA": "bytea",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
}
_USED: Final = "temporary tables with rows"


def insert_rows(connection: Connection, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows by a statement without values, such as `insert(table).on_conflict_do_nothing()`.

    All rows have the columns of the first. An empty sequence is allowed.
    """
    if not rows:
        return
    if connection.dialect.name != "postgresql":
        connection.execute(statement, list(rows))
        return
    if len(rows) < FEWEST_TO_COPY or not is_on(FastPath.COPIED_INSERTS):
        insert_few(connection, statement, rows)
        return
    flush_inserts(connection)
    staged = _staging_statements(statement, tuple(rows[0]), connection.dialect)
    connection.exec_driver_sql(staged.create)
    if _is_staging_in_use(connection, staged):
        connection.exec_driver_sql(staged.empty)
    _copy(connection, staged, rows)
    connection.execute(staged.insert)


def _is_staging_in_use(connection: Connection, staged: "_StagingStatements") -> bool:
    """Whether this transaction has put rows into the temporary table, which are there until it ends; notes that it has.

    The note is a transaction with its tables. Deleting the rows of a batch would cost a tenth of its time.
    """
    transaction, noted = connection.get_transaction(), connection.info
    before, used = noted.get(_USED, (None, set()))
    if before is not transaction:
        used = set()
    noted[_USED] = transaction, used | {staged.own}
    return staged.own in used


class _StagingStatements:
    """The statements for rows with these columns, built once."""

    def __init__(self, statement: Insert, names: tuple[str, ...], dialect: Dialect) -> None:
        into = statement.table
        assert isinstance(into, Table)  # What `insert` was given.
        quote = dialect.identifier_preparer.quote
        self.own = own = f"staged_{into.name[:40]}_{zlib.crc32(' '.join(names).encode()):08x}"
        columns = ", ".join(map(quote, names))
        self.create = (
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {own} ON COMMIT DELETE ROWS "  # noqa: S608  # names of our tables
            f"AS SELECT {columns} FROM {quote(into.name)} WITH NO DATA"
        )
        self.copy = f"COPY {own} FROM STDIN (FORMAT BINARY)"
        self.empty = f"DELETE FROM {own}"  # noqa: S608  # as above
        source: TableClause = table(own, *(column(name, into.c[name].type) for name in names))
        self.insert = statement.from_select(names, select(*source.c))
        self.names = names
        self.types = [_BINARY[into.c[name].type.compile(dialect).partition("(")[0]] for name in names]
        self.converts = [bind_converter(into.c[name].type, dialect) for name in names]


@cache
def _staging_statements(statement: Insert, names: tuple[str, ...], dialect: Dialect) -> _StagingStatements:
    return _StagingStatements(statement, names, dialect)


def _copy(connection: Connection, staged: _StagingStatements, rows: Sequence[Mapping[str, Any]]) -> None:
    columns = []
    for name, convert in zip(staged.names, staged.converts, strict=True):
        values = [row[name] for row in rows]
        columns.append(values if convert is None else list(map(convert, values)))
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    try:
        with driver.cursor() as cursor, cursor.copy(staged.copy) as copy:
            copy.set_types(staged.types)
            for row in zip(*columns, strict=True):
                copy.write_row(row)
    except psycopg.Error as error:
        raise as_sqlalchemy_error(connection, staged.copy, error) from error
