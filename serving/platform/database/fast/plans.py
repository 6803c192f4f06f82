"""Plans that PostgreSQL keeps for a transaction, where no other plan is ever better."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, text

from serving.platform.database.fast.queries import PlainQuery
from serving.platform.database.fast.switch import FastPath, is_on

# Every connection plans each statement for its values (`engine`): a plan from a time of small tables may scan a table.
# These settings leave a keyed statement no plan but the one by its keys.
_KEPT: Final = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "enable_sort": "off", "jit": "off"}
# What the connection began with.
_FOR_VALUES: Final = "; ".join(f"SET LOCAL {name} TO DEFAULT" for name in _KEPT)
_SETS: Final = ", ".join(f"set_config('{name}', '{setting}', true)" for name, setting in _KEPT.items())
_KEEP: Final = PlainQuery(lambda _dialect: text(f"SELECT {_SETS}"))
_KEEPING: Final = "the transaction that keeps its plans"


def keep_plans(connection: Connection) -> None:
    """Plan the statements of this transaction once for each connection, on PostgreSQL: inserts above all.

    The checks of foreign keys, a statement for each reference of each row, are among them. Planning them takes longer
    than they do. A read must be by LATERAL and in the order of its index: in a table of a few rows, any other index of
    the marketplace is as good as the key, and that plan would stay until the table is analysed.
    """
    if connection.dialect.name != "postgresql" or not is_on(FastPath.PLANS):
        return
    _KEEP.rows(connection, {})
    connection.info[_KEEPING] = connection.get_transaction()


@contextmanager
def plans_kept(connection: Connection) -> Iterator[None]:
    """As `keep_plans`, within the block alone."""
    if connection.dialect.name != "postgresql" or _keeps(connection) or not is_on(FastPath.PLANS):
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
    transaction = connection.info.get(_KEEPING)
    return transaction is not None and transaction is connection.get_transaction()
