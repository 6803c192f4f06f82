"""The open cases in the order of the queue: an index that is walked, whatever else the database would look up.

SQLite keeps no count of what its columns hold unless it is asked to, and then takes an index of marketplace and lane
that finds almost everything and must sort it (450 ms for fifty rows of 100,000, against 0.1 ms by the walk). A plus
before a column tells it to look nothing up by that column. PostgreSQL knows how its columns lie.
"""

from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import ColumnElement, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from serving.cases.tables import review_case

# Written out, because an index of some rows serves only a query that says so in words, and not by a parameter.
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


# The columns of `review_case` by which nothing is looked up.
SCANNED: Final = SimpleNamespace(**{column.name: _scanned(column) for column in review_case.c})
