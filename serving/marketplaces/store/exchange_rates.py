"""Dated exchange rates, in euros for one unit."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select

from serving.marketplaces.tables import exchange_rate
from serving.platform.database.store import add

_EURO: Final = "EUR"


def euros_at(connection: Connection, day: date) -> dict[str, float]:
    """Euros for one unit of each currency, by the latest rate up to a day."""
    latest = (
        select(exchange_rate.c.currency, func.max(exchange_rate.c.day).label("day"))
        .where(exchange_rate.c.day <= day.isoformat())
        .group_by(exchange_rate.c.currency)
        .subquery()
    )
    query = select(exchange_rate.c.currency, exchange_rate.c.euros).join(
        latest, (latest.c.currency == exchange_rate.c.currency) & (latest.c.day == exchange_rate.c.day)
    )
    return {**{row.currency: row.euros for row in connection.execute(query)}, _EURO: 1.0}


def add_rates(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Replace the rates of these days and currencies."""
    for row in rows:
        connection.execute(
            delete(exchange_rate).where(exchange_rate.c.day == row["day"], exchange_rate.c.currency == row["currency"])
        )
    add(connection, exchange_rate, rows)
