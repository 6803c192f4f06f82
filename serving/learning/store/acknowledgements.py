"""Acknowledged shifts of features."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from serving.learning.rules.drift_alarm import Acknowledgement
from serving.learning.tables import drift_acknowledgement
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import inside
from serving.platform.database.store import add


def add_acknowledgement(connection: Connection, row: Mapping[str, Any]) -> None:
    """Insert an acknowledgement."""
    add(connection, drift_acknowledgement, [row])


def standing(connection: Connection, marketplace_id: str, champion: str | None) -> list[Acknowledgement]:
    """The acknowledgements beside a champion that nobody withdrew, oldest first."""
    query = (
        select(
            drift_acknowledgement,
            drift_acknowledgement.c.acknowledged_by.label("by"),
            drift_acknowledgement.c.acknowledged_at.label("at"),
        )
        .where(
            inside(drift_acknowledgement, marketplace_id),
            drift_acknowledgement.c.champion.is_not_distinct_from(champion),
            drift_acknowledgement.c.withdrawn_at.is_(None),
        )
        .order_by(drift_acknowledgement.c.acknowledged_at, drift_acknowledgement.c.acknowledgement_id)
    )
    return reader(Acknowledgement).all(connection, query)


def withdraw(connection: Connection, marketplace_id: str, acknowledgement_id: str, at: datetime) -> str | None:
    """Withdraw an acknowledgement; returns its feature, or None where there is none that stands."""
    stands = (
        inside(drift_acknowledgement, marketplace_id, acknowledgement_id=acknowledgement_id),
        drift_acknowledgement.c.withdrawn_at.is_(None),
    )
    feature: str | None = connection.execute(select(drift_acknowledgement.c.feature).where(*stands)).scalar()
    connection.execute(update(drift_acknowledgement).where(*stands).values(withdrawn_at=at))
    return feature
