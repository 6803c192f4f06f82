"""How many wrong passwords are allowed: a burst, and then a steady rate, kept as one moment for each counter.

The generic cell rate algorithm (ITU-T I.371): each attempt moves `spent_until` on by the time in which the rate allows
one. Within any hour at most `burst + an_hour` attempts pass.
"""

from datetime import datetime, timedelta

from serving.accounts.policy import Allowance


def wait_for_one(spent_until: datetime | None, now: datetime, allowance: Allowance) -> timedelta | None:
    """The time until an attempt is allowed; None where it is allowed now."""
    after = spent_after(spent_until, now, allowance) - now
    allowed = allowance.burst * allowance.each
    return after - allowed if after > allowed else None


def spent_after(spent_until: datetime | None, now: datetime, allowance: Allowance) -> datetime:
    """The counter after an attempt."""
    return max(spent_until or now, now) + allowance.each


def given_back(spent_until: datetime, allowance: Allowance) -> datetime:
    """The counter without one attempt: it was no wrong password."""
    return spent_until - allowance.each
