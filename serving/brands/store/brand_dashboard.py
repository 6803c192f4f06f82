"""Counts of a brand at a marketplace for its dashboard. Read only."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from serving.cases.tables import review_case, verdict
from serving.platform.database.scope import Pair, inside, same
from serving.takedowns.rules.removal_check import CheckState
from serving.takedowns.tables import action, removal_check


def relist_count(connection: Connection, pair: Pair, since: datetime) -> int:
    """How many cases since a moment are of listings that repeat a removed one."""
    query = select(func.count()).where(
        inside(review_case, pair[0], brand_id=pair[1]),
        review_case.c.relisted.is_(True),
        review_case.c.opened_at > since,
    )
    return int(connection.execute(query).scalar_one())


def check_counts(connection: Connection, pair: Pair, since: datetime) -> dict[CheckState, int]:
    """The states of the checks of the brand's removals that were acknowledged since a moment."""
    query = (
        select(removal_check.c.state, func.count().label("n"))
        .join(action, same(removal_check, action, "action_id"))
        .join(verdict, same(verdict, action, "verdict_id"))
        .join(review_case, same(review_case, verdict, "case_id"))
        .where(inside(review_case, pair[0], brand_id=pair[1]), removal_check.c.acknowledged_at > since)
        .group_by(removal_check.c.state)
    )
    return {CheckState(row.state): row.n for row in connection.execute(query)}
