"""Counterfeit indicators of brands: added and withdrawn, never changed, so that a point-in-time read is possible."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select, update

from features.indicators import Indicator
from models.errors import NotFound
from serving.brands.tables import indicator
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import inside
from serving.platform.database.store import add

_SELECTED: Final = select(indicator, indicator.c.where_found.label("where"))


def add_indicator(connection: Connection, marketplace_id: str, new_indicator: Indicator) -> None:
    """Store a new counterfeit indicator."""
    row: Mapping[str, Any] = {
        "marketplace_id": marketplace_id,
        "indicator_id": new_indicator.indicator_id,
        "brand_id": new_indicator.brand_id,
        "label": new_indicator.label,
        "pattern": new_indicator.pattern,
        "where_found": new_indicator.where.value,
        "direction": new_indicator.direction.value,
        "active_from": new_indicator.active_from,
        "active_to": new_indicator.active_to,
        "known_at": new_indicator.known_at,
    }
    add(connection, indicator, [row])


def of_marketplace(connection: Connection, marketplace_id: str) -> list[Indicator]:
    """Every counterfeit indicator of a marketplace, including withdrawn ones, oldest first."""
    query = _SELECTED.where(indicator.c.marketplace_id == marketplace_id).order_by(
        indicator.c.known_at, indicator.c.indicator_id
    )
    return reader(Indicator).all(connection, query)


def of_brand(connection: Connection, marketplace_id: str, brand_id: str) -> list[Indicator]:
    """Every counterfeit indicator of a brand at a marketplace, including withdrawn ones, oldest first."""
    query = _SELECTED.where(inside(indicator, marketplace_id, brand_id=brand_id)).order_by(
        indicator.c.known_at, indicator.c.indicator_id
    )
    return reader(Indicator).all(connection, query)


def active_count(connection: Connection, marketplace_id: str, brand_id: str) -> int:
    """How many counterfeit indicators a brand has that are not withdrawn."""
    query = select(func.count()).where(
        inside(indicator, marketplace_id, brand_id=brand_id), indicator.c.removed_at.is_(None)
    )
    return int(connection.execute(query).scalar_one())


def withdraw(connection: Connection, marketplace_id: str, indicator_id: str, at: datetime) -> str:
    """Withdraw a counterfeit indicator from a moment on; returns the brand's id.

    Raises NotFound (there is none, or it was withdrawn before).
    """
    of_indicator = inside(indicator, marketplace_id, indicator_id=indicator_id)
    changed = connection.execute(
        update(indicator).where(of_indicator, indicator.c.removed_at.is_(None)).values(removed_at=at)
    )
    if changed.rowcount != 1:
        raise NotFound("There is no counterfeit indicator {words}.", words=indicator_id)
    return str(connection.execute(select(indicator.c.brand_id).where(of_indicator)).scalar_one())
