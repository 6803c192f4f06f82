"""What time brought to questions: reminders, escalations, silences. Written once for a question and its deadline."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, tuple_

from models.case import CaseLane, CaseState
from models.reminders import QuestionStep
from serving.db.store import insert_or_ignore
from serving.db.tables import question_step, review_case


def add_step(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Write a step down; False where it was taken already."""
    added = insert_or_ignore(connection, question_step).values(**row).returning(question_step.c.case_id)
    return connection.execute(added).first() is not None


def taken(
    connection: Connection, questions: Collection[tuple[str, str, datetime]]
) -> dict[tuple[str, str, datetime], set[QuestionStep]]:
    """The steps taken so far about questions, given as (marketplace, case, deadline)."""
    step = question_step.c
    found: dict[tuple[str, str, datetime], set[QuestionStep]] = {}
    if questions:
        query = select(step.marketplace_id, step.case_id, step.due_at, step.step).where(
            tuple_(step.marketplace_id, step.case_id).in_({(place, case) for place, case, _ in questions})
        )
        for row in connection.execute(query):
            key = (row.marketplace_id, row.case_id, row.due_at)
            found.setdefault(key, set()).add(QuestionStep(row.step))
    return found


def waiting_for_manager(connection: Connection, pairs: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """How many open questions of each (marketplace, brand) its account manager was told of."""
    step = question_step.c
    query = (
        select(step.marketplace_id, step.brand_id, func.count().label("n"))
        .join(
            review_case,
            (review_case.c.marketplace_id == step.marketplace_id)
            & (review_case.c.case_id == step.case_id)
            & (review_case.c.due_at == step.due_at),
        )
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
    """How many questions a brand let go back by silence since a moment."""
    step = question_step.c
    query = select(func.count()).where(
        step.marketplace_id == marketplace_id,
        step.brand_id == brand_id,
        step.step == QuestionStep.UNANSWERED.value,
        step.taken_at >= since,
    )
    return int(connection.execute(query).scalar_one())
