"""Lists of values in a query.

Every join to a list of values is an outer join, which stops SQLite from putting the table first. SQLite does not know
the length of a list. Otherwise it may scan the marketplace's whole table for each value: 54 s instead of half a
millisecond for 200 values and 2,000 versions.
"""

import json
from collections.abc import Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import BigInteger, Connection, FromClause, String, bindparam, cast, column, func
from sqlalchemy.dialects.postgresql import ARRAY

_AT_ONCE: Final = 500
LISTED: Final = "listed"
_T = TypeVar("_T")


def value_table(dialect: str, kind: BigInteger | String) -> FromClause:
    """The values of one parameter as a table with one column; `list_parameter` gives the parameter its values.

    It needs only the name of the database's dialect, so that a statement can be built once and kept.
    """
    if dialect == "postgresql":
        array = cast(bindparam(LISTED, type_=ARRAY(kind)), ARRAY(kind))
        return func.unnest(array).table_valued(column("value", kind), name="wanted").render_derived()
    values = bindparam(LISTED, type_=String())
    return func.json_each(values).table_valued(column("value", kind), name="wanted")


def list_parameter(connection: Connection, values: Sequence[Any]) -> dict[str, Any]:
    """The parameter of `listed` with these values."""
    return {LISTED: list(values) if connection.dialect.name == "postgresql" else json.dumps(list(values))}


def chunks(values: Sequence[_T]) -> list[Sequence[_T]]:
    """The values in groups that one statement accepts."""
    return [values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE)]
