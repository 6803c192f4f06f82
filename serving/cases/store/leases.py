"""The leases of open cases, and their transfer."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, select, update

from models.case import CaseState
from serving.cases.tables import review_case

LeasedCase = tuple[str, str]


def of_person(connection: Connection, marketplaces: Collection[str], user_id: str, at: datetime) -> list[LeasedCase]:
    """The open cases that a person has leased now, as (marketplace, case)."""
    query = select(review_case.c.marketplace_id, review_case.c.case_id).where(
        review_case.c.marketplace_id.in_(marketplaces),
        review_case.c.state == CaseState.OPEN.value,
        review_case.c.leased_by == user_id,
        review_case.c.leased_until > at,
    )
    return [(row.marketplace_id, row.case_id) for row in connection.execute(query.order_by(review_case.c.case_id))]


def move(
    connection: Connection, cases: Collection[LeasedCase], user_id: str, to: str | None, until: datetime | None
) -> int:
    """Give a person's leases to another person, or free them; returns how many the person still had."""
    moved = 0
    for marketplace_id, case_id in cases:
        changed = update(review_case).where(
            review_case.c.marketplace_id == marketplace_id,
            review_case.c.case_id == case_id,
            review_case.c.leased_by == user_id,
        )
        moved += connection.execute(changed.values(leased_by=to, leased_until=until)).rowcount
    return moved
