"""Timed steps of questions, each once per question and deadline; and brands whose standing may have changed."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, func, select, tuple_, union

from models.case import CaseLane, CaseState
from serving.appeals.tables import overturn
from serving.brands.tables import brand_enrolment
from serving.cases.store.case_filters import IS_OPEN
from serving.cases.tables import review_case, verdict
from serving.platform.database.scope import same
from serving.platform.database.store import insert_or_ignore
from serving.standing.rules.reminders import QuestionStep
from serving.standing.tables import confirmation, question_step
from serving.takedowns.tables import action


def add_step(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Store a step; False where it is already stored."""
    added = insert_or_ignore(connection, question_step).values(**row).returning(question_step.c.case_id)
    return connection.execute(added).first() is not None


def untaken_questions(
    connection: Connection, step: QuestionStep, after: datetime, until: datetime | None, *, most: int
) -> list[tuple[str, str]]:
    """(marketplace, case) of open questions due in (after, until] without a step, the most urgent first.

    Without an end, all that are due later are meant.

    Questions of brands that are no longer enrolled are left out, because nobody is there to remind.
    """
    case = review_case.c
    same_case = same(question_step, review_case, "case_id")
    taken = exists().where(same_case, question_step.c.step == step.value, question_step.c.due_at == case.due_at)
    enrolled = exists().where(same(brand_enrolment, review_case, "brand_id"))
    soon = () if until is None else (case.due_at <= until,)
    query = (
        select(case.marketplace_id, case.case_id)
        .where(IS_OPEN, case.lane == CaseLane.ASK_BRAND.value, case.due_at > after, *soon, enrolled, ~taken)
        .order_by(case.due_at, case.case_id)
        .limit(most)
    )
    return [(row.marketplace_id, row.case_id) for row in connection.execute(query)]


def waiting_for_manager(connection: Connection, pairs: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The number of escalated open questions by (marketplace, brand)."""
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


def brands_enrolled(connection: Connection) -> list[tuple[str, str]]:
    """The (marketplace, brand) of every enrolment, in order."""
    query = select(brand_enrolment.c.marketplace_id, brand_enrolment.c.brand_id)
    return [(place, brand_id) for place, brand_id in connection.execute(query.order_by(*query.selected_columns))]


def brands_touched(connection: Connection, after: datetime, until: datetime) -> list[tuple[str, str]]:
    """The enrolments with an audit decided or a removal reversed in (after, until], in order."""
    audited = (
        select(confirmation.c.marketplace_id, confirmation.c.brand_id)
        .join(verdict, same(verdict, confirmation) & (verdict.c.case_id == confirmation.c.audit_case_id))
        .where(verdict.c.lane == CaseLane.SECOND_REVIEW.value, verdict.c.known_at > after, verdict.c.known_at <= until)
    )
    reversed_removals = (
        select(review_case.c.marketplace_id, review_case.c.brand_id)
        .join(verdict, same(review_case, verdict, "case_id"))
        .join(action, same(action, verdict, "verdict_id"))
        .join(overturn, same(overturn, action, "action_id"))
        .where(overturn.c.overturned_at > after, overturn.c.overturned_at <= until)
    )
    touched_pairs = {(place, brand_id) for place, brand_id in connection.execute(union(audited, reversed_removals))}
    return [pair for pair in brands_enrolled(connection) if pair in touched_pairs]
