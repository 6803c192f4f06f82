"""Small queries by the database's driver itself: SQLAlchemy's part of one takes several times as long as the query."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import CompoundSelect, Connection, Select, TextClause, exc
from sqlalchemy.sql.compiler import SQLCompiler


@dataclass(frozen=True, slots=True)
class _Built:
    text: str
    names: tuple[str, ...] | None
    constants: dict[str, Any]

    def given(self, values: Mapping[str, Any]) -> tuple[Any, ...] | dict[str, Any]:
        """The values as the driver takes them: in order, or by name."""
        every = {**self.constants, **values}
        return every if self.names is None else tuple(every[name] for name in self.names)


Query = Select[Any] | CompoundSelect[Any] | TextClause


class PlainQuery:
    """A query of texts and integers, which need no conversion either way; its text is built once for each dialect.

    `build` gets the dialect's name. The query is part of the connection's transaction and raises SQLAlchemy's errors,
    but SQLAlchemy's events do not see it.
    """

    def __init__(self, build: Callable[[str], Query]) -> None:
        self._build: Final = build
        self._built: Final[dict[str, _Built]] = {}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows, as the driver returns them."""
        statement, given = self.executed(connection, values)
        if not connection.in_transaction():
            connection.begin()
        driver = connection.connection.driver_connection
        assert driver is not None
        try:
            return list(driver.execute(statement, given).fetchall())
        except connection.dialect.loaded_dbapi.Error as error:
            raise _as_of_sqlalchemy(connection, statement, error) from error

    def executed(
        self, connection: Connection, values: Mapping[str, Any]
    ) -> tuple[str, tuple[Any, ...] | dict[str, Any]]:
        """The statement as the driver gets it, and its values."""
        built = self._built.get(connection.dialect.name) or self._compiled(connection)
        return built.text, built.given(values)

    def _compiled(self, connection: Connection) -> _Built:
        found = self._build(connection.dialect.name).compile(dialect=connection.dialect)
        assert isinstance(found, SQLCompiler)
        names = None if found.positiontup is None else tuple(found.positiontup)
        constants = {name: value for name, value in found.params.items() if value is not None}
        return self._built.setdefault(connection.dialect.name, _Built(str(found), names, constants))


def _as_of_sqlalchemy(connection: Connection, text: str, error: Any) -> BaseException:
    """The error as SQLAlchemy raises it; a connection that is lost goes back to no pool."""
    dialect = connection.dialect
    is_lost = dialect.is_disconnect(error, connection.connection, None)
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
