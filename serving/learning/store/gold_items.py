"""Gold items: cases of known class among second reviews, which measure the reviewers' accuracy."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select

from models.case import CaseState
from models.verdict import Side
from serving.accounts.rules.access import Role
from serving.accounts.tables import account, role_grant
from serving.cases.tables import review_case, verdict
from serving.platform.database.scope import inside


def is_one() -> ColumnElement[bool]:
    """Whether a case is a gold item."""
    return review_case.c.gold_item.is_not(None)


def answers_one(given: ColumnElement[str], marketplace_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the verdict's case is a gold item.

    A verdict on a gold item gives no label and has no effect on the listing.
    """
    known = select(review_case.c.case_id).where(inside(review_case, marketplace_id, case_id=given), is_one())
    return known.exists()


def last(connection: Connection, marketplace_id: str) -> tuple[datetime, CaseState] | None:
    """When the latest was opened, and its state; None where there was none."""
    query = (
        select(review_case.c.opened_at, review_case.c.state)
        .where(review_case.c.marketplace_id == marketplace_id, is_one())
        .order_by(review_case.c.opened_at.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.opened_at, CaseState(row.state))


def taken(connection: Connection, marketplace_id: str) -> set[str]:
    """The versions already used in a gold item."""
    query = select(review_case.c.version_id).where(review_case.c.marketplace_id == marketplace_id, is_one())
    return set(connection.execute(query).scalars())


def analysts(connection: Connection, marketplace_id: str) -> set[str]:
    """The analysts of a marketplace."""
    query = (
        select(role_grant.c.user_id)
        .join(account, account.c.user_id == role_grant.c.user_id)
        .where(inside(role_grant, marketplace_id, role=Role.ANALYST.value), account.c.disabled_at.is_(None))
    )
    return set(connection.execute(query).scalars())


def answers_since(connection: Connection, people: Collection[str], since: datetime, most: int) -> int:
    """The number of answers by these people since a moment, counted up to `most`."""
    some = (
        select(verdict.c.verdict_id)
        .where(verdict.c.user_id.in_(sorted(people)), verdict.c.known_at > since, verdict.c.side == Side.ANALYST.value)
        .limit(most)
    )
    return int(connection.execute(select(func.count()).select_from(some.subquery())).scalar_one())


def judges(connection: Connection, marketplace_id: str, listing_id: str) -> set[str]:
    """The people who have judged a listing."""
    query = select(verdict.c.user_id).where(inside(verdict, marketplace_id, listing_id=listing_id))
    return set(connection.execute(query).scalars())
