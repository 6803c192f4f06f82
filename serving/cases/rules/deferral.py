"""A case set aside: until when, what for, and when it comes back sooner. Standard library only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from models.errors import Invalid
from serving.cases.policy import WaitingPolicy


class Deferral(StrEnum):
    """Why a case waits: it is looked at later, or something is missing that somebody was asked for."""

    SNOOZED = "snoozed"
    NEEDS_INFORMATION = "needs_information"


@dataclass(frozen=True, slots=True)
class Snooze:
    """A case's being set aside. `missing` and `asked` are what is missing and who was asked, both or neither.

    `on_news` brings it back as soon as anything new is heard of its listing, and else the time does.
    """

    until: datetime
    on_news: bool
    missing: str | None = None
    asked: str | None = None

    @property
    def kind(self) -> Deferral:
        """Why it waits."""
        return Deferral.SNOOZED if self.missing is None else Deferral.NEEDS_INFORMATION


def check_snooze(aside: Snooze, *, due_at: datetime, now: datetime, knowingly: bool, policy: WaitingPolicy) -> None:
    """Nothing is wrong with setting a case aside so.

    Raises
    ------
    Invalid
        It would come back at once or after too long, or past its deadline without anybody having said that they mean
        it; or what is missing is named without who was asked, the other way round, or at too great length.
    """
    if aside.until <= now:
        raise Invalid("Choose a time that lies ahead.")
    if aside.until > now + timedelta(days=policy.most_days):
        raise Invalid("A case is set aside for at most {most} days.", most=policy.most_days)
    if aside.until > due_at and not knowingly:
        raise Invalid("The case would come back after its deadline. Choose a sooner time, or say that you mean it.")
    if (aside.missing is None) != (aside.asked is None):
        raise Invalid("Name both what is missing and who was asked for it, or neither.")
    if max(len(aside.missing or ""), len(aside.asked or "")) > policy.longest_missing:
        raise Invalid(
            "What is missing and who was asked have at most {most} characters each.", most=policy.longest_missing
        )
