"""The due step of an unanswered question."""

from datetime import UTC, datetime, timedelta

import pytest

from models.messages.english import in_english
from serving.standing.policy import DEFAULT_REMINDERS
from serving.standing.rules.reminders import STEP_MESSAGES, QuestionStep, due_windows

DUE = datetime(2026, 3, 5, 12, tzinfo=UTC)
R, E = QuestionStep.REMINDED, QuestionStep.ESCALATED
SECOND = timedelta(seconds=1)

CASES = [
    (timedelta(hours=48) + SECOND, [], "a second too early"),
    (timedelta(hours=48), [R], "half of the time has passed"),
    (timedelta(hours=24) + SECOND, [R], "more than a day is left"),
    (timedelta(hours=24), [E], "the last day, and no reminder with the escalation"),
    (SECOND, [E], "a second is left"),
    (timedelta(0), [], "the deadline"),
    (-timedelta(days=9), [], "long after the deadline"),
]


@pytest.mark.parametrize(("time_left", "steps", "_why"), CASES)
def test_the_next_step_is(time_left: timedelta, steps: list[QuestionStep], _why: str) -> None:
    windows = due_windows(DUE - time_left, DEFAULT_REMINDERS)
    assert [step for step, (after, until) in windows.items() if after < DUE <= until] == steps


def test_each_step_that_a_timeline_shows_has_a_sentence() -> None:
    assert set(STEP_MESSAGES) == set(QuestionStep) - {QuestionStep.MAILED}
    assert all(in_english(message).endswith(".") for message in STEP_MESSAGES.values())
