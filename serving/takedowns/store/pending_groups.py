"""Removals pending approval, counted by brand and by the person who confirmed them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from serving.cases.tables import review_case, verdict
from serving.platform.database.scope import inside, same
from serving.takedowns.tables import action, removal_approval


@dataclass(frozen=True, slots=True)
class PendingGroup:
    """The removals pending approval of one brand that one person confirmed: their number, and the time of the first.

    `brand_id` is None for a brand that a person named and that is not registered, `mark`.
    """

    marketplace_id: str
    brand_id: str | None
    mark: str | None
    user_id: str
    removals: int
    since: datetime


def waiting_groups(connection: Connection, marketplaces: Collection[str]) -> list[PendingGroup]:
    """The removals pending approval by brand and person, the longest waiting first."""
    columns = (action.c.marketplace_id, review_case.c.brand_id, review_case.c.mark, verdict.c.user_id)
    since = func.min(removal_approval.c.pending_since, type_=removal_approval.c.pending_since.type)
    query = _with_case(*columns, func.count(), since).where(removal_approval.c.marketplace_id.in_(marketplaces))
    return [PendingGroup(*row) for row in connection.execute(query.group_by(*columns).order_by(since, *columns))]


def waits_with(connection: Connection, marketplace_id: str, action_id: str) -> bool:
    """Whether another removal of the same brand that the same person confirmed is pending approval."""
    this = (
        select(review_case.c.brand_id, verdict.c.user_id)
        .join(verdict, same(verdict, review_case, "case_id"))
        .join(action, same(action, verdict, "verdict_id"))
        .where(inside(action, marketplace_id, action_id=action_id))
        .subquery()
    )
    query = _with_case(removal_approval.c.action_id).where(
        inside(removal_approval, marketplace_id),
        removal_approval.c.action_id != action_id,
        review_case.c.brand_id.is_not_distinct_from(this.c.brand_id),
        verdict.c.user_id == this.c.user_id,
    )
    return connection.execute(query.limit(1)).first() is not None


def _with_case(*columns: Any) -> Select[Any]:
    """Removals pending approval with the verdict that created each, and its case."""
    return (
        select(*columns)
        .select_from(removal_approval)
        .join(action, same(removal_approval, action, "action_id"))
        .join(verdict, same(action, verdict, "verdict_id"))
        .join(review_case, same(verdict, review_case, "case_id"))
        .where(removal_approval.c.settled_at.is_(None))
    )
