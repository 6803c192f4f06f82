"""The due step of a question that a brand has not answered."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from features.message import message
from serving.standing.policy import ReminderPolicy


class QuestionStep(StrEnum):
    """The steps of an unanswered question, in this order."""

    MAILED = "mailed"  # The brand was told of the question.
    REMINDED = "reminded"  # The brand is told that half of its time has passed.
    ESCALATED = "escalated"  # The brand's account manager is told.
    UNANSWERED = "unanswered"  # The question goes to an analyst; the missed answer stays in the brand's record.


# The steps that the timeline of a case shows.
STEP_MESSAGES: Final = {step: message(f"question.{step}") for step in QuestionStep if step is not QuestionStep.MAILED}


def due_windows(now: datetime, policy: ReminderPolicy) -> dict[QuestionStep, tuple[datetime, datetime]]:
    """The deadlines, by step, for which that step is due now: later than the first moment, up to the second.

    Only the latest step is due: an escalation makes a missed reminder unnecessary. No step is due after the deadline;
    the question then goes to an analyst.
    """
    escalated = now + timedelta(hours=policy.escalated_before_hours)
    reminded = now + timedelta(hours=policy.reminded_before_hours)
    return {QuestionStep.REMINDED: (escalated, reminded), QuestionStep.ESCALATED: (now, escalated)}
