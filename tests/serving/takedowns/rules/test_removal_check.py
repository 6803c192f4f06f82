from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.messages.english import in_english
from models.policies.deciding import EnforcementPolicy
from models.verdict import Side
from serving.accounts.rules.access import Secret
from serving.takedowns.policy import DEFAULT_REMOVAL_CHECK, DEFAULT_TELLING
from serving.takedowns.rules.budgets import UsualDay
from serving.takedowns.rules.removal_check import (
    CheckState,
    LookResult,
    Origin,
    first_look,
    random_delay,
    state_after_look,
)
from serving.takedowns.rules.telling import (
    Reason,
    Removals,
    batch_departure,
    is_unknown_device,
    last_evening_due,
    mail_reasons,
)

HEARD = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ASKED, GONE, STILL, UNKNOWN = CheckState.ASKED, CheckState.GONE, CheckState.STILL_SHOWN, CheckState.UNKNOWN


@pytest.mark.parametrize(
    ("before", "seen", "check_count", "since", "after", "again_in", "_why"),
    [
        (ASKED, LookResult.GONE, 1, MINUTE, GONE, DAY - MINUTE, "gone; it is checked again a day later"),
        (ASKED, LookResult.SHOWN, 1, MINUTE, ASKED, MINUTE, "pages lag behind an acknowledgement"),
        (ASKED, LookResult.SHOWN, 4, HOUR - MINUTE, ASKED, 45 * MINUTE, "a minute before the hour pages may still lag"),
        (ASKED, LookResult.SHOWN, 5, HOUR, STILL, 2 * HOUR, "after an hour no page lags"),
        (ASKED, LookResult.NOTHING, 1, MINUTE, ASKED, MINUTE, "no answer: the check is repeated"),
        (ASKED, LookResult.NOTHING, 6, HOUR, ASKED, 6 * HOUR, "a missing answer never counts as still shown"),
        (ASKED, LookResult.NOTHING, 20, 7 * DAY - MINUTE, ASKED, DAY, "a marketplace may be down for days"),
        (ASKED, LookResult.NOTHING, 20, 7 * DAY, UNKNOWN, None, "after a week the result stays unknown"),
        (ASKED, LookResult.SHOWN, 20, 6 * DAY, STILL, DAY, "the first answer after days of none"),
        (STILL, LookResult.SHOWN, 30, 40 * DAY, STILL, DAY, "checked as long as it is shown"),
        (STILL, LookResult.NOTHING, 30, 40 * DAY, STILL, DAY, "a missing answer does not change the state"),
        (STILL, LookResult.GONE, 30, 40 * DAY, GONE, None, "gone at last"),
        (GONE, LookResult.GONE, 2, DAY, GONE, None, "still gone a day later: verified"),
        (GONE, LookResult.SHOWN, 2, DAY, STILL, 4 * MINUTE, "back under its own id"),
        (GONE, LookResult.SHOWN, 2, 10 * MINUTE, STILL, 4 * MINUTE, "back at once: no lag after it was gone"),
        (GONE, LookResult.NOTHING, 2, DAY, GONE, 4 * MINUTE, "the last check is repeated"),
        (GONE, LookResult.NOTHING, 20, 7 * DAY, GONE, None, "after a week it stays gone"),
    ],
)
def test_the_state_after_a_check(
    before: CheckState,
    seen: LookResult,
    check_count: int,
    since: timedelta,
    after: CheckState,
    again_in: timedelta | None,
    _why: str,
) -> None:
    at = HEARD + since
    next_look = state_after_look(before, seen, check_count, HEARD, at, DEFAULT_REMOVAL_CHECK)
    assert (next_look.state, next_look.due_at) == (after, None if again_in is None else at + again_in)
    assert in_english(next_look.reason)


def test_the_first_check_is_a_minute_after_the_acknowledgement() -> None:
    assert first_look(HEARD, DEFAULT_REMOVAL_CHECK) == HEARD + MINUTE


def test_a_listing_that_stays_is_still_shown_after_sixty_one_minutes() -> None:
    at, state, check_count = first_look(HEARD, DEFAULT_REMOVAL_CHECK), ASKED, 0
    while state is ASKED:
        check_count += 1
        next_look = state_after_look(state, LookResult.SHOWN, check_count, HEARD, at, DEFAULT_REMOVAL_CHECK)
        if next_look.state is ASKED:
            assert next_look.due_at is not None
            at = next_look.due_at
        state = next_look.state
    assert (state, check_count, at - HEARD) == (STILL, 5, 61 * MINUTE)


# When people are told of removals.

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
    assert mail_reasons(removals, DEFAULT_TELLING) == expected


@pytest.mark.parametrize(
    ("secret", "expected"),
    [(None, True), (Secret("session:x"), True), (Secret("session:x", NOW), False), (Secret("key:x", NOW), False)],
)
def test_a_removal_comes_from_an_unknown_place(secret: Secret | None, expected: bool) -> None:
    assert is_unknown_device(secret) is expected


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
    leaves_at = batch_departure(datetime.fromisoformat(at).replace(tzinfo=UTC), zones, DEFAULT_TELLING)
    assert leaves_at == (None if expected is None else datetime.fromisoformat(expected).replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("at", "evening"), [((2, 17, 59), (1, 18)), ((2, 18, 0), (2, 18)), ((2, 23, 59), (2, 18)), ((3, 0, 0), (2, 18))]
)
def test_the_last_evening_of_a_moment(at: tuple[int, int, int], evening: tuple[int, int]) -> None:
    day, hour, minute = at
    evening_at = last_evening_due(datetime(2026, 3, day, hour, minute, 7, tzinfo=UTC), DEFAULT_TELLING)
    assert evening_at == datetime(2026, 3, evening[0], evening[1], tzinfo=UTC)


POLICY = EnforcementPolicy(random_delay_minutes=60)
MODELS = Origin(Side.ANALYST, reported=False, examined=False)


@pytest.mark.parametrize(
    ("origin", "draw", "seconds"),
    [
        (MODELS, 0.0, 0),
        (MODELS, 0.5, 1_800),
        (MODELS, 0.9999999, 3_599),  # Never beyond the limit.
        (Origin(Side.BRAND, False, False), 0.5, 0),  # Rights holders were promised no delay.
        (Origin(Side.ANALYST, True, False), 0.5, 0),  # Notified: the timing reveals nothing about the model.
        (Origin(Side.ANALYST, False, True), 0.5, 0),  # The goods were bought and examined.
    ],
)
def test_a_removal_waits_beyond_its_undo_window(origin: Origin, draw: float, seconds: int) -> None:
    assert random_delay(origin, draw, POLICY) == timedelta(seconds=seconds)
