"""What is due about a question that a brand has not answered. Standard library only."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from models.policies.reminders import ReminderPolicy


class QuestionStep(StrEnum):
    """What time brings to a question, in this order."""

    REMINDED = "reminded"  # The brand is told that half of its time is over.
    ESCALATED = "escalated"  # The brand's account manager is told.
    UNANSWERED = "unanswered"  # The question goes to an analyst; the silence is kept with the brand's record.


SAID: Final = {
    QuestionStep.REMINDED: "The brand is reminded.",
    QuestionStep.ESCALATED: "The brand's account manager is told that the answer is nearly due.",
    QuestionStep.UNANSWERED: "The brand has not answered in time; an analyst decides.",
}


def due_from(step: QuestionStep, due_at: datetime, policy: ReminderPolicy) -> datetime:
    """From when on a step is due for a question that goes back at `due_at`."""
    match step:
        case QuestionStep.REMINDED:
            return due_at - timedelta(hours=policy.reminded_before_hours)
        case QuestionStep.ESCALATED:
            return due_at - timedelta(hours=policy.escalated_before_hours)
        case QuestionStep.UNANSWERED:
            return due_at


def next_step(
    due_at: datetime, taken: Collection[QuestionStep], now: datetime, policy: ReminderPolicy
) -> QuestionStep | None:
    """The step to take now; None where none is due or it was taken.

    Only the latest that is due: whoever was away for two days needs no reminder beside the escalation.
    """
    due = [step for step in QuestionStep if now >= due_from(step, due_at, policy)]
    return due[-1] if due and due[-1] not in taken else None
