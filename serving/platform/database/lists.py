"""Lists of values in a query.

Every join to a list of values is an outer join, which stops SQLite from putting the table first. SQLite does not know
the length of a list. Otherwise it may scan the marketplace's whole table for each value: 54 s instead of half a
millisecond for 200 values and 2,000 versions.
"""

import json
from collections.abc import Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import BigInteger, Connection, FromClause, String, cast, column, func, literal
from sqlalchemy.dialects.postgresql import ARRAY

_AT_ONCE: Final = 500
_T = TypeVar("_T")


def listed(connection: Connection, values: Sequence[Any], kind: BigInteger | String) -> FromClause:
    """Values as a table with one column, in a single parameter."""
    if connection.dialect.name == "postgresql":
        array = cast(literal(list(values), ARRAY(kind)), ARRAY(kind))
        return func.unnest(array).table_valued(column("value", kind), name="wanted").render_derived()
    return func.json_each(json.dumps(values)).table_valued(column("value", kind), name="wanted")


def chunks(found: Sequence[_T]) -> list[Sequence[_T]]:
    """The values in groups that one statement accepts."""
    return [found[start : start + _AT_ONCE] for start in range(0, len(found), _AT_ONCE)]
