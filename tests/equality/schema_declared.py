"""The tables as the code declares them, compiled for both engines."""

from collections.abc import Iterator, Mapping
from typing import Final

from sqlalchemy import Column, Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from serving.platform.database.schema import metadata
from tests.equality.discover import modules_that_say
from tests.equality.plain import plain
from tests.equality.sql_text import items, one_line

_DIALECTS: Final[Mapping[str, Dialect]] = {
    "sqlite": sqlite.dialect(),
    "postgresql": postgresql.dialect(),  # type: ignore[no-untyped-call]  # SQLAlchemy leaves this one untyped
}
_TABLES: Final = r"\bTable\(|\bmetadata\b"


def declared_texts() -> dict[str, str]:
    """A text for each table."""
    list(modules_that_say(_TABLES))  # An import declares the tables of a module.
    return {f"table/{name}": "\n".join(_lines(table)) for name, table in sorted(metadata.tables.items())}


def _lines(table: Table) -> Iterator[str]:
    yield from sorted(_column(column) for column in table.columns)
    for name, dialect in _DIALECTS.items():
        yield from sorted(f"{name} {clause}" for clause in items(str(CreateTable(table).compile(dialect=dialect))))
        statements = (str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes)
        yield from sorted(f"{name} {one_line(statement)}" for statement in statements)


def _column(column: Column[object]) -> str:
    default = getattr(column.default, "arg", None)
    key = column.primary_key
    return f"column {column.name} {column.type!r} nullable {column.nullable} default {plain(default)} key {key}"
