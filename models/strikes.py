"""Confirmed counterfeits to strikes: what was found together counts once. Standard library only."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from models.policies.strikes import StrikePolicy


def strikes(confirmed_at: Iterable[datetime], *, as_of: datetime, policy: StrikePolicy) -> int:
    """How many incidents the confirmations of one seller's counterfeits make.

    An incident begins with the first confirmation outside the one before and takes in everything of its first days, so
    that a string of confirmations, each two days after the last, does not stretch one incident over a year.
    """
    found = 0
    ends: datetime | None = None
    for at in sorted(at for at in confirmed_at if at > as_of - timedelta(days=policy.expires_days)):
        if ends is None or at > ends:
            found += 1
            ends = at + timedelta(days=policy.same_incident_days)
    return found
