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
        ({}, AnswerOutcome.ACCEPTED, "answer.removed"),
        ({"appeal": AppealState.DISMISSED}, AnswerOutcome.ACCEPTED, "answer.appeal_dismissed"),
        ({"appeal": AppealState.UPHELD}, AnswerOutcome.REJECTED, "answer.appeal_upheld"),
        ({"appeal": AppealState.UNANSWERED}, AnswerOutcome.REJECTED, "answer.appeal_unanswered"),
        ({"counter_notice": CounterNoticeState.WITH_SELLER}, AnswerOutcome.CONTESTED, "answer.with_seller"),
        (
            {"counter_notice": CounterNoticeState.WITH_RIGHTS_HOLDER},
            AnswerOutcome.CONTESTED,
            "answer.with_rights_holder",
        ),
        ({"counter_notice": CounterNoticeState.WITH_REVIEWER}, AnswerOutcome.CONTESTED, "answer.appeal_open"),
        ({"counter_notice": CounterNoticeState.WITH_COURT}, AnswerOutcome.CONTESTED, "answer.with_court"),
        ({"counter_notice": CounterNoticeState.UPHELD}, AnswerOutcome.REJECTED, "answer.conceded"),
        ({"counter_notice": CounterNoticeState.DISMISSED}, AnswerOutcome.ACCEPTED, "answer.appeal_dismissed"),
        ({"counter_notice": CounterNoticeState.LAPSED}, AnswerOutcome.ACCEPTED, "answer.lapsed"),
        ({"counter_notice": CounterNoticeState.WITHDRAWN}, AnswerOutcome.ACCEPTED, "answer.withdrawn"),
        ({"removal": ActionState.PENDING_APPROVAL}, AnswerOutcome.UNDERWAY, "answer.held"),
        ({"appeal": AppealState.OPEN}, AnswerOutcome.CONTESTED, "answer.appeal_open"),
        ({"removal": ActionState.SCHEDULED}, AnswerOutcome.UNDERWAY, "answer.underway"),
        ({"removal": ActionState.SENDING}, AnswerOutcome.UNDERWAY, "answer.underway"),
        ({"removal": None}, AnswerOutcome.UNDERWAY, "answer.analyst"),
        ({"removal": ActionState.DEAD}, AnswerOutcome.UNDERWAY, "answer.dead"),
        ({"removal": ActionState.WITHDRAWN}, AnswerOutcome.REJECTED, "answer.removal_withdrawn"),
        ({"undone": True, "removal": ActionState.WITHDRAWN}, AnswerOutcome.UNDONE, "answer.undone"),
        *(
            ({"judgement": one, "removal": None}, AnswerOutcome.NO_REMOVAL_ASKED, "answer.no_removal")
            for one in Judgement
            if one is not Judgement.COUNTERFEIT
        ),
    ],
)
def test_what_becomes_of_an_answer(changes: dict[str, Any], outcome: AnswerOutcome, reason: str) -> None:
    found = became(replace(REMOVED, **changes))
    assert found.outcome is outcome
    assert reason == found.reason


def test_every_state_of_a_removal_has_an_outcome() -> None:
    for removal in (None, *ActionState):
        assert became(replace(REMOVED, removal=removal)).outcome in AnswerOutcome


def test_the_record_counts_outcomes_objections_and_the_median_time() -> None:
    slow = replace(REMOVED, removed_at=AT + timedelta(hours=2))
    given = [
        REMOVED,
        slow,
        replace(slow, removed_at=AT + timedelta(hours=9), appeal=AppealState.UPHELD, objected=True),
        replace(REMOVED, counter_notice=CounterNoticeState.UPHELD, objected=True, removed_at=None),
        replace(REMOVED, appeal=AppealState.DISMISSED, objected=True, removed_at=AT + timedelta(hours=4)),
        replace(REMOVED, removal=ActionState.SENDING, removed_at=None),
        replace(REMOVED, undone=True, removal=ActionState.WITHDRAWN, removed_at=None),
    ]
    found = brand_record(given)
    assert found.outcomes == {
        AnswerOutcome.ACCEPTED: 3,
        AnswerOutcome.REJECTED: 2,
        AnswerOutcome.UNDERWAY: 1,
        AnswerOutcome.UNDONE: 1,
    }
    assert (found.counter_notices, found.counter_notices_upheld) == (3, 2)
    assert found.median_hours_to_removal == 3.0


def test_before_the_first_removal_there_is_no_median() -> None:
    assert brand_record([]).median_hours_to_removal is None
