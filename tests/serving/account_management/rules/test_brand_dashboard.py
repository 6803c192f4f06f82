from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from models.labels import AppealState
from models.verdict import Judgement
from serving.account_management.rules.brand_dashboard import Period, dashboard, periods_between
from serving.account_management.rules.brand_record import Answered, AnswerOutcome
from serving.appeals.rules.counter_notice import CounterNoticeState
from serving.webhooks.rules.action import ActionState

NOW = datetime(2026, 5, 6, 12, tzinfo=UTC)


def answered(
    days: float,
    *,
    judgement: Judgement = Judgement.COUNTERFEIT,
    asked_hours: float | None = 2,
    removed_hours: float | None = 1,
    **more: object,
) -> Answered:
    at = NOW - timedelta(days=days)
    values: dict[str, object] = {
        "judgement": judgement,
        "answered_at": at,
        "undone": False,
        "removal": ActionState.ACKNOWLEDGED,
        "removed_at": None if removed_hours is None else at + timedelta(hours=removed_hours),
        "appeal": AppealState.NONE,
        "asked_at": None if asked_hours is None else at - timedelta(hours=asked_hours),
        **more,
    }
    return Answered(**values)  # type: ignore[arg-type]  # names and types are those of the class


@pytest.mark.parametrize(
    ("days", "number", "first", "why"),
    [
        (30, 5, "2026-04-06", "weeks begin on Mondays, the first is cut where the time begins"),
        (90, 14, "2026-02-05", "three months are still weeks"),
        (365, 13, "2025-05-06", "a year is twelve months and the cut ones at its ends"),
    ],
)
def test_a_time_is_cut_into(days: int, number: int, first: str, why: str) -> None:
    found = periods_between((NOW - timedelta(days=days)).replace(hour=0), NOW)
    assert (len(found), f"{found[0].begins:%Y-%m-%d}") == (number, first), why
    assert found[-1].ends == NOW
    assert all(one.ends == other.begins for one, other in pairwise(found)), "nothing is left out or counted twice"


def test_the_year_turns_with_december() -> None:
    found = periods_between(datetime(2025, 11, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
    assert [f"{one.begins:%Y-%m}" for one in found] == ["2025-11", "2025-12", "2026-01", "2026-02"]


def test_a_period_begins_with_its_first_moment_and_ends_before_its_last() -> None:
    period = Period(NOW, NOW + timedelta(days=1))
    assert (period.holds(period.begins), period.holds(period.ends)) == (True, False)


def test_answers_are_counted_by_outcome_and_reason_within_their_period() -> None:
    parts = periods_between((NOW - timedelta(days=30)).replace(hour=0), NOW)
    found = dashboard(
        [
            answered(1),
            answered(2, judgement=Judgement.GENUINE, removal=None, removed_hours=None),
            *[answered(3, appeal=AppealState.UPHELD, objected=True)] * 2,
            answered(8, removal=None, removed_hours=None),
            answered(9, undone=True),
            answered(31),
        ],
        parts,
    )
    assert (found.answers, found.undone) == (5, 1)
    assert found.outcomes == {
        AnswerOutcome.ACCEPTED: 1,
        AnswerOutcome.REJECTED: 2,
        AnswerOutcome.UNDERWAY: 1,
        AnswerOutcome.NO_REMOVAL_ASKED: 1,
    }
    assert [(one.outcome, one.number) for one in found.reasons] == [
        (AnswerOutcome.ACCEPTED, 1),
        (AnswerOutcome.REJECTED, 2),
        (AnswerOutcome.UNDERWAY, 1),
        (AnswerOutcome.NO_REMOVAL_ASKED, 1),
    ]
    assert found.judgements == {Judgement.COUNTERFEIT: 4, Judgement.GENUINE: 1}
    assert [part.answers for part in found.parts] == [0, 0, 0, 3, 2]
    assert [(part.accepted, part.rejected, part.open) for part in found.parts][-2:] == [(0, 2, 1), (1, 0, 0)]


def test_medians_say_of_how_many_they_are() -> None:
    found = dashboard(
        [
            answered(1, asked_hours=1, removed_hours=3),
            answered(1, asked_hours=5, removed_hours=None),
            answered(1, asked_hours=None, removed_hours=5),
        ],
        [Period(NOW - timedelta(days=7), NOW)],
    )
    assert (found.to_answer.hours, found.to_answer.n) == (3.0, 2)
    assert (found.to_removal.hours, found.to_removal.n) == (4.0, 2)
    nothing = dashboard([], [Period(NOW - timedelta(days=7), NOW)])
    assert (nothing.to_answer.hours, nothing.to_answer.n) == (None, 0)


@pytest.mark.parametrize(
    ("appeal", "counter", "ended"),
    [
        (AppealState.UPHELD, None, "objection.upheld"),
        (AppealState.UNANSWERED, None, "objection.unanswered"),
        (AppealState.DISMISSED, CounterNoticeState.LAPSED, "objection.dismissed"),
        (AppealState.OPEN, None, "objection.open"),
        (AppealState.NONE, CounterNoticeState.UPHELD, "objection.conceded"),
        (AppealState.NONE, CounterNoticeState.LAPSED, "objection.lapsed"),
        (AppealState.NONE, CounterNoticeState.WITHDRAWN, "objection.withdrawn"),
        (AppealState.NONE, CounterNoticeState.WITH_COURT, "objection.open"),
        (AppealState.NONE, None, "objection.open"),
    ],
)
def test_an_objection_ended(appeal: AppealState, counter: CounterNoticeState | None, ended: str) -> None:
    one = answered(1, appeal=appeal, counter_notice=counter, objected=True)
    assert dashboard([one], [Period(NOW - timedelta(days=7), NOW)]).objections == {ended: 1}
