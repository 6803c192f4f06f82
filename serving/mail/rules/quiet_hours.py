"""Quiet hours: when a mail leaves that can wait until its reader works again."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from models.errors import Invalid
from serving.mail.policy import MailPolicy
from serving.mail.rules.kinds import MailKind

# Summaries, and news of what stays as it is until morning: no removal, account or link waits for them. Their deadlines
# are more than the longest quiet hours away. All others leave at once: links that somebody needs, what the law
# requires, alarms, what can be stopped for an hour, and deliveries that fail.
DELAYED: Final = frozenset(
    {
        MailKind.QUESTIONS, MailKind.REMINDERS, MailKind.ESCALATIONS, MailKind.OVERDUE_CASES, MailKind.PENDING_REMOVALS,
        MailKind.CASES_DUE, MailKind.COUNTER_NOTICES_DUE, MailKind.STANDING_CHANGED, MailKind.TRAINING_ENDED,
        MailKind.FEATURES_SHIFTED,
    }
)  # fmt: skip
_DAY: Final = timedelta(days=1)
_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begins` to before `ends` by the reader's clock, over midnight where `ends` is the earlier time."""

    begins: time
    ends: time

    def window_of(self, day: date, zone: tzinfo) -> tuple[datetime, datetime]:
        """The quiet hours that begin on a day. A time that a change of the clock repeats is the first of the two."""
        last = day if self.begins < self.ends else day + _DAY
        begin, end = (datetime.combine(*moment, zone) for moment in ((day, self.begins), (last, self.ends)))
        return begin.astimezone(UTC), end.astimezone(UTC)


def send_at(kind: MailKind, now: datetime, quiet: QuietHours | None, zone: tzinfo) -> datetime:
    """When a mail leaves that is due now: at once, or at the end of the quiet hours of its reader's zone."""
    if quiet is None or kind not in DELAYED:
        return now
    today = now.astimezone(zone).date()
    windows = (quiet.window_of(day, zone) for day in (today - _DAY, today))
    return next((end for begin, end in windows if begin <= now < end), now)


def quiet_hours(begins: str, ends: str, policy: MailPolicy) -> QuietHours | None:
    """The quiet hours between two times such as "22:00"; None where both are empty.

    Raises Invalid (one is missing or no time, both are the same, or the hours are too long).
    """
    if not begins and not ends:
        return None
    if not all(map(_TIME.fullmatch, (begins, ends))):
        raise Invalid("Quiet hours need a begin and an end, each a time such as 22:00.")
    quiet = QuietHours(time.fromisoformat(begins), time.fromisoformat(ends))
    first, last = (timedelta(hours=at.hour, minutes=at.minute) for at in (quiet.begins, quiet.ends))
    if not timedelta(0) < (last - first) % _DAY <= timedelta(hours=policy.longest_quiet_hours):
        raise Invalid("Quiet hours last at most {most} hours.", most=policy.longest_quiet_hours)
    return quiet
