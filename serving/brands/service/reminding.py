"""New questions, reminders and escalations: recorded once each, and mailed to those whom they concern."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

from sqlalchemy import Connection

from models.messages.english import in_english
from serving.accounts.store import accounts
from serving.brands.store import brands
from serving.cases.store import cases
from serving.cases.store.cases import Case
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_summary
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime
from serving.standing.policy import ReminderPolicy
from serving.standing.rules.reminders import STEP_MESSAGES, QuestionStep, due_windows
from serving.standing.store import question_steps

# The batch of one transaction; a reviewer who decides one of its cases waits for it.
_MOST_AT_ONCE: Final = 50
_KINDS: Final = {
    QuestionStep.MAILED: MailKind.QUESTIONS,
    QuestionStep.REMINDED: MailKind.REMINDERS,
    QuestionStep.ESCALATED: MailKind.ESCALATIONS,
}


def mail_questions(runtime: Runtime) -> int:
    """Tell the people of brands of their new questions; returns how many questions."""
    return _take_due_steps(runtime, QuestionStep.MAILED, (runtime.clock.now(), None), runtime.clock.now())


def remind(runtime: Runtime) -> int:
    """Remind brands of questions that are due soon, and tell their account managers last; returns how many steps.

    A question whose brand is no longer enrolled has no recipient. It waits for its deadline.
    """
    now = runtime.clock.now()
    return sum(
        _take_due_steps(runtime, step, deadlines, now)
        for step, deadlines in due_windows(now, runtime.policies[ReminderPolicy]).items()
    )


def _take_due_steps(
    runtime: Runtime, step: QuestionStep, deadlines: tuple[datetime, datetime | None], now: datetime
) -> int:
    with runtime.store.read() as connection:
        if not question_steps.untaken_questions(connection, step, *deadlines, most=1):
            return 0
    with runtime.store.write() as connection:
        due_cases = question_steps.untaken_questions(connection, step, *deadlines, most=_MOST_AT_ONCE)
        questions = [cases.get(connection, place, case_id) for place, case_id in due_cases]
        taken = [question for question in questions if take_step(runtime, connection, question, step, now)]
        _mail_step(runtime, connection, step, taken)
    return len(taken)


def _mail_step(runtime: Runtime, connection: Connection, step: QuestionStep, questions: Sequence[Case]) -> None:
    """Tell the people of each brand, or its account manager, of a step of its questions."""
    for (marketplace_id, brand_id), group in groupby(sorted(questions, key=_pair_of), key=_pair_of):
        enrolled = brands.enrolments(connection, marketplace_id)[brand_id]
        brand_questions = list(group)
        summary = {
            "marketplace_id": marketplace_id,
            "marketplace": marketplaces.get(connection, marketplace_id).name,
            "brand_id": brand_id,
            "brand": enrolled.name,
            "n": len(brand_questions),
            "due": min(question.due_at for question in brand_questions).isoformat(),
        }
        people = [
            brand_person.user_id for brand_person in accounts.people_of_brand(connection, (marketplace_id, brand_id))
        ]
        if step is QuestionStep.ESCALATED:
            people = [enrolled.account_manager_id]
        queue_summary(runtime, connection, _KINDS[step], people, summary)


def _pair_of(case: Case) -> tuple[str, str]:
    return case.marketplace_id, case.brand_id or ""


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
    if step in {QuestionStep.REMINDED, QuestionStep.ESCALATED}:
        event = {
            "marketplace_id": case.marketplace_id,
            "event_id": runtime.ids.new("evt"),
            "case_id": case.case_id,
            "what": in_english(STEP_MESSAGES[step]),
            "actor": "sweep",
            "known_at": at,
        }
        cases.add_events(connection, [event])
    return True
