"""Statements as the database's driver takes them, built once from what SQLAlchemy compiles."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, Dialect, Executable, exc
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator, TypeEngine

from serving.platform.database.faults import drop_values

_NAMED: Final = re.compile(r"%\((\w+)\)s")
Convert = Callable[[Any], Any]


@dataclass(slots=True)
class DriverStatement:
    """A statement as the driver takes it, with the names of its values in order.

    `text` is SQLAlchemy's, for those who listen to its events. PostgreSQL gets the numbered form, which the driver need
    not parse; it parses every long statement at each execution.
    """

    text: str
    names: tuple[str, ...]
    named: bool
    constants: Mapping[str, Any] = field(default_factory=dict)
    numbered: bytes = b""

    @classmethod
    def of(cls, text: str, positions: Sequence[str] | None, constants: Mapping[str, Any]) -> "DriverStatement":
        """From what SQLAlchemy compiled; `positions` are the names of its values where it numbers them itself."""
        if positions is not None:
            return cls(text, tuple(positions), named=False, constants=constants)
        names = tuple(dict.fromkeys(_NAMED.findall(text)))
        numbers = {name: f"${number}" for number, name in enumerate(names, 1)}
        numbered = _NAMED.sub(lambda match: numbers[match[1]], text).replace("%%", "%")
        return cls(text, names, named=True, constants=constants, numbered=numbered.encode())

    def execute(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The driver's cursor, within the connection's transaction.

        Raises sqlalchemy.exc.DBAPIError (as SQLAlchemy would raise it, without values).
        """
        if not connection.in_transaction():
            connection.begin()
        arguments = self._arguments(values)
        if connection.dispatch.before_cursor_execute or connection.dispatch.after_cursor_execute:
            return self._execute_and_notify(connection, arguments)
        return self._execute(connection, arguments)

    def execute_by_sqlalchemy(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """SQLAlchemy's cursor, where the fast path is off; values and results are the driver's, as with `execute`."""
        return connection.exec_driver_sql(self.text, self._shown(self._arguments(values)))

    def _arguments(self, values: Mapping[str, Any]) -> list[Any]:
        by_name = {**self.constants, **values} if self.constants else values
        return [by_name[name] for name in self.names]

    def _shown(self, arguments: Sequence[Any]) -> Any:
        """The arguments as SQLAlchemy hands them to the driver."""
        return dict(zip(self.names, arguments, strict=True)) if self.named else tuple(arguments)

    def _execute(self, connection: Connection, arguments: Sequence[Any]) -> Any:
        driver = connection.connection.driver_connection
        assert driver is not None
        try:
            if self.named:
                assert isinstance(driver, psycopg.Connection)
                return psycopg.RawCursor(driver).execute(self.numbered, arguments)
            return driver.execute(self.text, arguments)
        except connection.dialect.loaded_dbapi.Error as error:
            raise as_sqlalchemy_error(connection, self.text, error) from error

    def _execute_and_notify(self, connection: Connection, arguments: Sequence[Any]) -> Any:
        """Call those who listen to SQLAlchemy's events, as SQLAlchemy would."""
        shown = self._shown(arguments)
        for listener in connection.dispatch.before_cursor_execute:
            listener(connection, None, self.text, shown, None, False)
        cursor = self._execute(connection, arguments)
        for listener in connection.dispatch.after_cursor_execute:
            listener(connection, cursor, self.text, shown, None, False)
        return cursor


def compiled(statement: Executable, dialect: Dialect) -> SQLCompiler:
    """What SQLAlchemy makes of a statement."""
    compiler = statement.compile(dialect=dialect)  # type: ignore[attr-defined]  # every statement of ours
    assert isinstance(compiler, SQLCompiler)
    return compiler


def driver_statement(
    compiler: SQLCompiler, lists: Mapping[str, Sequence[Any]] = MappingProxyType({}), *, in_arrays: bool = False
) -> DriverStatement:
    """A statement whose lists have as many values as these, or are PostgreSQL's arrays of texts."""
    needed = {name: lists.get(name) for name, bind in compiler.binds.items() if bind.required}
    state = compiler.construct_expanded_state(needed)
    constants = {name: constant for name, constant in state.parameters.items() if name not in needed}
    text = state.statement
    for name in lists if in_arrays else ():
        condition = f"IN (%({name}_1)s::VARCHAR)"
        assert condition in text, f"{name} is no list of texts"
        text = text.replace(condition, f"= ANY (%({name}_1)s::VARCHAR[])")
    return DriverStatement.of(text, state.positiontup, constants)


def array_of_texts(texts: Iterable[str]) -> str:
    """An array of texts as PostgreSQL reads it; the driver takes several times as long to write one."""
    escaped = [text.replace("\\", "\\\\").replace('"', '\\"') for text in texts]
    return '{"' + '","'.join(escaped) + '"}'


def bind_converter(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """What SQLAlchemy does to a value of a type before the driver gets it; None for nothing."""
    if not isinstance(kind, TypeDecorator):
        return None
    return lambda value: kind.process_bind_param(value, dialect)


def as_sqlalchemy_error(connection: Connection, text: str, error: Any) -> BaseException:
    """The driver's error as SQLAlchemy raises it; a connection that is lost goes back to no pool."""
    dialect = connection.dialect
    is_lost = dialect.is_disconnect(error, connection.connection, None)
    drop_values(error)
    wrapped: BaseException = exc.DBAPIError.instance(
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
    return wrapped
