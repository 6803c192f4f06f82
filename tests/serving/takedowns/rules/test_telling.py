"""When people are told of removals."""

from datetime import UTC, datetime

import pytest

from serving.accounts.rules.access import Secret
from serving.takedowns.policy import DEFAULT_TELLING
from serving.takedowns.rules.budgets import UsualDay
from serving.takedowns.rules.telling import Reason, Removals, is_unknown, last_evening, reasons

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
NEW, ABOVE = Reason.NEW_DEVICE, Reason.ABOVE_USUAL
TABLE: list[tuple[Removals, tuple[Reason, ...], str]] = [
    (Removals(1, UsualDay(), False, False), (), "the first of a day in a known browser"),
    (Removals(1, UsualDay(), True, False), (NEW,), "the first in a new one"),
    (Removals(9, UsualDay(), False, False), (), "the ninth without a record"),
    (Removals(10, UsualDay(), False, False), (ABOVE,), "the tenth without a record"),
    (Removals(10, UsualDay(30, 9), False, False), (ABOVE,), "nine working days are no record"),
    (Removals(39, UsualDay(30, 10), False, False), (), "the ninth above the usual day"),
    (Removals(40, UsualDay(30, 10), False, False), (ABOVE,), "the tenth above it"),
    (Removals(41, UsualDay(30, 10), False, False), (ABOVE,), "the next, if the tenth was withdrawn before"),
    (Removals(300, UsualDay(), False, True), (), "a large report is told of as a whole"),
    (Removals(300, UsualDay(), True, True), (NEW,), "and its new browser all the same"),
    (Removals(40, UsualDay(), True, False), (NEW, ABOVE), "both"),
]


@pytest.mark.parametrize(("removals", "expected", "_why"), TABLE, ids=[row[-1] for row in TABLE])
def test_people_are_told_of(removals: Removals, expected: tuple[Reason, ...], _why: str) -> None:
    assert reasons(removals, DEFAULT_TELLING) == expected


@pytest.mark.parametrize(
    ("secret", "expected"),
    [(None, True), (Secret("session:x"), True), (Secret("session:x", NOW), False), (Secret("key:x", NOW, "n"), False)],
)
def test_a_removal_comes_from_an_unknown_place(secret: Secret | None, expected: bool) -> None:
    assert is_unknown(secret) is expected


@pytest.mark.parametrize(
    ("at", "evening"),
    [((2, 17, 59), (1, 18)), ((2, 18, 0), (2, 18)), ((2, 23, 59), (2, 18)), ((3, 0, 0), (2, 18))],
)
def test_the_last_evening_of_a_moment(at: tuple[int, int, int], evening: tuple[int, int]) -> None:
    day, hour, minute = at
    found = last_evening(datetime(2026, 3, day, hour, minute, 7, tzinfo=UTC), DEFAULT_TELLING)
    assert found == datetime(2026, 3, evening[0], evening[1], tzinfo=UTC)
