from datetime import UTC, datetime, timedelta

import pytest

from serving.mail.policy import DEFAULT_MAIL
from serving.mail.rules.kinds import next_attempt, summary_waits_until

NOW = datetime(2026, 3, 6, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempt", "jitter", "seconds", "reason"),
    [
        (1, 0.0, 60, "a server that restarts is back in a minute"),
        (1, 0.5, 66, "mails that failed together do not retry together"),
        (3, 0.0, 1800, "RFC 5321: later at least half an hour apart"),
        (99, 0.0, 14400, "the last delay repeats"),
    ],
)
def test_a_failed_attempt_is_repeated_later_and_later(attempt: int, jitter: float, seconds: int, reason: str) -> None:
    assert next_attempt(attempt, NOW, NOW, jitter, DEFAULT_MAIL) == NOW + timedelta(seconds=seconds), reason


def test_after_four_days_a_mail_is_given_up() -> None:
    late = NOW + timedelta(days=4)
    assert next_attempt(30, NOW, late, 0.0, DEFAULT_MAIL) is None
    assert next_attempt(30, NOW, late - timedelta(seconds=1), 0.0, DEFAULT_MAIL) is not None


def test_a_summary_waits_for_a_quarter_of_an_hour_after_the_one_before() -> None:
    assert summary_waits_until(None, NOW, DEFAULT_MAIL) is None
    assert summary_waits_until(NOW - timedelta(minutes=14), NOW, DEFAULT_MAIL) == NOW + timedelta(minutes=1)
    assert summary_waits_until(NOW - timedelta(minutes=15), NOW, DEFAULT_MAIL) is None
