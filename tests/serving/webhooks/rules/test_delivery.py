from datetime import UTC, datetime, timedelta

import pytest

from serving.webhooks.policy import DEFAULT_DELIVERY
from serving.webhooks.rules.delivery import (
    failures_after,
    is_about_message,
    next_attempt,
    pause_after,
    requested_pause,
    wait_of_header,
)

SENT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def attempts_of(jitter: float) -> list[float]:
    """The hours from the first attempt to each attempt of an action that is never acknowledged."""
    at, hours = SENT, [0.0]
    while (following := next_attempt(len(hours), SENT, at, jitter, DEFAULT_DELIVERY)) is not None:
        at = following
        hours.append((at - SENT).total_seconds() / 3600)
    return hours


def test_ten_attempts_take_seventy_five_and_a_half_hours_by_the_example_of_the_standard() -> None:
    assert attempts_of(0.0)[9] == pytest.approx(75 + 35 / 60 + 5 / 3600)


@pytest.mark.parametrize("jitter", [0.0, 0.5, 0.999])
def test_an_outage_of_three_days_leaves_several_attempts_after_it(jitter: float) -> None:
    """With one acknowledgement in five lost, one attempt would leave one action in five to a person."""
    assert sum(hours > 72 for hours in attempts_of(jitter)) >= 4


def test_it_is_given_up_a_week_after_the_first_attempt() -> None:
    assert 7 * 24 <= attempts_of(0.0)[-1] < 8 * 24
    assert next_attempt(3, SENT, SENT + timedelta(days=7), 0.0, DEFAULT_DELIVERY) is None
    assert next_attempt(3, SENT, SENT + timedelta(days=7, seconds=-1), 0.0, DEFAULT_DELIVERY) is not None


def test_jitter_spreads_a_wait_over_a_fifth_of_it() -> None:
    assert next_attempt(2, SENT, SENT, 0.5, DEFAULT_DELIVERY) == SENT + timedelta(seconds=300 * 1.1)


@pytest.mark.parametrize(
    ("failures", "seconds", "_why"),
    [
        (1, None, "a single failure"),
        (9, None, "lost acknowledgements may come nine in a row"),
        (10, 60, "it is down"),
        (11, 120, "still down a minute later"),
        (13, 480, "twice as long each time"),
        (14, 900, "and never longer than a quarter of an hour"),
        (100_000, 900, "after any number of failures"),
    ],
)
def test_a_receiver_is_paused_once_its_failures_exceed_chance(failures: int, seconds: int | None, _why: str) -> None:
    assert pause_after(failures, DEFAULT_DELIVERY) == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("before", "more", "is_test", "after", "_why"),
    [
        (0, 1, False, 1, "one message failed"),
        (3, 4, False, 7, "each message counts while they may be chance"),
        (0, 32, False, 10, "many that were sent together show the same outage"),
        (9, 32, False, 10, "and begin the shortest pause"),
        (10, 1, True, 11, "the test after a pause failed"),
        (10, 32, False, 10, "they were on their way when the pause began"),
        (0, 1, True, 1, "somebody had paused it"),
    ],
)
def test_failures_of_messages_that_were_sent_together(
    before: int, more: int, is_test: bool, after: int, _why: str
) -> None:
    assert failures_after(before, more, DEFAULT_DELIVERY, is_test=is_test) == after


@pytest.mark.parametrize(
    ("status", "of_the_message", "_why"),
    [
        (422, True, "it refuses this message"),
        (400, True, "it cannot read this one"),
        (413, True, "this one is too large"),
        (401, False, "a wrong secret affects all messages"),
        (404, False, "the address is wrong for all of them"),
        (429, False, "it is overloaded"),
        (500, False, "it is broken"),
        (503, False, "it is down"),
        (302, False, "redirects are not followed"),
    ],
)
def test_the_cause_of_a_failure_by_status(status: int, of_the_message: bool, _why: str) -> None:
    assert is_about_message(status) is of_the_message


DAYS_3 = 259_200
HEADERS = [
    (None, None, "there is none"),
    ("0", 0, "now"),
    ("120", 120, "seconds"),
    (" 120 ", 120, "spaces around them"),
    ("Mon, 02 Mar 2026 09:02:00 GMT", 120, "a date"),
    ("Mon, 02 Mar 2026 08:00:00 GMT", 0, "a date that has passed"),
    ("Mon, 02 Mar 2026 10:02:00 +0100", 120, "a date of another zone"),
    ("Mon, 02 Mar 2026 09:02:00 -0000", 120, "a date without a zone is one of UTC"),
    ("9" * 400, DAYS_3, "more than the longest pause"),
    ("Mon, 02 Mar 2099 09:00:00 GMT", DAYS_3, "a date after the longest pause"),
    ("-5", None, "a negative number"),
    ("1.5", None, "a fraction"),
    ("\u0663", None, "a digit of another script"),
    ("soon", None, "no date"),
    ("Mon, 99 Mar 2026 09:00:00 GMT", None, "no day of a month"),
]


@pytest.mark.parametrize(("header", "seconds", "_why"), HEADERS)
def test_the_wait_that_a_header_asks_for(header: str | None, seconds: int | None, _why: str) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert wait_of_header(header, SENT, DEFAULT_DELIVERY) == expected


RESTS = [
    (429, None, 60, "a limit without a time"),
    (429, 5, 5, "a limit with its time"),
    (503, 90, 90, "repairs"),
    (503, None, None, "no time: failures are counted"),
    (413, 90, None, "a time for this message alone"),
    (None, None, None, "no answer"),
]


@pytest.mark.parametrize(("status", "wait", "seconds", "_why"), RESTS)
def test_the_pause_that_an_answer_asks_for(
    status: int | None, wait: int | None, seconds: int | None, _why: str
) -> None:
    wait_time = None if wait is None else timedelta(seconds=wait)
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert requested_pause(status, wait_time, DEFAULT_DELIVERY) == expected
