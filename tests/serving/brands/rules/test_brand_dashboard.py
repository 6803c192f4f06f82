from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from features.message import message
from models.labels import AppealState
from models.messages.english import in_english
from models.verdict import Judgement
from serving.appeals.rules.counter_notice import CounterNoticeState
from serving.brands.policy import DEFAULT_ATTENTION
from serving.brands.rules.attention import BrandFigures, Need, attention_reasons, urgency
from serving.brands.rules.brand_dashboard import Period, dashboard, periods_between
from serving.brands.rules.brand_record import AnswerFacts, AnswerOutcome, answer_figures, result_of, window_start
from serving.standing.rules.standing import Level
from serving.webhooks.rules.action import ActionState

NOW = datetime(2026, 5, 6, 12, tzinfo=UTC)


def an_answer(
    days: float,
    *,
    judgement: Judgement = Judgement.COUNTERFEIT,
    asked_hours: float | None = 2,
    removed_hours: float | None = 1,
    **more: object,
) -> AnswerFacts:
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
    return AnswerFacts(**values)  # type: ignore[arg-type]  # names and types are those of the class


@pytest.mark.parametrize(
    ("days", "number", "first", "why"),
    [
        (30, 5, "2026-04-06", "weeks begin on Mondays, the first is cut where the time begins"),
        (90, 14, "2026-02-05", "three months are still weeks"),
        (365, 13, "2025-05-06", "a year is twelve months and the cut ones at its ends"),
    ],
)
def test_a_time_is_cut_into(days: int, number: int, first: str, why: str) -> None:
    periods = periods_between((NOW - timedelta(days=days)).replace(hour=0), NOW)
    assert (len(periods), f"{periods[0].begins:%Y-%m-%d}") == (number, first), why
    assert periods[-1].ends == NOW
    assert all(period.ends == next_period.begins for period, next_period in pairwise(periods)), (
        "nothing is left out or counted twice"
    )


