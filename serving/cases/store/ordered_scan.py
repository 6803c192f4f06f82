"""The open cases in the order of the queue, always by a scan of one index.

SQLite knows how many values a column is expected to have (ADR 60), but not how often each occurs. It may choose an
index of marketplace and lane that matches almost everything and must sort it (450 ms for fifty rows of 100,000, against
0.1 ms by the ordered scan). A plus before a column stops SQLite from using an index on it. PostgreSQL counts values.
"""

from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import ColumnElement, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from serving.cases.tables import review_case

# Written as a literal, because a partial index serves only a query with this condition as a literal.
IS_OPEN: Final[ColumnElement[bool]] = review_case.c.state == literal_column("'open'")


class _Scanned(FunctionElement[Any]):
    inherit_cache = True


@compiles(_Scanned)
def _as_it_is(element: _Scanned, compiler: SQLCompiler, **given: Any) -> str:
    return compiler.process(element.clauses, **given)


@compiles(_Scanned, "sqlite")
def _looked_up_by_nothing(element: _Scanned, compiler: SQLCompiler, **given: Any) -> str:
    return f"+{compiler.process(element.clauses, **given)}"


def _scanned(column: Any) -> _Scanned:
    found = _Scanned(column)
    found.type = column.type
    return found


# The columns of `review_case` without the use of their indexes.
SCANNED: Final = SimpleNamespace(**{column.name: _scanned(column) for column in review_case.c})
