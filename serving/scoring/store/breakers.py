"""The circuit breaker of each marketplace: its last check, and whether it is open."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select, update

from models.routing import Lane
from models.score import ScoreKind
from serving.listings.tables import listing_version, score
from serving.platform.clock import Window
from serving.platform.database.scope import inside, same
from serving.platform.database.store import insert_or_ignore
from serving.scoring.rules.breaker import Volume
from serving.scoring.tables import circuit_breaker


@dataclass(frozen=True, slots=True)
class Breaker:
    """The state of a breaker; volumes count from `counted_from`, the time when somebody last closed it."""

    checked_at: datetime | None = None
    counted_from: datetime | None = None
    opened_at: datetime | None = None
    reason: str | None = None


def breaker_of(connection: Connection, marketplace_id: str) -> Breaker:
    """The breaker of a marketplace; closed and never checked where there is no row."""
    query = select(circuit_breaker).where(circuit_breaker.c.marketplace_id == marketplace_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        return Breaker()
    return Breaker(row.checked_at, row.counted_from, row.opened_at, row.reason)


def record_check(connection: Connection, marketplace_id: str, at: datetime) -> None:
    row = {"marketplace_id": marketplace_id, "checked_at": at}
    connection.execute(insert_or_ignore(connection, circuit_breaker).values(row))
    _change_where(connection, marketplace_id, circuit_breaker.c.opened_at.is_(None), checked_at=at)


def open_breaker(connection: Connection, marketplace_id: str, reason: str, at: datetime) -> bool:
    """Open a closed breaker that was checked before; False where it is already open."""
    closed = circuit_breaker.c.opened_at.is_(None)
    return _change_where(connection, marketplace_id, closed, opened_at=at, reason=reason[:500])


def close_breaker(connection: Connection, marketplace_id: str, at: datetime) -> bool:
    """Close an open breaker; volumes count from now on. False where it is already closed."""
    is_open = circuit_breaker.c.opened_at.is_not(None)
    return _change_where(connection, marketplace_id, is_open, opened_at=None, reason=None, counted_from=at)


def _change_where(connection: Connection, marketplace_id: str, condition: ColumnElement[bool], **values: Any) -> bool:
    in_marketplace = circuit_breaker.c.marketplace_id == marketplace_id
    return connection.execute(update(circuit_breaker).where(in_marketplace, condition).values(**values)).rowcount == 1


def score_volume(connection: Connection, marketplace_id: str, window: Window, per_seller: int) -> Volume:
    """The model's scores in a window and the flagged ones among them, at most `per_seller` of each seller."""
    who = func.coalesce(listing_version.c.seller_external_id, listing_version.c.listing_id)
    flagged = case((score.c.lane.in_([Lane.ANALYST.value, Lane.ASK_BRAND.value]), 1), else_=0)
    by_seller = (
        select(func.count().label("scored"), func.sum(flagged).label("flagged"))
        .select_from(score)
        .join(listing_version, same(listing_version, score, "version_id"))
        .where(
            inside(score, marketplace_id, kind=ScoreKind.CALIBRATED.value),
            score.c.scored_at > window.start,
            score.c.scored_at <= window.end,
        )
        .group_by(who)
        .subquery()
    )
    sums = (
        func.coalesce(func.sum(case((column > per_seller, per_seller), else_=column)), 0)
        for column in (by_seller.c.scored, by_seller.c.flagged)
    )
    row = connection.execute(select(*sums)).one()
    return Volume(int(row[0]), int(row[1]))
