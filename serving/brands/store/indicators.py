"""Counterfeit indicators of brands: added and withdrawn, never changed, so that a point-in-time read is possible."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select, update

from features.indicators import Direction, TellTale, Where
from models.errors import NotFound
from serving.brands.tables import tell_tale
from serving.platform.database.scope import inside
from serving.platform.database.store import add


def add_tell_tale(connection: Connection, marketplace_id: str, found: TellTale) -> None:
    """Keep a new counterfeit indicator."""
    row: Mapping[str, Any] = {
        "marketplace_id": marketplace_id,
        "tell_tale_id": found.tell_tale_id,
        "brand_id": found.brand_id,
        "label": found.label,
        "pattern": found.pattern,
        "where_found": found.where.value,
        "direction": found.direction.value,
        "active_from": found.active_from,
        "active_to": found.active_to,
        "known_at": found.known_at,
    }
    add(connection, tell_tale, [row])


def of_marketplace(connection: Connection, marketplace_id: str) -> list[TellTale]:
    """Every counterfeit indicator of a marketplace, including withdrawn ones, oldest first."""
    query = (
        select(tell_tale)
        .where(tell_tale.c.marketplace_id == marketplace_id)
        .order_by(tell_tale.c.known_at, tell_tale.c.tell_tale_id)
    )
    return [_read(row) for row in connection.execute(query).mappings()]


def of_brand(connection: Connection, marketplace_id: str, brand_id: str) -> list[TellTale]:
    """Every counterfeit indicator of a brand at a marketplace, including withdrawn ones, oldest first."""
    query = (
        select(tell_tale)
        .where(inside(tell_tale, marketplace_id, brand_id=brand_id))
        .order_by(tell_tale.c.known_at, tell_tale.c.tell_tale_id)
    )
    return [_read(row) for row in connection.execute(query).mappings()]


def kept(connection: Connection, marketplace_id: str, brand_id: str) -> int:
    """How many counterfeit indicators a brand has that are not withdrawn."""
    query = select(func.count()).where(
        inside(tell_tale, marketplace_id, brand_id=brand_id), tell_tale.c.removed_at.is_(None)
    )
    return int(connection.execute(query).scalar_one())


def take_back(connection: Connection, marketplace_id: str, tell_tale_id: str, at: datetime) -> str:
    """Let a counterfeit indicator hold no longer; returns whose it is.

    Raises
    ------
    NotFound
        There is none, or it was withdrawn before.
    """
    here = inside(tell_tale, marketplace_id, tell_tale_id=tell_tale_id)
    changed = connection.execute(update(tell_tale).where(here, tell_tale.c.removed_at.is_(None)).values(removed_at=at))
    if changed.rowcount != 1:
        raise NotFound("There is no tell-tale {words}.", words=tell_tale_id)
    return str(connection.execute(select(tell_tale.c.brand_id).where(here)).scalar_one())


def _read(row: RowMapping) -> TellTale:
    return TellTale(
        tell_tale_id=row["tell_tale_id"],
        brand_id=row["brand_id"],
        label=row["label"],
        pattern=row["pattern"],
        where=Where(row["where_found"]),
        direction=Direction(row["direction"]),
        active_from=row["active_from"],
        active_to=row["active_to"],
        known_at=row["known_at"],
        removed_at=row["removed_at"],
    )
