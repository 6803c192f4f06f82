"""Counters of wrong passwords. They are rows, so that all processes of a service and the next start share them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, or_, select, update

from serving.accounts.tables import sign_in_budget
from serving.platform.database.erasing import delete_some
from serving.platform.database.store import insert_or_ignore

Counter = tuple[str, str]  # The scope, and a keyed hash of who or where.


def spent_counters(
    connection: Connection, counters: Sequence[Counter], *, lock: bool = False
) -> dict[Counter, datetime]:
    """The counters that exist; with `lock` no other transaction changes them until this one ends."""
    table = sign_in_budget
    of_counters = or_(*(and_(table.c.scope == scope, table.c.key == key) for scope, key in counters))
    query = select(table).where(of_counters).order_by(table.c.scope, table.c.key)
    rows = connection.execute(query.with_for_update() if lock else query)
    return {(row.scope, row.key): row.spent_until for row in rows}


def lock_counters(connection: Connection, counters: Sequence[Counter], at: datetime) -> dict[Counter, datetime]:
    """The counters, made where they are missing, for this transaction alone."""
    rows = [{"scope": scope, "key": key, "spent_until": at} for scope, key in sorted(counters)]
    connection.execute(insert_or_ignore(connection, sign_in_budget), rows)
    return spent_counters(connection, counters, lock=True)


def save(connection: Connection, changed: Mapping[Counter, datetime]) -> None:
    table = sign_in_budget
    for (scope, key), until in sorted(changed.items()):
        connection.execute(update(table).where(table.c.scope == scope, table.c.key == key).values(spent_until=until))


def forget(connection: Connection, before: datetime, most: int) -> int:
    """Delete counters that were empty again before a moment; at most `most`. Returns how many."""
    empty = (sign_in_budget.c.spent_until <= before,)
    return delete_some(connection, sign_in_budget, sign_in_budget.c.key, empty, most)
