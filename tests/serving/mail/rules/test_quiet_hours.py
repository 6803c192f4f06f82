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

_SUMMARY: Final = "a summary of work that nobody does at night"
_NEWS: Final = "nothing changes until a person works again"
_ACCOUNT: Final = "a link or a warning about an account"
_ALARM: Final = "somebody can stop or repair something now"
_LAW: Final = "promised at once to somebody without an account"
KINDS: Final = {
    MailKind.QUESTIONS: (True, _SUMMARY),
    MailKind.REMINDERS: (True, _SUMMARY),
    MailKind.ESCALATIONS: (True, _SUMMARY),
    MailKind.OVERDUE_CASES: (True, _SUMMARY),
    MailKind.PENDING_REMOVALS: (True, _SUMMARY),
    MailKind.CASES_DUE: (True, _SUMMARY),
    MailKind.COUNTER_NOTICES_DUE: (True, _SUMMARY),
    MailKind.STANDING_CHANGED: (True, _NEWS),
    MailKind.TRAINING_ENDED: (True, _NEWS),
    MailKind.FEATURES_SHIFTED: (True, _NEWS),
    MailKind.INVITATION: (False, _ACCOUNT),
    MailKind.PASSWORD_RESET: (False, _ACCOUNT),
    MailKind.SECOND_FACTOR: (False, _ACCOUNT),
    MailKind.SIGN_IN_LINK: (False, _ACCOUNT),
    MailKind.NEW_SECRET: (False, _ACCOUNT),
    MailKind.SECRETS_ENDED: (False, _ACCOUNT),
    MailKind.NOTICE_RECEIPT: (False, _LAW),
    MailKind.NOTICE_DECISION: (False, _LAW),
    MailKind.LARGE_REPORT: (False, _ALARM),
    MailKind.REPORT_STOPPED: (False, _ALARM),
    MailKind.REPORT_WAITS: (False, "the reporter may be at work on it"),
    MailKind.REMOVALS_TOLD: (False, _ALARM),
    MailKind.BURST_ALARM: (False, _ALARM),
    MailKind.ALARM: (False, _ALARM),
    MailKind.DELIVERIES_FAIL: (False, _ALARM),
    MailKind.QUESTIONS_PAUSED: (False, _ALARM),
    MailKind.MODEL_ROLLBACK: (False, _ALARM),
}
NIGHT: Final = QuietHours(time(22), time(7))
ZONES: Final = tuple(
    map(ZoneInfo, ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"))
)
MINUTES: Final = st.integers(0, 24 * 60 - 1)
YEARS: Final = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # naive by contract


def test_each_kind_is_delayed_or_not_for_a_reason() -> None:
    assert {kind: waits for kind, (waits, _) in KINDS.items()} == {kind: kind in DELAYED for kind in MailKind}
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
    ("begins", "ends", "reason"),
    [
        ("22:00", "", "no end"),
        ("", "07:00", "no begin"),
        ("22:00", "22:00", "nothing, or a whole day"),
        ("06:00", "22:01", "more than sixteen hours"),
        ("25:00", "07:00", "no time"),
        ("22:00+02:00", "07:00", "a zone of its own"),
        ("22:00", "٠٧:٠٠x", "no time"),
    ],
)
def test_quiet_hours_that_would_hold_mails_too_long_or_say_nothing_are_refused(
    begins: str, ends: str, reason: str
) -> None:
    try:
        accepted = quiet_hours(begins, ends, DEFAULT_MAIL)
    except Invalid:
        return
    pytest.fail(f"{accepted} was accepted: {reason}")


def test_both_times_empty_are_no_quiet_hours_and_over_midnight_is_a_night() -> None:
    assert quiet_hours("", "", DEFAULT_MAIL) is None
    assert quiet_hours("22:00", "07:00", DEFAULT_MAIL) == NIGHT
    assert quiet_hours("12:00", "13:30", DEFAULT_MAIL) == QuietHours(time(12), time(13, 30))
