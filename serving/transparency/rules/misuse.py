"""Misuse of the service, by the four criteria of Article 23(3) of Regulation (EU) 2022/2065; and brands' notices.

They are the absolute number, the proportion, the gravity and the intention. The log has the data of each criterion. A
member of the marketplace's staff decides whether the misuse is frequent and manifest, and whether to suspend.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from statistics import median
from typing import Final

from models.verdict import ReasonCode
from serving.notices.rules.notice_counts import NotifiedOutcome
from serving.notices.rules.notices import ItemState, NoticeOutcome, ReporterKind
from serving.reports.rules.good_faith import ReportedEnd, ReportedListing, end_of_listing
from serving.webhooks.rules.action import ActionState


class SubjectKind(StrEnum):
    """The kind of an entry's subject, which determines its items and misuses."""

    SELLER = "seller"  # Listings, and those removed for good.
    NOTIFIER = "notifier"  # Confirmations of a brand or notices of a reporter, and the wrong ones.
    COMPLAINANT = "complainant"  # A seller's decided complaints, and the dismissed ones.


@dataclass(frozen=True, slots=True)
class Misuse:
    """One misuse: the time of submission, its nature, and its consequence, None where unknown."""

    at: datetime
    nature: str
    consequence: str | None = None


@dataclass(frozen=True, slots=True)
class MisuseEntry:
    """The misuse record of one subject in a period.

    `items` are all its submissions and `misuses` the wrong ones. `nature` and `consequences` count by name.
    `after_warning` are the misuses submitted after `warned_at`, the time of the first warning. It is None, not zero,
    where there was no warning.
    """

    kind: SubjectKind
    subject: str
    items: int
    misuses: int
    nature: Counter[str]
    consequences: Counter[str]
    warned_at: datetime | None
    after_warning: int | None

    @property
    def share(self) -> float:
        """The share of misuses among the items."""
        return self.misuses / self.items


def misuse_entry(
    kind: SubjectKind, subject: str, *, items: int, misuses: Iterable[Misuse], warned_at: datetime | None
) -> MisuseEntry | None:
    """The entry of one subject; None where it has no misuse."""
    misuse_list = list(misuses)
    if not misuse_list:
        return None
    return MisuseEntry(
        kind,
        subject,
        items,
        len(misuse_list),
        Counter(misuse.nature for misuse in misuse_list),
        Counter(misuse.consequence for misuse in misuse_list if misuse.consequence is not None),
        warned_at,
        None if warned_at is None else sum(misuse.at > warned_at for misuse in misuse_list),
    )


_REQUESTED: Final = frozenset({ActionState.SCHEDULED, ActionState.SENDING, ActionState.ACKNOWLEDGED, ActionState.DEAD})


def as_notice(listing: ReportedListing) -> NotifiedOutcome | None:
    """A reported listing as a notified one; None where the brand withdrew it within the undo window.

    A report has all elements of a notice. A removal at once is a decision of a person, as a brand's answer to a
    question is, and not of automated means alone: the rights holder's certified user decides for the marketplace. What
    was refused at once, or never came in, was settled by a rule. A brand is no trusted flagger: that is an award of a
    Digital Services Coordinator (Article 22). A removal that was reversed later stays a removal on a notice, as for
    notices from outside.
    """
    end, _ = end_of_listing(listing)
    if end is ReportedEnd.WITHDRAWN:
        return None
    state, outcome = _settled_state(listing, end)
    decided_at = listing.decided_at if outcome is not None else None
    return NotifiedOutcome(
        listing.reason_code, ReporterKind.BRAND, listing.reported_at, state, outcome, outcome, decided_at, decided_at
    )


def _settled_state(listing: ReportedListing, end: ReportedEnd) -> tuple[ItemState, NoticeOutcome | None]:
    if end is ReportedEnd.NOT_EXAMINED:
        return ItemState.DECIDED, None
    if end is ReportedEnd.REJECTED:
        return ItemState.DECIDED, NoticeOutcome.NO_ACTION
    if listing.removal in _REQUESTED:
        return ItemState.DECIDED, NoticeOutcome.REMOVED
    if end is ReportedEnd.RETRACTED:
        return ItemState.DECIDED, NoticeOutcome.NO_ACTION
    return ItemState.WAITING, None


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


def complaint_as_of(complaint: Complaint, moment: datetime) -> Complaint:
    """The complaint as it stood before a moment; one that ended later was open."""
    if complaint.ended_at is None or complaint.ended_at < moment:
        return complaint
    return replace(complaint, outcome=ComplaintOutcome.OPEN, ended_at=None, ended_by=None)


def complaint_counts(complaints: Iterable[Complaint]) -> ComplaintCounts:
    """The counts of these complaints, as a report requires."""
    complaint_list = list(complaints)
    decided = {ComplaintOutcome.CONFIRMED, ComplaintOutcome.REVERSED}
    hours = [
        complaint.hours for complaint in complaint_list if complaint.outcome in decided and complaint.hours is not None
    ]
    return ComplaintCounts(
        len(complaint_list),
        Counter(complaint.outcome for complaint in complaint_list),
        Counter(complaint.ended_by for complaint in complaint_list if complaint.ended_by is not None),
        median(hours) if hours else None,
    )
