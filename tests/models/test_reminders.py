"""What is due about a question that nobody has answered."""

from datetime import UTC, datetime, timedelta

import pytest

from models.policies.reminders import DEFAULT_REMINDERS
from models.reminders import SAID, QuestionStep, next_step

DUE = datetime(2026, 3, 5, 12, tzinfo=UTC)
R, E, U = QuestionStep.REMINDED, QuestionStep.ESCALATED, QuestionStep.UNANSWERED
SECOND = timedelta(seconds=1)

CASES = [
    (timedelta(hours=48) + SECOND, set(), None, "a second too early"),
    (timedelta(hours=48), set(), R, "half of the time is over"),
    (timedelta(hours=47), {R}, None, "reminded once"),
    (timedelta(hours=24) + SECOND, {R}, None, "not a day yet"),
    (timedelta(hours=24), {R}, E, "the last day"),
    (timedelta(hours=24), set(), E, "no reminder beside the escalation"),
    (timedelta(hours=1), {R, E}, None, "told once"),
    (timedelta(0), {R, E}, U, "the time is over"),
    (-timedelta(days=9), {R, E, U}, None, "silent once"),
]


@pytest.mark.parametrize(("left", "taken", "step", "_why"), CASES, ids=[row[-1] for row in CASES])
def test_the_next_step_is(left: timedelta, taken: set[QuestionStep], step: QuestionStep | None, _why: str) -> None:
    assert next_step(DUE, taken, DUE - left, DEFAULT_REMINDERS) is step


def test_each_step_is_said_in_a_sentence() -> None:
    assert set(SAID) == set(QuestionStep)
    assert all(said.endswith(".") for said in SAID.values())
