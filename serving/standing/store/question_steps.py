"""The timed steps of questions: reminders, escalations, silences. Written once for a question and its deadline."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, func, select, tuple_

from models.case import CaseLane, CaseState
from serving.brands.tables import brand_enrolment
from serving.cases.store.ordered_scan import IS_OPEN
from serving.cases.tables import review_case
from serving.platform.database.scope import same
from serving.platform.database.store import insert_or_ignore
from serving.standing.rules.reminders import QuestionStep
from serving.standing.tables import question_step


def add_step(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Write a step down; False where it was taken already."""
    added = insert_or_ignore(connection, question_step).values(**row).returning(question_step.c.case_id)
    return connection.execute(added).first() is not None


def untaken(
    connection: Connection, step: QuestionStep, after: datetime, until: datetime, *, most: int
) -> list[tuple[str, str]]:
    """Open questions due later than `after`, up to `until`, about which a step was not taken, the most urgent first.

    As (marketplace, case). Questions of a brand that is enrolled no longer are left out: nobody can be told of them.
    """
    case = review_case.c
    asked = same(question_step, review_case, "case_id")
    taken = exists().where(asked, question_step.c.step == step.value, question_step.c.due_at == case.due_at)
    enrolled = exists().where(same(brand_enrolment, review_case, "brand_id"))
    query = (
        select(case.marketplace_id, case.case_id)
        .where(
            IS_OPEN, case.lane == CaseLane.ASK_BRAND.value, case.due_at > after, case.due_at <= until, enrolled, ~taken
        )
        .order_by(case.due_at, case.case_id)
        .limit(most)
    )
    return [(row.marketplace_id, row.case_id) for row in connection.execute(query)]


def waiting_for_manager(connection: Connection, pairs: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """How many open questions of each (marketplace, brand) its account manager was told of."""
    step = question_step.c
    query = (
        select(step.marketplace_id, step.brand_id, func.count().label("n"))
        .join(review_case, same(review_case, question_step, "case_id", "due_at"))
        .where(
            tuple_(step.marketplace_id, step.brand_id).in_(set(pairs)),
            step.step == QuestionStep.ESCALATED.value,
            review_case.c.state == CaseState.OPEN.value,
            review_case.c.lane == CaseLane.ASK_BRAND.value,
        )
        .group_by(step.marketplace_id, step.brand_id)
    )
    return {(row.marketplace_id, row.brand_id): row.n for row in connection.execute(query)} if pairs else {}


def unanswered(connection: Connection, marketplace_id: str, brand_id: str, since: datetime) -> int:
    """How many questions a brand has returned by silence since a moment."""
    step = question_step.c
    query = select(func.count()).where(
        step.marketplace_id == marketplace_id,
        step.brand_id == brand_id,
        step.step == QuestionStep.UNANSWERED.value,
        step.taken_at >= since,
    )
    return int(connection.execute(query).scalar_one())
