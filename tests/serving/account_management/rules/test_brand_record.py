from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.labels import AppealState
from models.verdict import Judgement
from serving.account_management.rules.brand_record import Answered, AnswerOutcome, became, brand_record
from serving.appeals.rules.counter_notice import CounterNoticeState
from serving.webhooks.rules.action import ActionState

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
REMOVED = Answered(
    Judgement.COUNTERFEIT, AT, False, ActionState.ACKNOWLEDGED, AT + timedelta(minutes=3), AppealState.NONE
)


@pytest.mark.parametrize(
    ("changes", "outcome", "reason"),
    [
        ({}, AnswerOutcome.ACCEPTED, "The offer is removed."),
        ({"appeal": AppealState.DISMISSED}, AnswerOutcome.ACCEPTED, "objected and was wrong"),
        ({"appeal": AppealState.UPHELD}, AnswerOutcome.REJECTED, "objected and was right"),
        ({"appeal": AppealState.UNANSWERED}, AnswerOutcome.REJECTED, "nobody answered in time"),
        ({"counter_notice": CounterNoticeState.WITH_SELLER}, AnswerOutcome.CONTESTED, "may answer what you said"),
        ({"counter_notice": CounterNoticeState.WITH_RIGHTS_HOLDER}, AnswerOutcome.CONTESTED, "your answer is awaited"),
        ({"counter_notice": CounterNoticeState.WITH_REVIEWER}, AnswerOutcome.CONTESTED, "not decided before"),
        ({"counter_notice": CounterNoticeState.WITH_COURT}, AnswerOutcome.CONTESTED, "gone to court"),
        ({"counter_notice": CounterNoticeState.UPHELD}, AnswerOutcome.REJECTED, "You gave way"),
        ({"counter_notice": CounterNoticeState.DISMISSED}, AnswerOutcome.ACCEPTED, "objected and was wrong"),
        ({"counter_notice": CounterNoticeState.LAPSED}, AnswerOutcome.ACCEPTED, "answered no more"),
        ({"counter_notice": CounterNoticeState.WITHDRAWN}, AnswerOutcome.ACCEPTED, "took it back"),
        ({"removal": ActionState.HELD}, AnswerOutcome.UNDERWAY, "waits until enough people"),
        ({"appeal": AppealState.OPEN}, AnswerOutcome.CONTESTED, "a person who has not decided before"),
        ({"removal": ActionState.SCHEDULED}, AnswerOutcome.UNDERWAY, "on its way"),
        ({"removal": ActionState.SENDING}, AnswerOutcome.UNDERWAY, "on its way"),
        ({"removal": None}, AnswerOutcome.UNDERWAY, "An analyst decides before anything is removed."),
        ({"removal": ActionState.DEAD}, AnswerOutcome.UNDERWAY, "has not acknowledged"),
        ({"removal": ActionState.WITHDRAWN}, AnswerOutcome.REJECTED, "withdrawn before it left"),
        ({"taken_back": True, "removal": ActionState.WITHDRAWN}, AnswerOutcome.TAKEN_BACK, "You took"),
        *(
            ({"judgement": one, "removal": None}, AnswerOutcome.NO_REMOVAL_ASKED, "asks for no removal")
            for one in Judgement
            if one is not Judgement.COUNTERFEIT
        ),
    ],
)
def test_what_becomes_of_an_answer(changes: dict[str, Any], outcome: AnswerOutcome, reason: str) -> None:
    found = became(replace(REMOVED, **changes))
    assert found.outcome is outcome
    assert reason in found.reason


def test_every_state_of_a_removal_has_an_outcome() -> None:
    for removal in (None, *ActionState):
        assert became(replace(REMOVED, removal=removal)).outcome in AnswerOutcome


def test_the_record_counts_outcomes_objections_and_the_median_time() -> None:
    slow = replace(REMOVED, removed_at=AT + timedelta(hours=2))
    given = [
        REMOVED,
        slow,
        replace(slow, removed_at=AT + timedelta(hours=9), appeal=AppealState.UPHELD, objected=True),
        replace(REMOVED, appeal=AppealState.DISMISSED, objected=True, removed_at=AT + timedelta(hours=4)),
        replace(REMOVED, removal=ActionState.SENDING, removed_at=None),
        replace(REMOVED, taken_back=True, removal=ActionState.WITHDRAWN, removed_at=None),
    ]
    found = brand_record(given)
    assert found.outcomes == {
        AnswerOutcome.ACCEPTED: 3,
        AnswerOutcome.REJECTED: 1,
        AnswerOutcome.UNDERWAY: 1,
        AnswerOutcome.TAKEN_BACK: 1,
    }
    assert (found.counter_notices, found.counter_notices_upheld) == (2, 1)
    assert found.median_hours_to_removal == 3.0


def test_before_the_first_removal_there_is_no_median() -> None:
    assert brand_record([]).median_hours_to_removal is None
