"""Planner statistics of PostgreSQL: table sizes, which it counts by itself once a minute at the most."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, text

from serving.platform.database.schema import metadata

# As it would do by itself (autovacuum_analyze_scale_factor), for tables that are too small to mind no more often.
_CHANGED_ROWS, _CHANGED_SHARE = 500, 0.1
_GROWN: Final = text(
    "SELECT relname FROM pg_stat_user_tables WHERE schemaname = current_schema() "
    "AND n_mod_since_analyze > :rows AND n_mod_since_analyze > :share * n_live_tup"
)


def grown(connection: Connection) -> list[str]:
    """Tables that hold far more or less than when they were last counted; none on SQLite, which plans without.

    A first import fills tables in seconds. Until they are counted, joins of what is one marketplace's look as if they
    were of a row each, and one of them may run for minutes.
    """
    if connection.dialect.name != "postgresql":
        return []
    found = connection.execute(_GROWN, {"rows": _CHANGED_ROWS, "share": _CHANGED_SHARE}).scalars()
    return sorted(metadata.tables.keys() & set(found))


def count(connection: Connection, tables: Iterable[str]) -> None:
    """Have these tables counted."""
    for name in tables:
        connection.execute(text(f"ANALYZE {connection.dialect.identifier_preparer.quote(name)}"))
