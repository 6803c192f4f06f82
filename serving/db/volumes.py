"""How many listings were scored into each lane, by hour or day; counted from an index alone."""

from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, String, func, select

from models.routing import Lane
from serving.db.tables import score

_HOUR, _DAY = 13, 10  # Characters of an ISO time up to its hour, and up to its day.


def by_lane(
    connection: Connection, marketplace_id: str, *, since: datetime, until: datetime, hourly: bool
) -> dict[tuple[datetime, Lane], int]:
    """Scores made in [since, until) by (start of the hour or day in UTC, lane); nothing where there were none."""
    start = _start(connection, hourly=hourly).label("start")
    query = (
        select(start, score.c.lane, func.count().label("n"))
        .where(
            score.c.marketplace_id == marketplace_id,
            score.c.scored_at >= since,
            score.c.scored_at < until,
        )
        .group_by(start, score.c.lane)
    )
    return {
        (datetime.fromisoformat(row.start if hourly else f"{row.start}T00").replace(tzinfo=UTC), Lane(row.lane)): row.n
        for row in connection.execute(query)
    }


def _start(connection: Connection, *, hourly: bool) -> ColumnElement[str]:
    if connection.dialect.name == "sqlite":
        return func.substr(score.c.scored_at, 1, _HOUR if hourly else _DAY, type_=String)
    form = 'YYYY-MM-DD"T"HH24' if hourly else "YYYY-MM-DD"
    return func.to_char(func.timezone("UTC", score.c.scored_at), form, type_=String)
