"""Work in progress in the review queue: decisions by reviewer, leased cases, and the oldest case of each lane."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from models.case import CaseLane, CaseState
from models.verdict import Side
from serving.accounts.rules.access import Role
from serving.accounts.tables import account, role_grant
from serving.cases.store.case_filters import IS_OPEN, SCANNED
from serving.cases.store.verdicts import STANDS
from serving.cases.tables import review_case, verdict
from serving.listings.tables import listing_version
from serving.platform.database.scope import inside, same


@dataclass(frozen=True, slots=True)
class LeasedCase:
    """An open case that somebody has leased."""

    case_id: str
    user_id: str
    name: str
    until: datetime
    title: str | None


@dataclass(frozen=True, slots=True)
class OldestCase:
    """The oldest open case of a lane."""

    lane: CaseLane
    opened_at: datetime
    due_at: datetime


def decisions_by_reviewer(connection: Connection, marketplaces: Collection[str], since: datetime) -> dict[str, int]:
    """The number of analysts' verdicts in force since a moment, by reviewer; reviewers without any are left out."""
    team = select(role_grant.c.user_id).where(
        role_grant.c.marketplace_id.in_(sorted(marketplaces)), role_grant.c.role == Role.ANALYST.value
    )
    query = (
        select(verdict.c.user_id, func.count().label("n"))
        .where(
            verdict.c.user_id.in_(team),
            verdict.c.known_at >= since,
            verdict.c.marketplace_id.in_(sorted(marketplaces)),
            verdict.c.side == Side.ANALYST.value,
            STANDS,
        )
        .group_by(verdict.c.user_id)
    )
    return {row.user_id: row.n for row in connection.execute(query)}


def leased_cases(connection: Connection, marketplaces: Collection[str], at: datetime, most: int) -> list[LeasedCase]:
    """The leased open cases, the lease that ends soonest first."""
    query = (
        select(
            review_case.c.case_id,
            review_case.c.leased_by,
            account.c.name,
            review_case.c.leased_until,
            listing_version.c.content,
        )
        .join(account, account.c.user_id == review_case.c.leased_by)
        .join(listing_version, same(listing_version, review_case, "version_id"))
        .where(
            IS_OPEN,
            SCANNED.marketplace_id.in_(sorted(marketplaces)),
            review_case.c.leased_by.is_not(None),
            review_case.c.leased_until > at,
        )
        .order_by(review_case.c.leased_until, review_case.c.case_id)
        .limit(most)
    )
    return [
        LeasedCase(row.case_id, row.leased_by, row.name, row.leased_until, row.content.get("title"))
        for row in connection.execute(query)
    ]


def oldest_cases(
    connection: Connection, marketplaces: Collection[str], lanes: Collection[CaseLane]
) -> list[OldestCase]:
    """The oldest open case of each lane that has one; each lane costs one index lookup."""
    oldest_by_lane: dict[CaseLane, OldestCase] = {}
    for place in sorted(marketplaces):
        for lane in lanes:
            query = (
                select(review_case.c.opened_at, review_case.c.due_at)
                .where(inside(review_case, place, state=CaseState.OPEN.value, lane=lane.value))
                .order_by(review_case.c.opened_at)
                .limit(1)
            )
            row = connection.execute(query).one_or_none()
            if row is not None and (lane not in oldest_by_lane or row.opened_at < oldest_by_lane[lane].opened_at):
                oldest_by_lane[lane] = OldestCase(lane, row.opened_at, row.due_at)
    return list(oldest_by_lane.values())
