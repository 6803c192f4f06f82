"""Small queries by the database's driver itself: SQLAlchemy's part of one takes several times as long as the query."""

import re
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import psycopg
from sqlalchemy import Boolean, CompoundSelect, Connection, Dialect, Executable, Select, TextClause, exc
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator, TypeEngine

_made_at_run_time: Final[Any] = namedtuple  # Type checkers know such a class by its literal names alone.
_NAMED: Final = re.compile(r"%\((\w+)\)s")
Convert = Callable[[Any], Any]


@dataclass(slots=True)
class Built:
    """A statement as the driver takes it, with its values in order.

    `text` is SQLAlchemy's, for those who listen to its events. PostgreSQL gets the numbered form, which the driver need
    not parse; it parses every long statement at each execution.
    """

    text: str
    names: tuple[str, ...]
    named: bool
    constants: Mapping[str, Any] = field(default_factory=dict)
    numbered: bytes = b""

    @classmethod
    def of(cls, text: str, positions: Sequence[str] | None, constants: Mapping[str, Any]) -> "Built":
        """From what SQLAlchemy compiled; `positions` are the names of its values where it numbers them itself."""
        if positions is not None:
            return cls(text, tuple(positions), named=False, constants=constants)
        names = tuple(dict.fromkeys(_NAMED.findall(text)))
        numbers = {name: f"${number}" for number, name in enumerate(names, 1)}
        numbered = _NAMED.sub(lambda found: numbers[found[1]], text).replace("%%", "%")
        return cls(text, names, named=True, constants=constants, numbered=numbered.encode())

    def execute(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The driver's cursor, within the connection's transaction.

        Raises sqlalchemy.exc.DBAPIError (as SQLAlchemy would raise it, without values).
        """
        every = {**self.constants, **values} if self.constants else values
        if not connection.in_transaction():
            connection.begin()
        given = [every[name] for name in self.names]
        if connection.dispatch.before_cursor_execute or connection.dispatch.after_cursor_execute:
            return self._told(connection, given)
        return self._execute(connection, given)

    def _execute(self, connection: Connection, given: Sequence[Any]) -> Any:
        driver = connection.connection.driver_connection
        assert driver is not None
        try:
            if self.named:
                assert isinstance(driver, psycopg.Connection)
                return psycopg.RawCursor(driver).execute(self.numbered, given)
            return driver.execute(self.text, given)
        except connection.dialect.loaded_dbapi.Error as error:
            raise as_of_sqlalchemy(connection, self.text, error) from error

    def _told(self, connection: Connection, given: Sequence[Any]) -> Any:
        """Tell those who listen, as SQLAlchemy would."""
        shown = dict(zip(self.names, given, strict=True)) if self.named else tuple(given)
        for before in connection.dispatch.before_cursor_execute:
            before(connection, None, self.text, shown, None, False)
        found = self._execute(connection, given)
        for after in connection.dispatch.after_cursor_execute:
            after(connection, found, self.text, shown, None, False)
        return found


Query = Select[Any] | CompoundSelect[Any] | TextClause


class PlainQuery:
    """A query of texts and integers, which need no conversion either way; its text is built once for each dialect.

    `build` gets the dialect's name. The query is part of the connection's transaction and raises SQLAlchemy's errors.
    """

    def __init__(self, build: Callable[[str], Query]) -> None:
        self._build: Final = build
        self._built: Final[dict[str, Built]] = {}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows, as the driver returns them."""
        dialect = connection.dialect
        built = self._built.get(dialect.name)
        if built is None:
            built = self._built.setdefault(dialect.name, _built(compiled(self._build(dialect.name), dialect)))
        return list(built.execute(connection, values).fetchall())


class KeyedQuery:
    """A query by one value of each key, or by lists of them, which are texts. `lists` are the names of the lists.

    It is the driver's, but for several values on SQLite. Rows have the columns' names either way, and values of the
    columns' types.
    """

    def __init__(self, query: Select[Any], *lists: str) -> None:
        self._query: Final = query
        self._lists: Final = lists
        self._built: Final[dict[tuple[str, bool], _Keyed]] = {}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Any]:
        """All rows; an empty list has none."""
        lengths = {len(values[name]) for name in self._lists}
        if 0 in lengths:
            return ()
        dialect, several = connection.dialect, bool(lengths - {1})
        if several and dialect.name == "sqlite":
            return connection.execute(self._query, dict(values)).all()
        built = self._built.get((dialect.name, several))
        if built is None:
            built = _Keyed(self._query, self._lists, dialect, several=several)
            self._built[dialect.name, several] = built
        return built.rows(connection, values)


