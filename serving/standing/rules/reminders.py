"""The due step for a question that a brand has not answered. Standard library only."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from serving.standing.policy import ReminderPolicy


class QuestionStep(StrEnum):
    """The steps of an unanswered question, in this order."""

    REMINDED = "reminded"  # The brand is told that half of its time is over.
    ESCALATED = "escalated"  # The brand's account manager is told.
    UNANSWERED = "unanswered"  # The question goes to an analyst; the silence is kept with the brand's record.


EVENT_TEXTS: Final = {
    QuestionStep.REMINDED: "The brand is reminded.",
    QuestionStep.ESCALATED: "The brand's account manager is told that the answer is nearly due.",
    QuestionStep.UNANSWERED: "The brand has not answered in time; an analyst decides.",
}


def stretches(now: datetime, policy: ReminderPolicy) -> dict[QuestionStep, tuple[datetime, datetime]]:
    """Which deadlines make a step the one to take now: later than the first moment, up to and with the second.

    Only the latest due step applies: after two days of absence, the escalation makes the reminder unnecessary. A passed
    deadline makes no step due; the question then goes back.
    """
    escalated = now + timedelta(hours=policy.escalated_before_hours)
    reminded = now + timedelta(hours=policy.reminded_before_hours)
    return {QuestionStep.REMINDED: (escalated, reminded), QuestionStep.ESCALATED: (now, escalated)}
