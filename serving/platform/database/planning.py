"""PostgreSQL's planner: statistics refreshed after large changes, which it does itself once a minute at most, and plans
that are kept where no other plan is ever better.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, text

from serving.platform.database.schema import metadata

# PostgreSQL's own share (autovacuum_analyze_scale_factor), and a minimum for tables too small to matter.
_CHANGED_ROWS, _CHANGED_SHARE = 500, 0.1
_GROWN: Final = text(
    "SELECT relname FROM pg_stat_user_tables WHERE schemaname = current_schema() "
    "AND n_mod_since_analyze > :rows AND n_mod_since_analyze > :share * n_live_tup"
)

# Every connection plans each statement for its values (`engine`): a plan from a time of small tables may scan a table.
# These settings leave a keyed statement no plan but the one by its keys.
_KEPT: Final = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "enable_sort": "off", "jit": "off"}
_BEFORE: Final = ", ".join(f"current_setting('{name}') AS {name}" for name in _KEPT)
_SETS: Final = ", ".join(f"set_config('{name}', :{name}, true)" for name in _KEPT)
_KEEP, _RESTORE = text(f"SELECT {_BEFORE}, {_SETS}"), text(f"SELECT {_SETS}")


@contextmanager
def plans_kept(connection: Connection) -> Iterator[None]:
    """Plan the statements of the block once for each connection, on PostgreSQL: inserts and reads by key alone.

    The checks of foreign keys, a statement for each reference of each row, are among them. Planning them takes longer
    than they do.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    before = connection.execute(_KEEP, _KEPT).one()
    yield
    # After an error the end of the transaction does it.
    connection.execute(_RESTORE, {name: getattr(before, name) for name in _KEPT})


def grown(connection: Connection) -> list[str]:
    """Tables whose size has changed much since their last statistics; none on SQLite, which counts none (ADR 62).

    A first import fills tables in seconds. Until they are analysed, the planner expects joins of one row each, and a
    query may run for minutes.
    """
    if connection.dialect.name != "postgresql":
        return []
    found = connection.execute(_GROWN, {"rows": _CHANGED_ROWS, "share": _CHANGED_SHARE}).scalars()
    return sorted(metadata.tables.keys() & set(found))


def count(connection: Connection, tables: Iterable[str]) -> None:
    """Refresh the statistics of these tables."""
    for name in tables:
        connection.execute(text(f"ANALYZE {connection.dialect.identifier_preparer.quote(name)}"))
