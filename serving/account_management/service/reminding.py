"""Reminders and escalations of a brand's open questions."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from models.messages.english import in_english
from serving.brands.store import brands
from serving.cases.store import cases
from serving.cases.store.cases import Case
from serving.platform.runtime import Runtime
from serving.standing.policy import ReminderPolicy
from serving.standing.rules.reminders import TOLD, QuestionStep, due_windows
from serving.standing.store import question_steps

# The batch of one transaction; a reviewer who decides one of its cases waits for it.
_MOST_AT_ONCE: Final = 50


def remind(runtime: Runtime) -> int:
    """Remind brands of questions that are due soon, and tell their account managers last; returns how many steps.

    A question whose brand is no longer enrolled has no recipient. It waits for its deadline.
    """
    now = runtime.clock.now()
    return sum(
        _take(runtime, step, deadlines, now)
        for step, deadlines in due_windows(now, runtime.policies[ReminderPolicy]).items()
    )


def _take(runtime: Runtime, step: QuestionStep, deadlines: tuple[datetime, datetime], now: datetime) -> int:
    with runtime.store.read() as connection:
        if not question_steps.untaken(connection, step, *deadlines, most=1):
            return 0
    with runtime.store.write() as connection:
        wanted = question_steps.untaken(connection, step, *deadlines, most=_MOST_AT_ONCE)
        questions = [cases.get(connection, place, case_id) for place, case_id in wanted]
        return sum(take_step(runtime, connection, one, step, now) for one in questions)


def take_step(runtime: Runtime, connection: Connection, case: Case, step: QuestionStep, at: datetime) -> bool:
    """Record a step for the brand and on the case's timeline, once; False where it was taken before."""
    enrolled = brands.enrolments(connection, case.marketplace_id).get(case.brand_id or "")
    if enrolled is None:
        return False
    row = {
        "marketplace_id": case.marketplace_id,
        "case_id": case.case_id,
        "step": step.value,
        "due_at": case.due_at,
        "brand_id": enrolled.brand_id,
        "account_manager_id": enrolled.account_manager_id if step is QuestionStep.ESCALATED else None,
        "taken_at": at,
    }
    if not question_steps.add_step(connection, row):
        return False
    event = {
        "marketplace_id": case.marketplace_id,
        "event_id": runtime.ids.new("evt"),
        "case_id": case.case_id,
        "what": in_english(TOLD[step]),
        "actor": "sweep",
        "known_at": at,
    }
    if step is not QuestionStep.UNANSWERED:
        cases.add_events(connection, [event])
    return True
