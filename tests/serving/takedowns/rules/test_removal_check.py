from datetime import UTC, datetime, timedelta

import pytest

from models.messages.english import in_english
from serving.takedowns.policy import DEFAULT_REMOVAL_CHECK
from serving.takedowns.rules.removal_check import CheckState, Seen, after_look, first_look

HEARD = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ASKED, GONE, STILL, UNKNOWN = CheckState.ASKED, CheckState.GONE, CheckState.STILL_SHOWN, CheckState.UNKNOWN


@pytest.mark.parametrize(
    ("before", "seen", "looks", "since", "after", "again_in", "_why"),
    [
        (ASKED, Seen.GONE, 1, MINUTE, GONE, DAY - MINUTE, "gone; it is checked again a day later"),
        (ASKED, Seen.SHOWN, 1, MINUTE, ASKED, MINUTE, "pages lag behind an acknowledgement"),
        (ASKED, Seen.SHOWN, 4, HOUR - MINUTE, ASKED, 45 * MINUTE, "a minute before the hour pages may still lag"),
        (ASKED, Seen.SHOWN, 5, HOUR, STILL, 2 * HOUR, "after an hour no page lags"),
        (ASKED, Seen.NOTHING, 1, MINUTE, ASKED, MINUTE, "no answer: the check is repeated"),
        (ASKED, Seen.NOTHING, 6, HOUR, ASKED, 6 * HOUR, "a missing answer never counts as still shown"),
        (ASKED, Seen.NOTHING, 20, 7 * DAY - MINUTE, ASKED, DAY, "a marketplace may be down for days"),
        (ASKED, Seen.NOTHING, 20, 7 * DAY, UNKNOWN, None, "after a week the result stays unknown"),
        (ASKED, Seen.SHOWN, 20, 6 * DAY, STILL, DAY, "the first answer after days of none"),
        (STILL, Seen.SHOWN, 30, 40 * DAY, STILL, DAY, "checked as long as it is shown"),
        (STILL, Seen.NOTHING, 30, 40 * DAY, STILL, DAY, "a missing answer does not change the state"),
        (STILL, Seen.GONE, 30, 40 * DAY, GONE, None, "gone at last"),
        (GONE, Seen.GONE, 2, DAY, GONE, None, "still gone a day later: verified"),
        (GONE, Seen.SHOWN, 2, DAY, STILL, 4 * MINUTE, "back under its own id"),
        (GONE, Seen.SHOWN, 2, 10 * MINUTE, STILL, 4 * MINUTE, "back at once: no lag after it was gone"),
        (GONE, Seen.NOTHING, 2, DAY, GONE, 4 * MINUTE, "the last check is repeated"),
        (GONE, Seen.NOTHING, 20, 7 * DAY, GONE, None, "after a week it stays gone"),
    ],
)
def test_the_state_after_a_check(
    before: CheckState,
    seen: Seen,
    looks: int,
    since: timedelta,
    after: CheckState,
    again_in: timedelta | None,
    _why: str,
) -> None:
    at = HEARD + since
    found = after_look(before, seen, looks, HEARD, at, DEFAULT_REMOVAL_CHECK)
    assert (found.state, found.due_at) == (after, None if again_in is None else at + again_in)
    assert in_english(found.reason)


def test_the_first_check_is_a_minute_after_the_acknowledgement() -> None:
    assert first_look(HEARD, DEFAULT_REMOVAL_CHECK) == HEARD + MINUTE


def test_a_listing_that_stays_is_still_shown_after_sixty_one_minutes() -> None:
    at, state, looks = first_look(HEARD, DEFAULT_REMOVAL_CHECK), ASKED, 0
    while state is ASKED:
        looks += 1
        found = after_look(state, Seen.SHOWN, looks, HEARD, at, DEFAULT_REMOVAL_CHECK)
        if found.state is ASKED:
            assert found.due_at is not None
            at = found.due_at
        state = found.state
    assert (state, looks, at - HEARD) == (STILL, 5, 61 * MINUTE)
