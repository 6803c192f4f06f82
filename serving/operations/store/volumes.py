"""The number of listings scored into each lane by period; counted from an index alone."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, func, select

from models.routing import Lane
from serving.listings.tables import score


def scores_by_lane(
    connection: Connection, marketplace_id: str, starts: Sequence[datetime], step: timedelta
) -> dict[Lane, list[int]]:
    """For each lane, the number of scores in [start, start + step), in the order of the starts.

    One query for each period reads its part of the index once; grouping by a time computed from each row takes four
    times as long.
    """
    counted = [func.coalesce(func.sum(case((score.c.lane == lane.value, 1), else_=0)), 0) for lane in Lane]
    counts: dict[Lane, list[int]] = {lane: [] for lane in Lane}
    for start in starts:
        query = select(*counted).where(
            score.c.marketplace_id == marketplace_id, score.c.scored_at >= start, score.c.scored_at < start + step
        )
        for lane, number in zip(Lane, connection.execute(query).one(), strict=True):
            counts[lane].append(int(number))
    return counts
