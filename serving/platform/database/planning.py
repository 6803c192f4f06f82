"""PostgreSQL's planner: statistics refreshed after large changes, which it does itself once a minute at most, and plans
that are kept where no other plan is ever better.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, text

from serving.platform.database.plain import PlainQuery
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
# What the connection began with.
_FOR_VALUES: Final = "; ".join(f"SET LOCAL {name} TO DEFAULT" for name in _KEPT)
_SETS: Final = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in _KEPT.items())
_KEEP: Final = PlainQuery(lambda _dialect: text(f"SELECT {_SETS}"))
_KEEPING: Final = "the transaction that keeps its plans"


def keep_plans(connection: Connection) -> None:
    """Plan the statements of this transaction once for each connection, on PostgreSQL: inserts above all.

    The checks of foreign keys, a statement for each reference of each row, are among them. Planning them takes longer
    than they do. A read must be by LATERAL and in the order of its index: in a table of a few rows, any other index of
    the marketplace is as good as the key, and that plan would stay until the table is analysed.
    """
    if connection.dialect.name != "postgresql":
        return
    _KEEP.rows(connection, {})
    connection.info[_KEEPING] = connection.get_transaction()


@contextmanager
def plans_kept(connection: Connection) -> Iterator[None]:
    """As `keep_plans`, within the block alone."""
    if connection.dialect.name != "postgresql" or _keeps(connection):
        yield
        return
    keep_plans(connection)
    yield
    # After an error the end of the transaction does it.
    connection.exec_driver_sql(_FOR_VALUES)
    connection.info[_KEEPING] = None


@contextmanager
def planned_for_values(connection: Connection) -> Iterator[None]:
    """Plan the statements of the block for their values, as connections do, also where the transaction keeps plans."""
    if not _keeps(connection):
        yield
        return
    connection.exec_driver_sql(_FOR_VALUES)
    connection.info[_KEEPING] = None
    yield
    keep_plans(connection)


def _keeps(connection: Connection) -> bool:
    kept = connection.info.get(_KEEPING)
    return kept is not None and kept is connection.get_transaction()


def grown(connection: Connection) -> list[str]:
    """Tables whose size has changed much since their last statistics; none on SQLite, which counts none (ADR 60).

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
