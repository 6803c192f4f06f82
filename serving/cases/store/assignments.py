"""Assignments of open cases to people, their open work, and the questions that the model has put to brands."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, or_, select

from models.case import CaseLane, CaseState
from serving.accounts.rules.access import Role
from serving.accounts.tables import account, browser_session, role_grant
from serving.brands.tables import brand_enrolment
from serving.cases.store.case_filters import IS_OPEN
from serving.cases.tables import case_assignment, review_case, verdict
from serving.listings.tables import score
from serving.platform.database.scope import HERE, inside, same
from serving.platform.database.store import add


def current_assignees(connection: Connection, marketplaces: Collection[str], at: datetime) -> dict[str, str]:
    """The assignee of each open case of these marketplaces now, by case."""
    query = select(case_assignment.c.case_id, case_assignment.c.user_id).where(
        case_assignment.c.marketplace_id.in_(marketplaces), case_assignment.c.until > at
    )
    return {row.case_id: row.user_id for row in connection.execute(query)}


def free_cases(connection: Connection, marketplace_id: str, at: datetime, most: int) -> list[str]:
    """Open cases of the review queue without a lease or an assignee, the costliest first."""
    offered = select(case_assignment.c.case_id).where(
        case_assignment.c.marketplace_id == marketplace_id, case_assignment.c.until > at
    )
    query = (
        select(review_case.c.case_id)
        .where(
            inside(review_case, marketplace_id, state=CaseState.OPEN.value),
            review_case.c.lane != CaseLane.ASK_BRAND.value,
            or_(review_case.c.leased_until.is_(None), review_case.c.leased_until <= at),
            or_(review_case.c.snoozed_until.is_(None), review_case.c.snoozed_until <= at),
            review_case.c.case_id.not_in(offered),
        )
        .order_by(review_case.c.priority.desc(), review_case.c.case_id)
        .limit(most)
    )
    return list(connection.execute(query).scalars())


def analysts_on_duty(connection: Connection, marketplace_id: str, wall: datetime) -> list[str]:
    """The analysts of a marketplace who are signed in; `wall` is the time by which sessions end."""
    query = (
        select(role_grant.c.user_id)
        .join(account, account.c.user_id == role_grant.c.user_id)
        .join(browser_session, browser_session.c.user_id == role_grant.c.user_id)
        .where(
            inside(role_grant, marketplace_id, role=Role.ANALYST.value),
            account.c.disabled_at.is_(None),
            browser_session.c.expires_at > wall,
        )
        .distinct()
        .order_by(role_grant.c.user_id)
    )
    return list(connection.execute(query).scalars())


def open_case_counts(connection: Connection, marketplace_id: str, at: datetime) -> Counter[str]:
    """The number of open cases that each person has leased or is assigned."""
    conditions = review_case.c.marketplace_id == marketplace_id, IS_OPEN
    leased_cases = select(review_case.c.case_id, review_case.c.leased_by).where(
        *conditions, review_case.c.leased_by.is_not(None), review_case.c.leased_until > at
    )
    offered = (
        select(review_case.c.case_id, case_assignment.c.user_id)
        .join(case_assignment, same(case_assignment, review_case, "case_id"))
        .where(*conditions, case_assignment.c.until > at)
    )
    # An assigned case that its assignee has leased counts once; a case that somebody else has taken counts for them.
    mine = {row[0]: row[1] for row in connection.execute(offered)}
    mine |= {row[0]: row[1] for row in connection.execute(leased_cases)}
    return Counter(mine.values())


def cases_in_hand(connection: Connection, marketplaces: Collection[str], user_id: str, at: datetime) -> int:
    """The number of open cases that a person has leased or is assigned at these marketplaces."""
    return sum(open_case_counts(connection, place, at)[user_id] for place in marketplaces)


def judges_of(connection: Connection, marketplace_id: str, case_ids: Collection[str]) -> dict[str, set[str]]:
    """The people who have judged the listings of these cases, by case."""
    query = (
        select(review_case.c.case_id, verdict.c.user_id)
        .join(verdict, same(verdict, review_case, "listing_id"))
        .where(review_case.c.marketplace_id == marketplace_id, review_case.c.case_id.in_(case_ids))
    )
    judges_by_case: dict[str, set[str]] = {}
    for row in connection.execute(query):
        judges_by_case.setdefault(row.case_id, set()).add(row.user_id)
    return judges_by_case


def assign(
    connection: Connection, marketplace_id: str, assignees: Mapping[str, str], *, at: datetime, until: datetime
) -> None:
    """Assign cases, each to its person; earlier assignments that have ended are deleted."""
    gone = case_assignment.c.until <= at
    connection.execute(delete(case_assignment).where(case_assignment.c.marketplace_id == marketplace_id, gone))
    rows = [
        {"marketplace_id": marketplace_id, "case_id": case_id, "user_id": user_id, "assigned_at": at, "until": until}
        for case_id, user_id in assignees.items()
    ]
    add(connection, case_assignment, rows)


def hand_over(
    connection: Connection, marketplace_id: str, case_id: str, user_id: str, *, at: datetime, until: datetime
) -> None:
    """Assign a case to a person in place of an earlier assignee."""
    earlier = inside(case_assignment, marketplace_id, case_id=case_id)
    connection.execute(delete(case_assignment).where(earlier))
    assign(connection, marketplace_id, {case_id: user_id}, at=at, until=until)


def withdraw(connection: Connection, marketplaces: Collection[str], user_id: str) -> int:
    """Withdraw the assignments of a person; returns how many."""
    gone = delete(case_assignment).where(
        case_assignment.c.marketplace_id.in_(marketplaces), case_assignment.c.user_id == user_id
    )
    return len(connection.execute(gone.returning(case_assignment.c.case_id)).all())


def brand_counts_by_manager(connection: Connection, marketplace_id: str) -> dict[str, int]:
    """How many brands each account manager of a marketplace manages, including those with none."""
    looked_after = func.count(brand_enrolment.c.brand_id)
    query = (
        select(role_grant.c.user_id, looked_after)
        .join(account, account.c.user_id == role_grant.c.user_id)
        .outerjoin(
            brand_enrolment,
            (brand_enrolment.c.marketplace_id == role_grant.c.marketplace_id)
            & (brand_enrolment.c.account_manager_id == role_grant.c.user_id),
        )
        .where(inside(role_grant, marketplace_id, role=Role.ACCOUNT_MANAGER.value), account.c.disabled_at.is_(None))
        .group_by(role_grant.c.user_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


# Built once, because every score asks.
_QUESTIONS_OF_MODEL: Final = (
    select(review_case.c.brand_id, func.count().label("n"))
    .join(score, same(score, review_case, "score_id"))
    .where(
        inside(review_case, HERE),
        review_case.c.brand_id.in_(bindparam("brands", expanding=True)),
        review_case.c.opened_at >= bindparam("since"),
        score.c.lane == CaseLane.ASK_BRAND.value,
    )
    .group_by(review_case.c.brand_id)
)


def questions_since(
    connection: Connection, marketplace_id: str, brand_ids: Collection[str], since: datetime
) -> dict[str, int]:
    """The number of questions that the model has put to each of these brands since a moment."""
    parameters = {"here": marketplace_id, "brands": list(brand_ids), "since": since}
    return {row.brand_id: row.n for row in connection.execute(_QUESTIONS_OF_MODEL, parameters)}
