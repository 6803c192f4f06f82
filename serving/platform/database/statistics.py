"""PostgreSQL's statistics, refreshed after large changes, which it does itself once a minute at most."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, text

from serving.platform.database.schema import metadata

# PostgreSQL's own share (autovacuum_analyze_scale_factor), and a minimum for tables too small to matter.
_CHANGED_ROWS, _CHANGED_SHARE = 500, 0.1
_GROWN: Final = text(
    "SELECT relname FROM pg_stat_user_tables WHERE schemaname = current_schema() "
    "AND n_mod_since_analyze > :rows AND n_mod_since_analyze > :share * n_live_tup"
)


def outgrown_tables(connection: Connection) -> list[str]:
    """Tables whose size has changed much since their last statistics; none on SQLite, which counts none (ADR 60).

    A first import fills tables in seconds. Until they are analysed, the planner expects joins of one row each, and a
    query may run for minutes.
    """
    if connection.dialect.name != "postgresql":
        return []
    grown_tables = connection.execute(_GROWN, {"rows": _CHANGED_ROWS, "share": _CHANGED_SHARE}).scalars()
    return sorted(metadata.tables.keys() & set(grown_tables))


def analyse(connection: Connection, tables: Iterable[str]) -> None:
    """Refresh the statistics of these tables."""
    for name in tables:
        connection.execute(text(f"ANALYZE {connection.dialect.identifier_preparer.quote(name)}"))
