"""Expired data: classes of data with their retention periods, and the start of each period."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from models.errors import Invalid
from serving.appeals.policy import AppealPolicy
from serving.platform.data_classes import DataClass
from serving.privacy.policy import SHORTEST, RetentionPolicy


def with_periods(policy: RetentionPolicy, days: Mapping[DataClass, int | None]) -> RetentionPolicy:
    """The policy with an operator's own periods, in days.

    Raises Invalid (a class is kept for less time than the counts from it need).
    """
    for name, least in SHORTEST.items():
        own_days = days.get(DataClass(name))
        if own_days is not None and own_days < least:
            raise Invalid(
                "{name} must be kept for at least {least} days: windows of 90 days are counted from them.",
                name=name,
                least=least,
            )
    return replace(policy, **{data_class.value: period for data_class, period in days.items()})


def expired_before(what: DataClass, now: datetime, policy: RetentionPolicy) -> datetime | None:
    """The moment before which a class of data has expired; None where it is kept without limit."""
    days: int | None = getattr(policy, what.value)
    return None if days is None else now - timedelta(days=days)


def complained_before(now: datetime, policy: AppealPolicy) -> datetime:
    """A moment so early that the time to complain has passed for every decision communicated by then.


    A month counts as 31 days, and two days are added for the last time zone, so it may be some days too early.
    """
    return now - timedelta(days=31 * policy.open_months + 2)
