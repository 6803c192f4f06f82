"""What waits for the end of a reader's quiet hours, and until when."""

from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Invalid
from serving.mail.policy import DEFAULT_MAIL
from serving.mail.rules.kinds import MANDATORY, MailKind
from serving.mail.rules.quiet_hours import DELAYED, QuietHours, quiet_hours, send_at
from serving.standing.policy import DEFAULT_REMINDERS

# By the reason: those that wait, and those that do not.
WAITING: Final = {
    "a summary of work that nobody does at night": "questions reminders escalations overdue_cases pending_removals "
    "cases_due counter_notices_due",
    "nothing changes until a person works again": "standing_changed training_ended features_shifted",
}
LEAVING: Final = {
    "a link or a warning about an account": "invitation password_reset second_factor sign_in_link new_secret "
    "secrets_ended service_account_paused",
    "promised at once to somebody without an account": "notice_receipt notice_decision seller_statement",
    "somebody can stop or repair something now": "large_report report_stopped removals_told burst_alarm alarm "
    "deliveries_fail questions_paused model_rollback",
    "the reporter may be at work on it": "report_waits",
}
NIGHT: Final = QuietHours(time(22), time(7))
ZONES: Final = tuple(map(ZoneInfo, ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")))
MINUTES: Final = st.integers(0, 24 * 60 - 1)
YEARS: Final = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # naive by contract


def test_each_kind_is_delayed_or_not_for_a_reason() -> None:
    assert sorted(" ".join(WAITING.values()).split()) == sorted(DELAYED)
    assert sorted(" ".join(LEAVING.values()).split()) == sorted(set(MailKind) - DELAYED)
    assert not DELAYED & MANDATORY


def at_minute(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)


@given(st.sampled_from(MailKind), YEARS, MINUTES, st.integers(1, 16 * 60), st.sampled_from(ZONES))
def test_a_mail_leaves_now_or_when_its_readers_clock_shows_the_end(
    kind: MailKind, now: datetime, begins: int, minutes: int, zone: ZoneInfo
) -> None:
    ends, change_of_clock = at_minute(begins + minutes), timedelta(hours=1)
    quiet = QuietHours(at_minute(begins), ends)
    at = send_at(kind, now, quiet, zone)
    assert now <= at <= now + timedelta(minutes=minutes) + change_of_clock
    if kind not in DELAYED:
        assert at == now
    assert send_at(kind, at, quiet, zone) == at, "it is delayed once"
    if at > now:
        local = at.astimezone(zone)
        shown = local.replace(tzinfo=None) - datetime.combine(local, ends)
        assert abs(shown) in {timedelta(0), timedelta(minutes=30), change_of_clock}, "an hour that the clock leaves out"


@pytest.mark.parametrize(
    ("local", "expected", "reason"),
    [
        ("2026-03-02T21:59", None, "before they begin"),
        ("2026-03-02T22:00", "2026-03-03T06:00Z", "the first minute; seven in Berlin is six"),
        ("2026-03-03T06:59", "2026-03-03T06:00Z", "the last minute"),
        ("2026-03-03T07:00", None, "they have ended"),
        ("2026-03-28T23:00", "2026-03-29T05:00Z", "the night that summer time begins in"),
        ("2026-10-24T23:00", "2026-10-25T06:00Z", "the night that it ends in"),
    ],
)
def test_a_night_in_berlin(local: str, expected: str | None, reason: str) -> None:
    now = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    due = now if expected is None else datetime.fromisoformat(expected)
    assert send_at(MailKind.QUESTIONS, now, NIGHT, ZoneInfo("Europe/Berlin")) == due, reason


def test_a_reminder_leaves_before_its_deadline_after_the_longest_quiet_hours() -> None:
    assert DEFAULT_MAIL.longest_quiet_hours + 1 < DEFAULT_REMINDERS.escalated_before_hours


@pytest.mark.parametrize(
    ("begins", "ends"),
    [("22:00", ""), ("22:00", "22:00"), ("06:00", "22:01"), ("25:00", "07:00"), ("22:00+02:00", "07:00")],
    ids=["no end", "nothing or a whole day", "more than sixteen hours", "no time", "a zone of its own"],
)
def test_quiet_hours_that_would_hold_mails_too_long_or_say_nothing_are_refused(begins: str, ends: str) -> None:
    with pytest.raises(Invalid):
        quiet_hours(begins, ends, DEFAULT_MAIL)