class _Keyed:
    """A query by one value of each list, or on PostgreSQL by arrays, with what converts its values and results."""

    def __init__(self, query: Select[Any], lists: Sequence[str], dialect: Dialect, *, several: bool) -> None:
        found = compiled(query, dialect)
        self._built = _built(found, {name: [""] for name in lists}, in_arrays=several)
        self._lists, self._several = lists, several
        self._given = {name: convert for name, one in found.binds.items() if (convert := given(one.type, dialect))}
        kinds = [column.type for column in query.selected_columns]
        self._results = [(at, convert) for at, kind in enumerate(kinds) if (convert := _result(kind, dialect))]
        # The names are those of columns; those of two tables may be equal, and the second is then not used.
        row = _made_at_run_time("row", query.selected_columns.keys(), rename=True)
        self._made: Callable[[Sequence[Any]], Any] = row._make

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        every = dict(values)
        for name in self._lists:
            listed = every.pop(name)
            every[f"{name}_1"] = _array(listed) if self._several else next(iter(listed))
        for name, convert in self._given.items():
            if name in every:
                every[name] = convert(every[name])
        rows = self._built.execute(connection, every).fetchall()
        if not self._results:
            return [self._made(row) for row in rows]
        return [self._made(self._converted(row)) for row in rows]

    def _converted(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for at, convert in self._results:
            values[at] = convert(values[at])
        return values


def compiled(statement: Executable, dialect: Dialect) -> SQLCompiler:
    """What SQLAlchemy makes of a statement."""
    found = statement.compile(dialect=dialect)  # type: ignore[attr-defined]  # every statement of ours
    assert isinstance(found, SQLCompiler)
    return found


def _array(values: Iterable[str]) -> str:
    """An array of texts as PostgreSQL reads it; the driver takes several times as long to write one."""
    escaped = [one.replace("\\", "\\\\").replace('"', '\\"') for one in values]
    return '{"' + '","'.join(escaped) + '"}'


def _built(
    found: SQLCompiler, lists: Mapping[str, Sequence[Any]] = MappingProxyType({}), *, in_arrays: bool = False
) -> Built:
    """A statement whose lists have as many values as these, or are arrays."""
    needed = {name: lists.get(name) for name, one in found.binds.items() if one.required}
    state = found.construct_expanded_state(needed)
    constants = {name: value for name, value in state.parameters.items() if name not in needed}
    text = state.statement
    for name in lists if in_arrays else ():
        one = f"IN (%({name}_1)s::VARCHAR)"
        assert one in text, f"{name} is no list of texts"
        text = text.replace(one, f"= ANY (%({name}_1)s::VARCHAR[])")
    return Built.of(text, state.positiontup, constants)


def given(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """What SQLAlchemy does to a value of a type before the driver gets it; None for nothing."""
    if not isinstance(kind, TypeDecorator):
        return None
    return lambda value: kind.process_bind_param(value, dialect)


def _result(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    if isinstance(kind, Boolean) and dialect.name == "sqlite":
        return lambda value: None if value is None else bool(value)
    if not isinstance(kind, TypeDecorator):
        return None
    return lambda value: kind.process_result_value(value, dialect)


def as_of_sqlalchemy(connection: Connection, text: str, error: Any) -> BaseException:
    """The driver's error as SQLAlchemy raises it; a connection that is lost goes back to no pool."""
    dialect = connection.dialect
    is_lost = dialect.is_disconnect(error, connection.connection, None)
    leave_values_out(error)
    found: BaseException = exc.DBAPIError.instance(
        text,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=is_lost,
        dialect=dialect,
    )
    if is_lost:
        connection.invalidate(error)
    return found


def leave_values_out(error: BaseException | None) -> str | None:
    """Keep the error's message and drop the values of the row, which PostgreSQL quotes in its details."""
    text: str | None = getattr(getattr(error, "diag", None), "message_primary", None)
    if text is not None and error is not None:
        error.args = (text,)
    return text
