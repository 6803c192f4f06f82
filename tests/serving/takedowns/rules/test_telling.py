"""When people are told of removals."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from serving.accounts.rules.access import Secret
from serving.takedowns.policy import DEFAULT_TELLING
from serving.takedowns.rules.budgets import UsualDay
from serving.takedowns.rules.telling import Reason, Removals, is_unknown, last_evening, leaves_after, reasons

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


@pytest.mark.parametrize(("removals", "expected", "_why"), TABLE)
def test_people_are_told_of(removals: Removals, expected: tuple[Reason, ...], _why: str) -> None:
    assert reasons(removals, DEFAULT_TELLING) == expected


@pytest.mark.parametrize(
    ("secret", "expected"),
    [(None, True), (Secret("session:x"), True), (Secret("session:x", NOW), False), (Secret("key:x", NOW, "n"), False)],
)
def test_a_removal_comes_from_an_unknown_place(secret: Secret | None, expected: bool) -> None:
    assert is_unknown(secret) is expected


PARIS, TOKYO = ZoneInfo("Europe/Paris"), ZoneInfo("Asia/Tokyo")
HOURS: list[tuple[str, list[ZoneInfo], str | None, str]] = [
    ("2026-03-02T07:00", [PARIS], None, "eight in Paris"),
    ("2026-03-02T16:59", [PARIS], None, "nearly six"),
    ("2026-03-02T06:59", [PARIS], "2026-03-02T08:00", "before eight"),
    ("2026-03-02T17:00", [PARIS], "2026-03-03T08:00", "six in the evening"),
    ("2026-03-06T17:00", [PARIS], "2026-03-09T08:00", "Friday evening"),
    ("2026-03-07T10:00", [PARIS], "2026-03-09T08:00", "Saturday at eleven"),
    ("2026-03-27T20:00", [PARIS], "2026-03-30T07:00", "the clocks change over the weekend"),
    ("2026-03-02T02:00", [PARIS, TOKYO], None, "eleven in Tokyo"),
    ("2026-03-02T20:00", [PARIS, TOKYO], "2026-03-03T00:00", "the first of their days"),
    ("2026-03-02T20:00", [], None, "nobody else is told"),
]


@pytest.mark.parametrize(("at", "zones", "expected", "_why"), HOURS)
def test_a_batch_leaves_an_hour_after_the_day_of_the_told_begins(
    at: str, zones: list[ZoneInfo], expected: str | None, _why: str
) -> None:
    found = leaves_after(datetime.fromisoformat(at).replace(tzinfo=UTC), zones, DEFAULT_TELLING)
    assert found == (None if expected is None else datetime.fromisoformat(expected).replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("at", "evening"), [((2, 17, 59), (1, 18)), ((2, 18, 0), (2, 18)), ((2, 23, 59), (2, 18)), ((3, 0, 0), (2, 18))]
)
def test_the_last_evening_of_a_moment(at: tuple[int, int, int], evening: tuple[int, int]) -> None:
    day, hour, minute = at
    found = last_evening(datetime(2026, 3, day, hour, minute, 7, tzinfo=UTC), DEFAULT_TELLING)
    assert found == datetime(2026, 3, evening[0], evening[1], tzinfo=UTC)
