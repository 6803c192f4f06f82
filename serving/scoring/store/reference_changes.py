"""Whether anything changed of what reference contexts are read from: its triggers mark it in the same transaction."""

from typing import Any, Final

from sqlalchemy import Connection, delete, func, select, text

from serving.platform.database.fast.door import PlainQuery
from serving.scoring.tables import reference_change

# Rows are added with higher ids than all before and deleted oldest first, so that no two states have both in common.
_MARKS: Final = PlainQuery(
    lambda _dialect: text("SELECT count(*), coalesce(sum(change_id), 0), coalesce(sum(moved), 0) FROM reference_change")
)

Marks = tuple[Any, ...]


def reference_marks(connection: Connection) -> Marks:
    """What is equal for two transactions only if they see the same references."""
    return _MARKS.rows(connection, {})[0]


def delete_old(connection: Connection) -> None:
    """Delete all marks but the last; the next request reads the references again."""
    last = select(func.max(reference_change.c.change_id)).scalar_subquery()
    connection.execute(delete(reference_change).where(reference_change.c.change_id < last))
