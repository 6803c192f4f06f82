"""Counts of notified listings by reason and by result."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median

from models.labels import AppealState
from models.verdict import ReasonCode
from serving.notices.rules.notices import ItemState, NoticeOutcome, ReporterKind

_SECONDS_AN_HOUR = 3_600
_BY_A_PERSON = frozenset({NoticeOutcome.REMOVED, NoticeOutcome.NO_ACTION, NoticeOutcome.INVALID})


@dataclass(frozen=True, slots=True)
class NotifiedOutcome:
    """One notified listing and its result.

    `first_outcome` and `first_decided_at` are the first decision, `outcome` and `decided_at` the latest; they differ
    where a complaint led to another decision. `complaint` is NONE where nobody complained.
    """

    reason_code: ReasonCode
    kind: ReporterKind
    received_at: datetime
    state: ItemState
    outcome: NoticeOutcome | None
    first_outcome: NoticeOutcome | None
    first_decided_at: datetime | None
    decided_at: datetime | None
    complaint: AppealState = AppealState.NONE
    complained_at: datetime | None = None

    @property
    def hours(self) -> float | None:
        """Hours from the notice to its first decision; None where there is none."""
        if self.first_decided_at is None:
            return None
        return (self.first_decided_at - self.received_at).total_seconds() / _SECONDS_AN_HOUR


@dataclass(frozen=True, slots=True)
class NoticeCounts:
    """Counts of notified listings with one reason, or with any where it is None.

    `by_a_rule` were settled without a person: unknown here, repeated, from a muted reporter, or already down.
    `removed_share` and `median_hours` cover listings that a person decided; None without one.
    """

    reason_code: ReasonCode | None
    notified: int
    by_trusted_flaggers: int
    waiting: int
    removed: int
    no_action: int
    invalid: int
    by_a_rule: int
    complaints: int
    complaints_upheld: int
    removed_share: float | None
    median_hours: float | None


def state_as_of(notified: NotifiedOutcome, moment: datetime) -> NotifiedOutcome:
    """The notified listing as it stood before a moment: later decisions were still waiting, later complaints open."""
    listing = notified
    if listing.complained_at is not None and listing.complained_at >= moment:
        listing = replace(listing, complaint=AppealState.NONE, complained_at=None)
    if listing.decided_at is None or listing.decided_at < moment:
        return listing
    if listing.first_decided_at is not None and listing.first_decided_at < moment:
        again = AppealState.OPEN if listing.complaint is not AppealState.NONE else AppealState.NONE
        return replace(listing, outcome=listing.first_outcome, decided_at=listing.first_decided_at, complaint=again)
    return replace(
        listing, state=ItemState.WAITING, outcome=None, first_outcome=None, first_decided_at=None, decided_at=None
    )


def counts_of(notified: Iterable[NotifiedOutcome], reason_code: ReasonCode | None = None) -> NoticeCounts:
    listings = [listing for listing in notified if reason_code is None or listing.reason_code is reason_code]
    judged = [listing for listing in listings if listing.outcome in _BY_A_PERSON]
    removed = sum(listing.outcome is NoticeOutcome.REMOVED for listing in judged)
    invalid = sum(listing.outcome is NoticeOutcome.INVALID for listing in judged)
    waiting = sum(listing.state is ItemState.WAITING for listing in listings)
    hours = [listing.hours for listing in judged if listing.hours is not None]
    return NoticeCounts(
        reason_code,
        notified=len(listings),
        by_trusted_flaggers=sum(listing.kind is ReporterKind.TRUSTED_FLAGGER for listing in listings),
        waiting=waiting,
        removed=removed,
        no_action=len(judged) - removed - invalid,
        invalid=invalid,
        by_a_rule=len(listings) - len(judged) - waiting,
        complaints=sum(listing.complaint is not AppealState.NONE for listing in listings),
        complaints_upheld=sum(listing.complaint is AppealState.UPHELD for listing in listings),
        removed_share=removed / len(judged) if judged else None,
        median_hours=median(hours) if hours else None,
    )


def counts_by_reason(notified: Sequence[NotifiedOutcome]) -> list[NoticeCounts]:
    """The counts of every reason code, including codes without a notice."""
    return [counts_of(notified, code) for code in ReasonCode]
