from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from features.message import message
from models.messages.english import in_english
from serving.account_management.policy import DEFAULT_ATTENTION
from serving.account_management.rules.attention import BrandFigures, Need, attention, urgency
from serving.standing.rules.enrolment import Phase
from serving.standing.rules.standing import Level

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
QUIET = BrandFigures(
    takes_part=True,
    overdue=0,
    escalated=0,
    unanswered=0,
    answered_at=NOW - timedelta(days=1),
    level=Level.FULL,
    warned=False,
    outlook=message("outlook.lost", n=2),
    phase=Phase.FULL,
    rights_to_verify=0,
    rights_ending=0,
    unread=0,
    removals_pending=0,
    aliases_to_decide=0,
    sellers_to_check=0,
)
LONG_AGO = NOW - timedelta(days=40)


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
        ({"rights_ending": 1}, [Need.RIGHTS_ENDING], "renewal takes time"),
        ({"sellers_to_check": 1}, [Need.SELLERS], "an entry holds only after a check"),
        ({"aliases_to_decide": 1}, [Need.ALIASES], "a proposal waits"),
        ({"phase": Phase.INVITED}, [Need.INVITED], "it cannot confirm yet"),
        ({"takes_part": False, "overdue": 1, "level": Level.CAPPED}, [], "it is asked nothing"),
        (
            {"takes_part": False, "unread": 1, "rights_to_verify": 1},
            [Need.RIGHTS_TO_VERIFY, Need.MESSAGES],
            "it writes",
        ),
    ],
)
def test_a_brand_needs_its_manager_for(figures: dict[str, Any], needs: list[Need], why: str) -> None:
    found = attention(replace(QUIET, **figures), NOW, DEFAULT_ATTENTION)
    assert [one.need for one in found] == needs, why


def test_reasons_stand_in_the_order_of_urgency_with_their_numbers() -> None:
    found = attention(
        replace(QUIET, unread=1, overdue=3, rights_to_verify=2, unanswered=1, answered_at=LONG_AGO, warned=True),
        NOW,
        DEFAULT_ATTENTION,
    )
    assert [in_english(one.message) for one in found] == [
        "3 questions overdue.",
        "No answer for 40 days; 1 question expired unanswered in 14 days.",
        "Good-faith standing is at risk. 2 more overturned outcomes would end good-faith standing.",
        "2 rights to verify.",
        "1 unread message.",
    ]


def test_a_warning_says_how_little_is_missing() -> None:
    [found] = attention(replace(QUIET, warned=True), NOW, DEFAULT_ATTENTION)
    assert (
        in_english(found.message)
        == "Good-faith standing is at risk. 2 more overturned outcomes would end good-faith standing."
    )


def test_silence_counts_from_the_day_of_the_policy_on() -> None:
    for days, silent in ((13.9, False), (14, True)):
        figures = replace(QUIET, unanswered=1, answered_at=NOW - timedelta(days=days))
        assert bool(attention(figures, NOW, DEFAULT_ATTENTION)) is silent


def test_brands_sort_by_their_most_urgent_need_and_then_by_how_many_there_are() -> None:
    cases = {
        "two": replace(QUIET, overdue=1, unread=1),
        "one": replace(QUIET, overdue=1),
        "less": replace(QUIET, unread=5),
        "none": QUIET,
    }
    found = sorted(cases, key=lambda name: urgency(attention(cases[name], NOW, DEFAULT_ATTENTION)))
    assert found == ["two", "one", "less", "none"]
