"""Alerts: one per cause and subject while it lasts, regardless of the number of removals."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, select, update

from serving.platform.database.row_reader import reader, row_of
from serving.platform.database.store import insert_or_ignore
from serving.takedowns.rules.bursts import PendingCause
from serving.takedowns.tables import alert


class CheckAlarm(StrEnum):
    """The alert causes of checks: of removed listings, and of brands' statements against one seller."""

    STILL_SHOWN = "still_shown"
    CAMPAIGN = "campaign"


Cause = PendingCause | CheckAlarm
PENDING_CAUSES: Final[frozenset[Cause]] = frozenset(PendingCause)
# Settled with the holds that they are about, other than the one that a person raised.
BY_HOLDS: Final = PENDING_CAUSES - {PendingCause.STOPPED}


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert that needs a person's attention now."""

    marketplace_id: str
    alert_id: str
    cause: Cause
    subject: str
    sentence: str
    raised_at: datetime


def raise_alert(connection: Connection, new_alert: Alert) -> bool:
    """Raise an alert; False where one of this cause and subject is already open."""
    row = {**row_of(new_alert), "sentence": new_alert.sentence[:500]}
    added = insert_or_ignore(connection, alert).values(row).returning(alert.c.alert_id)
    return connection.execute(added).first() is not None


def open_alerts(connection: Connection, marketplaces: Collection[str]) -> list[Alert]:
    """Open alerts, the oldest first."""
    query = (
        select(alert)
        .where(alert.c.marketplace_id.in_(marketplaces), alert.c.settled_at.is_(None))
        .order_by(alert.c.raised_at, alert.c.alert_id)
    )
    return reader(Alert).all(connection, query)


def settle_causes(connection: Connection, marketplace_id: str, causes: Collection[Cause], at: datetime) -> None:
    """Close the open alerts of these causes in a marketplace."""
    connection.execute(
        update(alert)
        .where(
            alert.c.marketplace_id == marketplace_id,
            alert.c.cause.in_([cause.value for cause in causes]),
            alert.c.settled_at.is_(None),
        )
        .values(settled_at=at)
    )


def settle_subjects(
    connection: Connection, marketplace_id: str, cause: Cause, subjects: Collection[str], at: datetime
) -> None:
    """Close the open alerts of a cause about these people, brands or sellers."""
    this = (alert.c.marketplace_id == marketplace_id, alert.c.cause == cause.value, alert.c.subject.in_(subjects))
    connection.execute(update(alert).where(*this, alert.c.settled_at.is_(None)).values(settled_at=at))


def settle_alerts(connection: Connection, marketplace_id: str, alert_ids: Collection[str], at: datetime) -> None:
    """Close these alerts."""
    connection.execute(
        update(alert)
        .where(alert.c.marketplace_id == marketplace_id, alert.c.alert_id.in_(alert_ids))
        .values(settled_at=at)
    )
