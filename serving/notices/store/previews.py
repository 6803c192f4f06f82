"""Strangers' notices that came back before they were sent: counts of the last hour, kept for a day."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select

from serving.notices.tables import notice_preview
from serving.platform.database.scope import inside
from serving.platform.database.store import add


def add_preview(connection: Connection, row: Mapping[str, Any]) -> None:
    add(connection, notice_preview, [row])


def count_since(connection: Connection, marketplace_id: str, moment: datetime) -> int:
    query = select(func.count()).where(inside(notice_preview, marketplace_id), notice_preview.c.known_at > moment)
    return int(connection.execute(query).scalar_one())


def delete_before(connection: Connection, before: datetime) -> None:
    """Delete the counts from before a moment."""
    connection.execute(delete(notice_preview).where(notice_preview.c.known_at < before))
