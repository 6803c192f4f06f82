"""Counts of a brand at a marketplace that stand on its dashboard and in no other place; nothing here writes."""

from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from serving.cases.tables import review_case, verdict
from serving.takedowns.rules.removal_check import CheckState
from serving.takedowns.tables import action, removal_check

Pair = tuple[str, str]


def relists(connection: Connection, pair: Pair, since: datetime) -> int:
    """How many cases since a moment are of offers that repeat a removed one."""
    query = select(func.count()).where(
        review_case.c.marketplace_id == pair[0],
        review_case.c.brand_id == pair[1],
        review_case.c.relisted.is_(True),
        review_case.c.opened_at > since,
    )
    return int(connection.execute(query).scalar_one())


def checks(connection: Connection, pair: Pair, since: datetime) -> dict[CheckState, int]:
    """How the looks stand at the brand's removals that were acknowledged since a moment."""
    same = and_(
        removal_check.c.marketplace_id == action.c.marketplace_id, removal_check.c.action_id == action.c.action_id
    )
    given = and_(verdict.c.marketplace_id == action.c.marketplace_id, verdict.c.verdict_id == action.c.verdict_id)
    of_case = and_(review_case.c.marketplace_id == verdict.c.marketplace_id, review_case.c.case_id == verdict.c.case_id)
    query = (
        select(removal_check.c.state, func.count().label("n"))
        .join(action, same)
        .join(verdict, given)
        .join(review_case, of_case)
        .where(
            review_case.c.marketplace_id == pair[0],
            review_case.c.brand_id == pair[1],
            removal_check.c.acknowledged_at > since,
        )
        .group_by(removal_check.c.state)
    )
    return {CheckState(row.state): row.n for row in connection.execute(query)}
