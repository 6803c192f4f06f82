from datetime import UTC, datetime, timedelta

import pytest

from features.message import message
from models.errors import DomainError
from serving.appeals.policy import DEFAULT_APPEALS
from serving.appeals.rules.appeals import AppealRecord, admit, is_frivolous, open_until

INFORMED = datetime(2026, 3, 2, 9, tzinfo=UTC)
LAST = open_until(INFORMED, DEFAULT_APPEALS)


@pytest.mark.parametrize(
    ("upheld", "dismissed", "frivolous", "why"),
    [
        (0, 0, False, "nobody begins with a record"),
        (0, 9, False, "too few to speak of frequently"),
        (0, 10, True, "ten, and none with ground"),
        (1, 10, True, "ten of eleven"),
        (2, 10, False, "one in six was right"),
        (1, 9, False, "the proportion alone is not enough"),
        (100, 900, True, "nine of ten, exactly"),
        (101, 900, False, "just below nine of ten"),
    ],
)
def test_when_a_record_is_frivolous(upheld: int, dismissed: int, frivolous: bool, why: str) -> None:
    assert is_frivolous(AppealRecord(upheld, dismissed), DEFAULT_APPEALS) is frivolous, why


@pytest.mark.parametrize(
    ("at", "is_first", "dismissed", "expected", "why"),
    [
        (INFORMED, True, 0, "first in line", "an ordinary appeal"),
        (INFORMED, True, 1_000, "behind others", "a record never blocks a first appeal"),
        (LAST - timedelta(microseconds=1), True, 0, "first in line", "the last moment of six months"),
        (LAST, True, 0, "too_late", "six months have passed"),
        (INFORMED, False, 0, "conflict", "one appeal against one decision"),
        (LAST, False, 0, "conflict", "that it was decided says more than that it is late"),
    ],
)
def test_whether_an_appeal_is_heard(at: datetime, is_first: bool, dismissed: int, expected: str, why: str) -> None:
    try:
        found = admit(
            informed_at=INFORMED, at=at, is_first=is_first, record=AppealRecord(0, dismissed), policy=DEFAULT_APPEALS
        )
        outcome = "behind others" if found.behind_others else "first in line"
    except DomainError as refused:
        outcome = refused.code
    assert outcome == expected, why


def test_who_waits_behind_others_is_told_why() -> None:
    found = admit(informed_at=INFORMED, at=INFORMED, is_first=True, record=AppealRecord(1, 12), policy=DEFAULT_APPEALS)
    assert found.told == message("appeal.behind_others", days=DEFAULT_APPEALS.record_days, dismissed=12, upheld=1)
