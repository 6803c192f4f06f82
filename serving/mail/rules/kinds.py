"""The kinds of mail, which of them a person can refuse, and what follows an attempt to send one."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from serving.accounts.rules.access import Role
from serving.mail.policy import MailPolicy


class MailKind(StrEnum):
    """The kind of a mail. The names are stored, and are part of unsubscribe links."""

    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"  # noqa: S105  # a kind of mail
    NOTICE_RECEIPT = "notice_receipt"
    NOTICE_DECISION = "notice_decision"
    QUESTIONS = "questions"
    REMINDERS = "reminders"
    ESCALATIONS = "escalations"
    OVERDUE_CASES = "overdue_cases"
    SECOND_FACTOR = "second_factor"
    SIGN_IN_LINK = "sign_in_link"
    LARGE_REPORT = "large_report"
    REPORT_STOPPED = "report_stopped"
    REPORT_WAITS = "report_waits"
    BURST_ALARM = "burst_alarm"
    PENDING_REMOVALS = "pending_removals"
    NEW_SECRET = "new_secret"  # noqa: S105  # a kind of mail
    SECRETS_ENDED = "secrets_ended"
    SERVICE_ACCOUNT_PAUSED = "service_account_paused"
    MODEL_ROLLBACK = "model_rollback"
    REMOVALS_TOLD = "removals_told"
    ALARM = "alarm"
    DELIVERIES_FAIL = "deliveries_fail"
    QUESTIONS_PAUSED = "questions_paused"
    CASES_DUE = "cases_due"
    COUNTER_NOTICES_DUE = "counter_notices_due"
    STANDING_CHANGED = "standing_changed"
    TRAINING_ENDED = "training_ended"
    FEATURES_SHIFTED = "features_shifted"
    SELLER_STATEMENT = "seller_statement"


class SellerNews(StrEnum):
    """What a seller is told of a removal."""

    REMOVED = "removed"
    MAINTAINED = "maintained"  # By the rights holder, after the seller's answer.
    DISMISSED = "dismissed"  # By the reviewer of the seller's appeal.
    REINSTATED = "reinstated"


class MailState(StrEnum):
    """The state of a mail; all but the first are final."""

    QUEUED = "queued"
    SENT = "sent"  # The server has accepted it.
    KEPT = "kept"  # There is no mail server; it is a file in the data directory.
    FAILED = "failed"  # The server refused it, or could not be reached for days.
    DROPPED = "dropped"  # Its recipient no longer has an account, or unsubscribed.


# A link that somebody needs to act, what Articles 16(4) and (5), 17 and 20(5) of Regulation (EU) 2022/2065 require, and
# warnings without which a stolen account would go unnoticed.
MANDATORY: Final = frozenset(
    {
        MailKind.INVITATION, MailKind.PASSWORD_RESET, MailKind.NOTICE_RECEIPT, MailKind.NOTICE_DECISION,
        MailKind.SECOND_FACTOR, MailKind.SIGN_IN_LINK, MailKind.LARGE_REPORT, MailKind.REPORT_STOPPED,
        MailKind.NEW_SECRET, MailKind.SECRETS_ENDED, MailKind.SERVICE_ACCOUNT_PAUSED, MailKind.MODEL_ROLLBACK,
        MailKind.REMOVALS_TOLD, MailKind.SELLER_STATEMENT,
    }
)  # fmt: skip
# At most one of a kind in a while; what is new meanwhile joins the one that waits.
SUMMARIES: Final = frozenset({MailKind.QUESTIONS, MailKind.REMINDERS, MailKind.ESCALATIONS, MailKind.PENDING_REMOVALS})
# The kinds that the holder of a role gets; all but the mandatory ones can be refused.
OFFERED: Final = {
    Role.BRAND: (
        MailKind.QUESTIONS, MailKind.REMINDERS, MailKind.COUNTER_NOTICES_DUE, MailKind.REPORT_WAITS,
        MailKind.BURST_ALARM,
    ),
    Role.ANALYST: (MailKind.PENDING_REMOVALS, MailKind.CASES_DUE, MailKind.ALARM),
    Role.ACCOUNT_MANAGER: (
        MailKind.ESCALATIONS, MailKind.PENDING_REMOVALS, MailKind.COUNTER_NOTICES_DUE, MailKind.STANDING_CHANGED,
        MailKind.ALARM,
    ),
    Role.DATA_SCIENTIST: (
        MailKind.TRAINING_ENDED, MailKind.FEATURES_SHIFTED, MailKind.QUESTIONS_PAUSED, MailKind.MODEL_ROLLBACK,
    ),
    Role.ADMIN: (
        MailKind.OVERDUE_CASES, MailKind.BURST_ALARM, MailKind.PENDING_REMOVALS, MailKind.ALARM,
        MailKind.DELIVERIES_FAIL, MailKind.QUESTIONS_PAUSED, MailKind.MODEL_ROLLBACK,
    ),
}  # fmt: skip
_LONGEST_LINE: Final = 200
# Control, format, surrogate, private and unassigned characters.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_BLANKS: Final = re.compile(r"\s+")


def is_optional(kind: MailKind) -> bool:
    """Whether a person can unsubscribe from a kind."""
    return kind not in MANDATORY


def offered_kinds(roles: Iterable[Role]) -> tuple[MailKind, ...]:
    """The kinds that holders of these roles get and can refuse."""
    return tuple(dict.fromkeys(kind for role in roles for kind in OFFERED.get(role, ()) if is_optional(kind)))


def message_id(mail_id: str, domain: str) -> str:
    """The Message-ID of a mail: the same at every attempt (RFC 5322, section 3.6.4).

    >>> message_id("mai_1", "touchstone.example")
    '<mai_1@touchstone.example>'
    """
    return f"<{mail_id}@{domain}>"


def one_line(text: str) -> str:
    """A name for a mail: one line without control and format characters, of at most 200 characters.

    A line break would begin another header, and a format character can reverse the order of what follows.

    >>> one_line("Bazaar\\r\\nBcc: eve@example.org"), one_line("a\\u202eb")
    ('Bazaar Bcc: eve@example.org', 'ab')
    """
    seen = "".join(character for character in _BLANKS.sub(" ", text) if unicodedata.category(character) not in _UNSEEN)
    return _BLANKS.sub(" ", seen).strip()[:_LONGEST_LINE].rstrip()


def next_attempt(
    attempt: int, queued_at: datetime, failed_at: datetime, jitter: float, policy: MailPolicy
) -> datetime | None:
    """The time of the next attempt after failed attempt number `attempt` (from 1); None to give up.

    `jitter`, uniform on [0, 1), spreads mails that failed together.
    """
    if failed_at - queued_at >= timedelta(days=policy.give_up_after_days):
        return None
    delays = policy.retry_delays_seconds
    return failed_at + timedelta(seconds=delays[min(attempt, len(delays)) - 1] * (1 + policy.jitter_share * jitter))


def summary_waits_until(last_sent_at: datetime | None, now: datetime, policy: MailPolicy) -> datetime | None:
    """Until when a summary waits for the one before; None where it can be sent now."""
    if last_sent_at is None:
        return None
    until = last_sent_at + timedelta(minutes=policy.summary_minutes)
    return until if now < until else None
