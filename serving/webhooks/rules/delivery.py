"""The consequence of a failed delivery: another attempt, a pause for the receiver, or a person."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from serving.webhooks.policy import DeliveryPolicy

# Statuses that refuse this one message; all others show a faulty receiver.
_OF_THE_MESSAGE: Final = frozenset({400, 409, 413, 415, 422})
_LONGEST_EXPONENT: Final = 30
_TOO_MANY: Final = 429
GONE: Final = 410  # The receiver takes no messages any longer (Standard Webhooks 1.0).


def is_about_message(status: int) -> bool:
    """Whether a status refuses one message, rather than showing a receiver that is down or misconfigured.

    >>> is_about_message(422), is_about_message(503), is_about_message(401)
    (True, False, False)
    """
    return status in _OF_THE_MESSAGE


def next_attempt(
    attempt: int, first_sent_at: datetime, failed_at: datetime, jitter: float, policy: DeliveryPolicy
) -> datetime | None:
    """The time of the next attempt after failed attempt number `attempt` (from 1); None to give up.

    `jitter`, uniform on [0, 1), spreads messages that failed together.
    """
    if failed_at - first_sent_at >= timedelta(days=policy.give_up_after_days):
        return None
    delays = policy.retry_delays_seconds
    delay = delays[min(attempt, len(delays)) - 1]
    return failed_at + timedelta(seconds=delay * (1 + policy.jitter_share * jitter))


def failures_after(before: int, more: int, policy: DeliveryPolicy, *, is_test: bool) -> int:
    """The failures in a row after `more` of messages that were sent together; `is_test` if to a paused receiver.

    They show that it is down, not for how long: together they pause it for the first time. Those that were still on
    their way when the pause began do not make it longer.

    >>> policy = DeliveryPolicy(rest_after_failures=10)
    >>> failures_after(3, 30, policy, is_test=False), failures_after(10, 1, policy, is_test=True)
    (10, 11)
    """
    if before >= policy.rest_after_failures:
        return before + 1 if is_test else before
    return min(before + more, policy.rest_after_failures)


def pause_after(failures: int, policy: DeliveryPolicy) -> timedelta | None:
    """The pause of a receiver after this many failures in a row; None while they may be chance.

    It doubles with each failure, up to `longest_rest_seconds`.
    """
    beyond = failures - policy.rest_after_failures
    if beyond < 0:
        return None
    seconds = policy.first_rest_seconds * 2 ** min(beyond, _LONGEST_EXPONENT)
    return timedelta(seconds=min(seconds, policy.longest_rest_seconds))


def wait_of_header(retry_after: str | None, at: datetime, policy: DeliveryPolicy) -> timedelta | None:
    """The wait that a header Retry-After asks for, as seconds or as a date (RFC 9110, section 10.2.3).

    None without one that can be read; at most `longest_asked_rest_seconds`. `at` is the real time.
    """
    longest = timedelta(seconds=policy.longest_asked_rest_seconds)
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:10])), longest)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return min(max(timedelta(0), date.replace(tzinfo=date.tzinfo or UTC) - at), longest)


def requested_pause(status: int | None, wait: timedelta | None, policy: DeliveryPolicy) -> timedelta | None:
    """The pause of a receiver that its answer asks for; None where it asks for none.

    An answer that refuses one message asks for a wait of that message alone.
    """
    if status is None or is_about_message(status):
        return None
    return timedelta(seconds=policy.first_rest_seconds) if wait is None and status == _TOO_MANY else wait
