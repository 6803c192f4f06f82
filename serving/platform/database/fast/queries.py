"""Small queries by the database's driver itself: SQLAlchemy's part of one takes several times as long as the query."""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Boolean, CompoundSelect, Connection, Dialect, Select, TextClause
from sqlalchemy.types import TypeDecorator, TypeEngine

from serving.platform.database.fast.statements import (
    Convert,
    DriverStatement,
    array_of_texts,
    bind_converter,
    compiled,
    driver_statement,
)
from serving.platform.database.fast.switch import FastPath, is_on

_named_tuple: Final[Any] = namedtuple  # Type checkers know such a class by its literal names alone.
Query = Select[Any] | CompoundSelect[Any] | TextClause


class PlainQuery:
    """A query of texts and integers, which need no conversion either way; its text is built once for each dialect.

    `build` gets the dialect's name. The query is part of the connection's transaction and raises SQLAlchemy's errors.
    """

    def __init__(self, build: Callable[[str], Query]) -> None:
        self._build: Final = build
        self._statements: Final[dict[str, DriverStatement]] = {}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows, as the driver returns them."""
        dialect = connection.dialect
        statement = self._statements.get(dialect.name)
        if statement is None:
            statement = driver_statement(compiled(self._build(dialect.name), dialect))
            statement = self._statements.setdefault(dialect.name, statement)
        execute = statement.execute if is_on(FastPath.QUERIES) else statement.execute_by_sqlalchemy
        return list(execute(connection, values).fetchall())


class KeyedQuery:
    """A query by one value of each key, or by lists of them, which are texts. `lists` are the names of the lists.

    It is the driver's, but for several values on SQLite. Rows have the columns' names either way, and values of the
    columns' types.
    """

    def __init__(self, query: Select[Any], *lists: str) -> None:
        self._query: Final = query
        self._lists: Final = lists
        self._lookups: Final[dict[tuple[str, bool], _Lookup]] = {}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Any]:
        """All rows; an empty list has none."""
        lengths = {len(values[name]) for name in self._lists}
        if 0 in lengths:
            return ()
        dialect, several = connection.dialect, bool(lengths - {1})
        if not is_on(FastPath.QUERIES) or (several and dialect.name == "sqlite"):
            return connection.execute(self._query, dict(values)).all()
        lookup = self._lookups.get((dialect.name, several))
        if lookup is None:
            lookup = _Lookup(self._query, self._lists, dialect, several=several)
            self._lookups[dialect.name, several] = lookup
        return lookup.rows(connection, values)


class _Lookup:
    """A query by one value of each list, or on PostgreSQL by arrays, with what converts its values and results."""

    def __init__(self, query: Select[Any], lists: Sequence[str], dialect: Dialect, *, several: bool) -> None:
        compiler = compiled(query, dialect)
        self._statement = driver_statement(compiler, {name: [""] for name in lists}, in_arrays=several)
        self._lists, self._several = lists, several
        self._binds = {
            name: convert for name, bind in compiler.binds.items() if (convert := bind_converter(bind.type, dialect))
        }
        kinds = [column.type for column in query.selected_columns]
        self._results = [
            (at, convert) for at, kind in enumerate(kinds) if (convert := _result_converter(kind, dialect))
        ]
        # The names are those of columns; those of two tables may be equal, and the second is then not used.
        row = _named_tuple("row", query.selected_columns.keys(), rename=True)
        self._row_of: Callable[[Sequence[Any]], Any] = row._make

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        arguments = dict(values)
        for name in self._lists:
            texts = arguments.pop(name)
            arguments[f"{name}_1"] = array_of_texts(texts) if self._several else next(iter(texts))
        for name, convert in self._binds.items():
            if name in arguments:
                arguments[name] = convert(arguments[name])
        rows = self._statement.execute(connection, arguments).fetchall()
        if not self._results:
            return [self._row_of(row) for row in rows]
        return [self._row_of(self._converted(row)) for row in rows]

    def _converted(self, row: Sequence[Any]) -> list[Any]:
        cells = list(row)
        for at, convert in self._results:
            cells[at] = convert(cells[at])
        return cells


def _result_converter(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    if isinstance(kind, Boolean) and dialect.name == "sqlite":
        return lambda value: None if value is None else bool(value)
    if not isinstance(kind, TypeDecorator):
        return None
    return lambda value: kind.process_result_value(value, dialect)
