"""Which removals people are told of, and when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from serving.accounts.rules.access import Secret
from serving.takedowns.policy import TellingPolicy
from serving.takedowns.rules.budgets import UsualDay

_SATURDAY: Final = 5


class Reason(StrEnum):
    """Why people are told of a person's removals; one mail of each a day."""

    NEW_DEVICE = "new_device"
    ABOVE_USUAL = "above_usual"
    EVENING = "evening"


@dataclass(frozen=True, slots=True)
class Removals:
    """The removals of a person's day up to this one, and the person's usual day."""

    today: int
    usual: UsualDay
    from_new_device: bool
    stepped_up: bool


def is_unknown_device(secret: Secret | None) -> bool:
    """Whether a removal comes from a browser or network where the person is not known; the service's own acts do."""
    return secret is None or secret.known_since is None


def alert_threshold(usual: UsualDay, policy: TellingPolicy) -> int:
    """The removal of a day from which on people are told that it is not a usual one."""
    counts = usual.working_days >= policy.least_working_days
    return policy.above_usual + (usual.removals if counts else 0)


def mail_reasons(removals: Removals, policy: TellingPolicy) -> tuple[Reason, ...]:
    """Why people are told of a removal at once. Those of a large report are told of as a whole."""
    reason_list = [Reason.NEW_DEVICE] if removals.from_new_device else []
    if not removals.stepped_up and removals.today >= alert_threshold(removals.usual, policy):
        reason_list.append(Reason.ABOVE_USUAL)
    return tuple(reason_list)


def batch_departure(at: datetime, zones: Iterable[tzinfo], policy: TellingPolicy) -> datetime | None:
    """When a batch leaves that arrives outside the working hours of everybody who is told; None where it need not wait.

    It leaves an hour after the first of their days begins.
    """
    begins = []
    for zone in zones:
        local = at.astimezone(zone)
        day = local.replace(hour=policy.day_begins, minute=0, second=0, microsecond=0)
        if day <= local < day.replace(hour=policy.day_ends) and local.weekday() < _SATURDAY:
            return None
        while day < local or day.weekday() >= _SATURDAY:
            day += timedelta(days=1)
        begins.append(day.astimezone(UTC))
    return min(begins) + timedelta(minutes=policy.reading_minutes) if begins else None


def last_evening_due(at: datetime, policy: TellingPolicy) -> datetime:
    """The latest moment up to now at which the mails of the evening are due."""
    today = at.replace(hour=policy.evening_hour, minute=0, second=0, microsecond=0)
    return today if today <= at else today - timedelta(days=1)
