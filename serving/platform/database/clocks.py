"""The simulated clock's offset, stored so that time does not jump back after a restart."""

from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, insert, select, update

from serving.platform.database.tables import simulated_clock

_ONLY: Final = 1
_MICROSECOND: Final = timedelta(microseconds=1)


def offset(connection: Connection) -> timedelta | None:
    """The offset of a simulated clock to the machine's; None where the data directory has no simulated clock."""
    microseconds = connection.execute(select(simulated_clock.c.offset_microseconds)).scalar()
    return None if microseconds is None else microseconds * _MICROSECOND


def set_offset(connection: Connection, new_offset: timedelta) -> None:
    """Store the offset."""
    microseconds = new_offset // _MICROSECOND
    statement = update(simulated_clock).values(offset_microseconds=microseconds).returning(simulated_clock.c.clock_id)
    if connection.execute(statement).first() is None:
        connection.execute(insert(simulated_clock).values(clock_id=_ONLY, offset_microseconds=microseconds))
