"""What follows an attempt to send a mail."""

from datetime import datetime, timedelta

from serving.mail.policy import MailPolicy


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


def waits_until(last_sent_at: datetime | None, now: datetime, policy: MailPolicy) -> datetime | None:
    """Until when a summary waits for the one before; None where it can be sent now."""
    if last_sent_at is None:
        return None
    until = last_sent_at + timedelta(minutes=policy.summary_minutes)
    return until if now < until else None
