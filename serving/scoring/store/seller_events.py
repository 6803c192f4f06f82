"""Trade events of sellers as reported by marketplaces: stored, and deleted after their retention period."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from serving.platform.database.erasing import delete_some
from serving.platform.database.store import add_or_ignore
from serving.scoring.tables import seller_event


def add_events(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """Store seller events; an event whose source id is known stays unchanged. Returns how many were new."""
    if not rows:
        return 0
    known = {
        row.source_event_id
        for row in connection.execute(
            select(seller_event.c.source_event_id).where(
                seller_event.c.marketplace_id == rows[0]["marketplace_id"],
                seller_event.c.source_event_id.in_({row["source_event_id"] for row in rows}),
            )
        )
    }
    fresh = {row["source_event_id"]: row for row in reversed(rows) if row["source_event_id"] not in known}
    add_or_ignore(connection, seller_event, list(fresh.values()))
    return len(fresh)


def delete_before(
    connection: Connection, marketplace_id: str, before: datetime, on_hold: Collection[str], most: int
) -> int:
    """Delete events up to a moment, except for sellers on legal hold; returns how many."""
    event = seller_event.c
    gone = (
        event.marketplace_id == marketplace_id,
        event.occurred_at <= before,
        event.seller_external_id.not_in(on_hold),
    )
    return delete_some(connection, seller_event, event.event_id, gone, most)
