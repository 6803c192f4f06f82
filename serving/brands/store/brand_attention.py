"""The signs that a brand needs its account manager: counts and moments. Read only."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from models.case import CaseLane, CaseState
from models.verdict import Judgement, Side
from serving.brands.rules.alias_proposals import ProposalState
from serving.brands.rules.rights import RightState
from serving.brands.tables import alias_proposal, authorisation_request, brand_enrolment, brand_right
from serving.cases.tables import review_case, verdict
from serving.platform.database.scope import Pair, in_pairs, same
from serving.standing.rules.reminders import QuestionStep
from serving.standing.tables import question_step


def overdue_counts(connection: Connection, pairs: Collection[Pair], at: datetime) -> dict[Pair, int]:
    """Open questions past their deadline."""
    late = (
        review_case.c.state == CaseState.OPEN.value,
        review_case.c.lane == CaseLane.ASK_BRAND.value,
        review_case.c.due_at <= at,
    )
    return _counts_by_pair(connection, review_case, pairs, *late)


def unanswered_counts(connection: Connection, pairs: Collection[Pair], since: datetime) -> dict[Pair, int]:
    """Questions returned unanswered since a moment."""
    step = question_step.c
    return _counts_by_pair(
        connection, question_step, pairs, step.step == QuestionStep.UNANSWERED.value, step.taken_at >= since
    )


def last_answered_at(connection: Connection, pairs: Collection[Pair]) -> dict[Pair, datetime]:
    """When a user of each brand last answered; brands that never did are left out."""
    last = (  # The newest by the index of each brand, however many it has given.
        select(verdict.c.known_at)
        .where(
            same(verdict, brand_enrolment, "brand_id"),
            verdict.c.side == Side.BRAND.value,
            verdict.c.judgement != Judgement.WITHDRAWN.value,
        )
        .order_by(verdict.c.known_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(brand_enrolment.c.marketplace_id, brand_enrolment.c.brand_id, last.label("at"))
    rows = connection.execute(query.where(in_pairs(brand_enrolment, pairs)))
    return {(row.marketplace_id, row.brand_id): row.at for row in rows if row.at is not None}


def rights_to_verify(connection: Connection, pairs: Collection[Pair]) -> dict[Pair, int]:
    """Rights that wait for verification."""
    return _counts_by_pair(connection, brand_right, pairs, brand_right.c.state == RightState.CLAIMED.value)


def rights_ending(connection: Connection, pairs: Collection[Pair], after: datetime, until: datetime) -> dict[Pair, int]:
    ends, verified = brand_right.c.expires_at, brand_right.c.state == RightState.VERIFIED.value
    return _counts_by_pair(connection, brand_right, pairs, verified, ends > after, ends <= until)


def aliases_to_decide(connection: Connection, pairs: Collection[Pair]) -> dict[Pair, int]:
    return _counts_by_pair(connection, alias_proposal, pairs, alias_proposal.c.state == ProposalState.PROPOSED.value)


def open_seller_requests(connection: Connection, pairs: Collection[Pair]) -> dict[Pair, int]:
    return _counts_by_pair(connection, authorisation_request, pairs, authorisation_request.c.accepted.is_(None))


def _counts_by_pair(
    connection: Connection, table: Any, pairs: Collection[Pair], *which: ColumnElement[bool]
) -> dict[Pair, int]:
    query = (
        select(table.c.marketplace_id, table.c.brand_id, func.count().label("n"))
        .where(in_pairs(table, pairs), *which)
        .group_by(table.c.marketplace_id, table.c.brand_id)
    )
    return {(row.marketplace_id, row.brand_id): row.n for row in connection.execute(query)}
