"""Reminders and escalations of questions that wait for a brand."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from models.case import CaseLane
from models.reminders import SAID, QuestionStep, next_step
from serving.db import brands, cases, marketplaces, question_steps
from serving.db.cases import Case
from serving.runtime import Runtime

_MOST_AT_ONCE: Final = 200


def remind(runtime: Runtime) -> int:
    """Remind brands of questions that are due soon, and tell their account managers last; returns how many steps.

    A question of which nobody can be told, because its brand is enrolled no longer, is left to its deadline.
    """
    now, policy = runtime.clock.now(), runtime.policies.reminders
    with runtime.store.read() as connection:
        places = [one.marketplace_id for one in marketplaces.everyone(connection)]
        horizon = now + timedelta(hours=policy.reminded_before_hours)
        soon = cases.overdue(connection, CaseLane.ASK_BRAND, places, horizon, 50 * _MOST_AT_ONCE)
        known = question_steps.taken(connection, [(one.marketplace_id, one.case_id, one.due_at) for one in soon])
    wanted = [
        (one, step)
        for one in soon
        if one.due_at > now
        and (step := next_step(one.due_at, known.get((one.marketplace_id, one.case_id, one.due_at), ()), now, policy))
    ]
    if not wanted:
        return 0
    with runtime.store.write() as connection:
        return sum(take_step(runtime, connection, one, step, now) for one, step in wanted[:_MOST_AT_ONCE])


def take_step(runtime: Runtime, connection: Connection, case: Case, step: QuestionStep, at: datetime) -> bool:
    """Write a step down for the brand's record and on the case's timeline, once; False where it was taken."""
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
        "what": SAID[step],
        "actor": "sweep",
        "known_at": at,
    }
    if step is not QuestionStep.UNANSWERED:
        cases.add_events(connection, [event])
    return True
