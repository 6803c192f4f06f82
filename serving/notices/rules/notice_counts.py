"""Counts of notified listings by reason and by result, and how many listings, notices and documents are accepted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median

from features.phrase import Phrase
from models.errors import DomainError, Invalid
from models.labels import AppealState
from models.verdict import ReasonCode
from serving.appeals.policy import SellerEvidencePolicy
from serving.appeals.rules.seller_evidence import DocumentLimits, DocumentsOnFile, check_document, most_megabytes
from serving.notices.policy import NoticePolicy
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


class TooManyNotices(DomainError):
    """A limit on notices is reached; a later notice is accepted."""

    code = "too_many"
    retry_after_seconds = 3_600  # Both limits move on with every hour.


def check_size(listings: int, *, kind: ReporterKind, policy: NoticePolicy) -> None:
    """Refuse a notice that names more listings than one notice may. Raises Invalid (it names too many listings)."""
    registered = kind is not ReporterKind.UNREGISTERED
    most = policy.most_listings_registered if registered else policy.most_listings_unregistered
    if listings <= most:
        return
    if registered:
        raise Invalid("A notice can name at most {most} listings; this one names {named}.", most=most, named=listings)
    raise Invalid(
        "A notice can name at most {most} listings; this one names {named}. Notifiers who are registered with "
        "the marketplace can name more.",
        most=most,
        named=listings,
    )


def check_network(listings: int, network: int, policy: NoticePolicy) -> None:
    """Refuse a stranger whose network named too many listings; `network` are those that it named today.

    Raises TooManyNotices (the limit is reached; the notice is accepted on another day).
    """
    if network + listings > policy.most_listings_a_day_network:
        raise TooManyNotices(
            "Very many notices came from your network today. Send yours tomorrow, or ask the marketplace to register "
            "you."
        )


def check_number(listings: int, *, today: int, this_hour: int, policy: NoticePolicy) -> None:
    """Refuse a stranger's notice that exceeds a limit of its marketplace at this moment.

    `today` are the listings in the stranger's confirmed notices of the last 24 hours; `this_hour` are the notices and
    previews of all strangers.

    Raises TooManyNotices (a limit is reached; the notice is accepted later).
    """
    if today + listings > policy.most_listings_a_day_unregistered:
        raise TooManyNotices(
            "Without registration, you can send notices about {most} listings in 24 hours; so far you have sent "
            "{today}. Send the rest tomorrow, or ask the marketplace to register you.",
            most=policy.most_listings_a_day_unregistered,
            today=today,
        )
    if this_hour >= policy.most_notices_an_hour_unregistered:
        raise TooManyNotices("Very many notices are coming in at the moment. Send yours again in an hour.")


def admit_document(
    content: bytes, before: DocumentsOnFile, *, policy: NoticePolicy, documents: SellerEvidencePolicy
) -> str:
    """The media type of a document, from its content; its name and declared type are ignored.

    Raises Invalid (it is empty, too large, or no PDF, PNG or JPEG) or Conflict (the notice has the maximum number of
    documents, or of bytes).
    """
    most = policy.most_documents
    return check_document(
        content,
        before,
        documents,
        DocumentLimits(
            most,
            Phrase("This notice already has {n} documents, which is the maximum.", n=most),
            Phrase("All documents of a notice can have at most {size:g} MB in total.", size=most_megabytes(documents)),
        ),
    )


def check_network_bytes(size: int, network: int, policy: NoticePolicy) -> None:
    """Refuse a stranger's document whose network sent too many bytes; `network` are those that it sent today.

    Raises TooManyNotices (the limit is reached; the document is accepted on another day).
    """
    if network + size > policy.most_document_bytes_a_day_network:
        raise TooManyNotices("Very many documents came from your network today. Send yours tomorrow.")
