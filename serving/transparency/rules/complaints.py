"""Complaints about removals, counted as Article 20 of Regulation (EU) 2022/2065 requires.

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
    """The form of the first complaint."""

    APPEAL = "appeal"
    COUNTER_NOTICE = "counter_notice"
    NOTIFIER = "notifier"  # By the notifier of a listing that stays, not by a seller.


class ComplaintOutcome(StrEnum):
    """The outcome of a complaint for the contested decision."""

    CONFIRMED = "confirmed"
    REVERSED = "reversed"
    WITHOUT_DECISION = "without_decision"  # The seller withdrew, or missed the deadline of a later answer.
    OPEN = "open"


class Decider(StrEnum):
    """The party that ended a complaint. A missed deadline is the only automated means."""

    PERSON = "person"  # A person who had not decided before.
    RIGHTS_HOLDER = "rights_holder"
    SELLER = "seller"
    DEADLINE = "deadline"


@dataclass(frozen=True, slots=True)
class Complaint:
    """One complaint against a removal, or against the decision that a notified listing stays.

    `about` is the id of the removal or of the notified listing. `ended_at` and `ended_by` are None while it is open.
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
        """The hours from the complaint to its end; None while it is open."""
        return None if self.ended_at is None else (self.ended_at - self.filed_at).total_seconds() / _SECONDS_AN_HOUR


@dataclass(frozen=True, slots=True)
class ComplaintCounts:
    """Complaints of a period by outcome and by the party that ended them. `median_hours` is of the decided ones, None
    without any."""

    filed: int
    outcomes: Counter[ComplaintOutcome]
    ended_by: Counter[Decider]
    median_hours: float | None


def as_of(complaint: Complaint, moment: datetime) -> Complaint:
    """The complaint as it stood before a moment; one that ended later was open."""
    if complaint.ended_at is None or complaint.ended_at < moment:
        return complaint
    return replace(complaint, outcome=ComplaintOutcome.OPEN, ended_at=None, ended_by=None)


def complaint_counts(complaints: Iterable[Complaint]) -> ComplaintCounts:
    """The counts of these complaints, as a report requires."""
    given = list(complaints)
    decided = {ComplaintOutcome.CONFIRMED, ComplaintOutcome.REVERSED}
    hours = [one.hours for one in given if one.outcome in decided and one.hours is not None]
    return ComplaintCounts(
        len(given),
        Counter(one.outcome for one in given),
        Counter(one.ended_by for one in given if one.ended_by is not None),
        median(hours) if hours else None,
    )
