"""Complaints about removals as Article 20 of Regulation (EU) 2022/2065 has them counted. Standard library only.

An appeal and a counter-notice against the same removal are one complaint, because they end in one decision.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from statistics import median

from models.verdict import ReasonCode

_SECONDS_AN_HOUR = 3_600


class ComplaintRoute(StrEnum):
    """How somebody complained first."""

    APPEAL = "appeal"
    COUNTER_NOTICE = "counter_notice"
    NOTIFIER = "notifier"  # Not the seller: the notifier of a listing that stays.


class ComplaintOutcome(StrEnum):
    """The outcome for the contested decision."""

    CONFIRMED = "confirmed"
    REVERSED = "reversed"
    WITHOUT_DECISION = "without_decision"  # The seller withdrew, or let a later answer's time pass.
    OPEN = "open"


class Decider(StrEnum):
    """The party that ended a complaint. A deadline that passes is the one automated means."""

    PERSON = "person"  # One who had not decided before.
    RIGHTS_HOLDER = "rights_holder"
    SELLER = "seller"
    DEADLINE = "deadline"


@dataclass(frozen=True, slots=True)
class Complaint:
    """One complaint against a removal, or against the decision that a notified listing stays.

    `about` is the id of the removal or of the notified listing. An open one has neither an end nor anybody who ended
    it.
    """

    about: str
    route: ComplaintRoute
    reason_code: ReasonCode
    filed_at: datetime
    outcome: ComplaintOutcome
    ended_at: datetime | None
    ended_by: Decider | None

    @property
    def hours(self) -> float | None:
        """From the complaint to its end; None while it is open."""
        return None if self.ended_at is None else (self.ended_at - self.filed_at).total_seconds() / _SECONDS_AN_HOUR


@dataclass(frozen=True, slots=True)
class ComplaintCounts:
    """Complaints of a span by outcome and by the party that ended them. `median_hours` is of what was decided, None of
    nothing."""

    filed: int
    outcomes: Counter[ComplaintOutcome]
    ended_by: Counter[Decider]
    median_hours: float | None


def as_of(complaint: Complaint, moment: datetime) -> Complaint:
    """The complaint as it stood before a moment: what ended later was open."""
    if complaint.ended_at is None or complaint.ended_at < moment:
        return complaint
    return replace(complaint, outcome=ComplaintOutcome.OPEN, ended_at=None, ended_by=None)


def complaint_counts(complaints: Iterable[Complaint]) -> ComplaintCounts:
    """The figures that a report asks for."""
    given = list(complaints)
    decided = {ComplaintOutcome.CONFIRMED, ComplaintOutcome.REVERSED}
    hours = [one.hours for one in given if one.outcome in decided and one.hours is not None]
    return ComplaintCounts(
        len(given),
        Counter(one.outcome for one in given),
        Counter(one.ended_by for one in given if one.ended_by is not None),
        median(hours) if hours else None,
    )