def test_the_year_turns_with_december() -> None:
    periods = periods_between(datetime(2025, 11, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
    assert [f"{period.begins:%Y-%m}" for period in periods] == ["2025-11", "2025-12", "2026-01", "2026-02"]


def test_a_period_begins_with_its_first_moment_and_ends_before_its_last() -> None:
    period = Period(NOW, NOW + timedelta(days=1))
    assert (period.holds(period.begins), period.holds(period.ends)) == (True, False)


def test_answers_are_counted_by_outcome_and_reason_within_their_period() -> None:
    parts = periods_between((NOW - timedelta(days=30)).replace(hour=0), NOW)
    figures = dashboard(
        [
            an_answer(1),
            an_answer(2, judgement=Judgement.GENUINE, removal=None, removed_hours=None),
            *[an_answer(3, appeal=AppealState.UPHELD, objected=True)] * 2,
            an_answer(8, removal=None, removed_hours=None),
            an_answer(9, undone=True),
            an_answer(31),
        ],
        parts,
    )
    assert (figures.figures.answers, figures.figures.undone) == (5, 1)
    assert figures.figures.outcomes == {
        AnswerOutcome.ACCEPTED: 1,
        AnswerOutcome.REJECTED: 2,
        AnswerOutcome.UNDERWAY: 1,
        AnswerOutcome.NO_REMOVAL_ASKED: 1,
    }
    assert [(reason.outcome, reason.number) for reason in figures.reasons] == [
        (AnswerOutcome.ACCEPTED, 1),
        (AnswerOutcome.REJECTED, 2),
        (AnswerOutcome.UNDERWAY, 1),
        (AnswerOutcome.NO_REMOVAL_ASKED, 1),
    ]
    assert figures.judgements == {Judgement.COUNTERFEIT: 4, Judgement.GENUINE: 1}
    assert [part.answers for part in figures.parts] == [0, 0, 0, 3, 2]
    assert [(part.accepted, part.rejected, part.open) for part in figures.parts][-2:] == [(0, 2, 1), (1, 0, 0)]


def test_medians_say_of_how_many_they_are() -> None:
    figures = answer_figures(
        [
            an_answer(1, asked_hours=1, removed_hours=3),
            an_answer(1, asked_hours=5, removed_hours=None),
            an_answer(1, asked_hours=None, removed_hours=5),
        ]
    )
    assert (figures.to_answer.hours, figures.to_answer.n) == (3.0, 2)
    assert (figures.to_removal.hours, figures.to_removal.n) == (4.0, 2)
    nothing = answer_figures([])
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
    answer = an_answer(1, appeal=appeal, counter_notice=counter, objected=True)
    assert dashboard([answer], [Period(NOW - timedelta(days=7), NOW)]).objections == {ended: 1}


AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
REMOVED = AnswerFacts(
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
        ({"removal": ActionState.PENDING_APPROVAL}, AnswerOutcome.UNDERWAY, "answer.pending"),
        ({"appeal": AppealState.OPEN}, AnswerOutcome.CONTESTED, "answer.appeal_open"),
        ({"removal": ActionState.SCHEDULED}, AnswerOutcome.UNDERWAY, "answer.underway"),
        ({"removal": ActionState.SENDING}, AnswerOutcome.UNDERWAY, "answer.underway"),
        ({"removal": None}, AnswerOutcome.UNDERWAY, "answer.analyst"),
        ({"removal": ActionState.DEAD}, AnswerOutcome.UNDERWAY, "answer.dead"),
        ({"removal": ActionState.WITHDRAWN}, AnswerOutcome.REJECTED, "answer.removal_withdrawn"),
        ({"undone": True, "removal": ActionState.WITHDRAWN}, AnswerOutcome.UNDONE, "answer.undone"),
        *(
            ({"judgement": judgement, "removal": None}, AnswerOutcome.NO_REMOVAL_ASKED, "answer.no_removal")
            for judgement in Judgement
            if judgement is not Judgement.COUNTERFEIT
        ),
    ],
)
def test_what_becomes_of_an_answer(changes: dict[str, Any], outcome: AnswerOutcome, reason: str) -> None:
    ending = result_of(replace(REMOVED, **changes))
    assert ending.outcome is outcome
    assert reason == ending.reason


def test_every_state_of_a_removal_has_an_outcome() -> None:
    for removal in (None, *ActionState):
        assert result_of(replace(REMOVED, removal=removal)).outcome in AnswerOutcome


def test_the_figures_count_outcomes_objections_and_the_median_time() -> None:
    slow = replace(REMOVED, removed_at=AT + timedelta(hours=2))
    answers = [
        REMOVED,
        slow,
        replace(slow, removed_at=AT + timedelta(hours=9), appeal=AppealState.UPHELD, objected=True),
        replace(REMOVED, counter_notice=CounterNoticeState.UPHELD, objected=True, removed_at=None),
        replace(REMOVED, appeal=AppealState.DISMISSED, objected=True, removed_at=AT + timedelta(hours=4)),
        replace(REMOVED, removal=ActionState.SENDING, removed_at=None),
        replace(REMOVED, undone=True, removal=ActionState.WITHDRAWN, removed_at=None),
    ]
    figures = answer_figures(answers)
    assert figures.outcomes == {
        AnswerOutcome.ACCEPTED: 3,
        AnswerOutcome.REJECTED: 2,
        AnswerOutcome.UNDERWAY: 1,
    }
    assert (figures.answers, figures.undone, figures.accepted, figures.decided) == (6, 1, 3, 5)
    assert (figures.objections, figures.objections_upheld) == (3, 2)
    assert (figures.to_removal.hours, figures.to_removal.n) == (3.0, 4)


def test_the_window_begins_at_midnight_whenever_on_the_day_a_page_is_opened() -> None:
    assert {window_start(NOW.replace(hour=hour), 90) for hour in (0, 9, 23)} == {datetime(2026, 2, 5, tzinfo=UTC)}


ATTENTION_NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
QUIET = BrandFigures(
    takes_part=True,
    overdue=0,
    escalated=0,
    unanswered=0,
    answered_at=ATTENTION_NOW - timedelta(days=1),
    level=Level.FULL,
    warned=False,
    outlook=message("outlook.lost", n=2),
    certified=True,
    rights_to_verify=0,
    rights_ending=0,
    unread=0,
    removals_pending=0,
    reports_to_release=0,
    aliases_to_decide=0,
    sellers_to_check=0,
)
LONG_AGO = ATTENTION_NOW - timedelta(days=40)


@pytest.mark.parametrize(
    ("figures", "needs", "why"),
    [
        ({}, [], "a brand that answers needs nobody"),
        ({"overdue": 1}, [Need.OVERDUE], "its word is lost with the next sweep"),
        ({"level": Level.CAPPED}, [Need.STANDING_LOST], "an analyst decides what exceeds the limit"),
        ({"level": Level.SUSPENDED, "warned": True}, [Need.STANDING_LOST], "lost is more than at risk"),
        ({"warned": True}, [Need.STANDING_WARNED], "it can still be kept"),
        ({"unanswered": 2, "answered_at": LONG_AGO}, [Need.SILENT], "asked, and silent for long"),
        ({"unanswered": 2, "answered_at": None}, [Need.SILENT], "asked, and never answered"),
        ({"unanswered": 2}, [], "it let two go and answers otherwise"),
        ({"answered_at": LONG_AGO}, [], "nobody asked it"),
        ({"answered_at": None}, [], "a new brand that nobody asked"),
        ({"escalated": 3}, [Need.ESCALATED], "there is still time to call"),
        ({"rights_to_verify": 1}, [Need.RIGHTS_TO_VERIFY], "an unseen right carries nothing"),
        ({"unread": 1}, [Need.MESSAGES], "somebody waits for an answer"),
        ({"removals_pending": 2, "unread": 1}, [Need.PENDING_REMOVALS, Need.MESSAGES], "goods it named stay on sale"),
        ({"takes_part": False, "removals_pending": 1}, [Need.PENDING_REMOVALS], "it reported of its own accord"),
        (
            {"reports_to_release": 1, "rights_to_verify": 1},
            [Need.REPORTS_TO_RELEASE, Need.RIGHTS_TO_VERIFY],
            "as above",
        ),
        ({"rights_ending": 1}, [Need.RIGHTS_ENDING], "renewal takes time"),
        ({"sellers_to_check": 1}, [Need.SELLERS], "an entry holds only after a check"),
        ({"aliases_to_decide": 1}, [Need.ALIASES], "a proposal waits"),
        ({"certified": False}, [Need.INVITED], "it cannot confirm yet"),
        ({"takes_part": False, "overdue": 1, "level": Level.CAPPED}, [], "it is asked nothing"),
        (
            {"takes_part": False, "unread": 1, "rights_to_verify": 1},
            [Need.RIGHTS_TO_VERIFY, Need.MESSAGES],
            "it writes",
        ),
    ],
)
def test_a_brand_needs_its_manager_for(figures: dict[str, Any], needs: list[Need], why: str) -> None:
    reasons = attention_reasons(replace(QUIET, **figures), ATTENTION_NOW, DEFAULT_ATTENTION)
    assert [reason.need for reason in reasons] == needs, why


def test_reasons_stand_in_the_order_of_urgency_with_their_numbers() -> None:
    reasons = attention_reasons(
        replace(QUIET, unread=1, overdue=3, rights_to_verify=2, unanswered=1, answered_at=LONG_AGO, warned=True),
        ATTENTION_NOW,
        DEFAULT_ATTENTION,
    )
    assert [in_english(reason.message) for reason in reasons] == [
        "3 questions overdue.",
        "No answer for 40 days; 1 question expired unanswered in 14 days.",
        "Good-faith standing is at risk. 2 more overturned removals would end good-faith standing.",
        "2 rights to verify.",
        "1 unread message.",
    ]


def test_a_warning_says_how_little_is_missing() -> None:
    [reason] = attention_reasons(replace(QUIET, warned=True), ATTENTION_NOW, DEFAULT_ATTENTION)
    assert (
        in_english(reason.message)
        == "Good-faith standing is at risk. 2 more overturned removals would end good-faith standing."
    )


def test_silence_counts_from_the_day_of_the_policy_on() -> None:
    for days, silent in ((13.9, False), (14, True)):
        figures = replace(QUIET, unanswered=1, answered_at=ATTENTION_NOW - timedelta(days=days))
        assert bool(attention_reasons(figures, ATTENTION_NOW, DEFAULT_ATTENTION)) is silent


def test_brands_sort_by_their_most_urgent_need_and_then_by_how_many_there_are() -> None:
    cases = {
        "two": replace(QUIET, overdue=1, unread=1),
        "one": replace(QUIET, overdue=1),
        "less": replace(QUIET, unread=5),
        "none": QUIET,
    }
    order = sorted(cases, key=lambda name: urgency(attention_reasons(cases[name], ATTENTION_NOW, DEFAULT_ATTENTION)))
    assert order == ["two", "one", "less", "none"]
