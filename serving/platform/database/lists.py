"""Lists of values in a query.

Every join to a list of values is an outer one. SQLite knows nothing of how long a list is and, where it is free to,
walks the marketplace's whole table once for each value (54 s for 200 values beside 2,000 versions, against half a
millisecond); what is joined to a list by an outer join it must not put first.
"""

import json
from collections.abc import Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import BigInteger, Connection, FromClause, String, cast, column, func, literal
from sqlalchemy.dialects.postgresql import ARRAY

_AT_ONCE: Final = 500
_T = TypeVar("_T")


def listed(connection: Connection, values: Sequence[Any], kind: BigInteger | String) -> FromClause:
    """Values as a table with one column, in one parameter however many there are."""
    if connection.dialect.name == "postgresql":
        array = cast(literal(list(values), ARRAY(kind)), ARRAY(kind))
        return func.unnest(array).table_valued(column("value", kind), name="wanted").render_derived()
    return func.json_each(json.dumps(values)).table_valued(column("value", kind), name="wanted")


def chunks(found: Sequence[_T]) -> list[Sequence[_T]]:
    """As many at once as a statement takes."""
    return [found[start : start + _AT_ONCE] for start in range(0, len(found), _AT_ONCE)]
