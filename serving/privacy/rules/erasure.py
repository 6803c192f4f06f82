"""Which seller data is erased, on request or after its retention period, and what is kept, with the reasons."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from features.message import Message, message
from models.errors import Invalid
from serving.appeals.policy import AppealPolicy
from serving.appeals.rules.appeals import appeal_period_end
from serving.platform.data_classes import DataClass
from serving.privacy.policy import SHORTEST, RetentionPolicy
from serving.webhooks.rules.action import ActionState


class ErasableData(StrEnum):
    """One class of personal data of a seller, with the name under which an erasure counts it."""

    CONTACTS = "contacts"
    STATEMENTS = "statements"
    DOCUMENTS = "documents"
    EVIDENCE_PARTS = "evidence_parts"
    CUSTODY = "custody"
    LINKS = "links"
    NOTES = "notes"
    REFUSED_ROWS = "refused_rows"
    LOG_PAYLOADS = "log_payloads"


# GDPR, Article 17(3)(b) and (e): data that the law requires, and data that legal claims need.
ALWAYS_KEPT: Final = tuple(
    message(f"always_kept.{what}") for what in ("seller_id", "listings", "digests", "custody", "log")
)


@dataclass(frozen=True, slots=True)
class Removal:
    """A removal of one of a seller's listings. `disputed`: an appeal or counter-notice about it is open."""

    action_id: str
    state: ActionState
    informed_at: datetime | None
    disputed: bool


@dataclass(frozen=True, slots=True)
class BoughtGoods:
    """A test buy of one of a seller's listings, with that listing's removals; `closed_at` is None while it runs."""

    test_buy_id: str
    closed_at: datetime | None
    action_ids: tuple[str, ...]


def why_keep_test_buy(bought: BoughtGoods, waiting: Collection[str]) -> Message | None:
    """Why a test buy's custody descriptions must be kept for now; None where they may be erased.

    `waiting` are the removals whose evidence is kept: bought goods are the strongest evidence.
    """
    if bought.closed_at is None:
        return message("kept.examined")
    if any(action_id in waiting for action_id in bought.action_ids):
        return message("kept.bought")
    return None


@dataclass(frozen=True, slots=True)
class ReportedDocuments:
    """The documents of a brand's report of a seller's listings, with their removals.

    `of_others` is set where the report also names a listing of another seller, or one whose seller is not known.
    """

    report_id: str
    of_others: bool
    action_ids: tuple[str, ...]


def why_keep_report(documents: ReportedDocuments, waiting: Collection[str]) -> Message | None:
    """Why the documents of a report must be kept for now; None where they may be erased.

    A document of several sellers is evidence against each, so that the request of one does not end it: its retention
    period does.
    """
    if documents.of_others:
        return message("kept.others")
    return message("kept.report") if any(action_id in waiting for action_id in documents.action_ids) else None


@dataclass(frozen=True, slots=True)
class NotifiedListing:
    """One of a seller's listings that somebody notified; `decided_at` is None while the notice waits."""

    item_id: str
    decided_at: datetime | None


def why_keep_notified(listing: NotifiedListing, now: datetime, policy: AppealPolicy) -> Message | None:
    """Why the seller's data of a notified listing must be kept for now; None where it may be erased.

    Digital Services Act, Article 20(1): the notifier may complain for six months from the decision.
    """
    if listing.decided_at is None:
        return message("kept.notice")
    return None if now >= appeal_period_end(listing.decided_at, policy) else message("kept.notifier")


def why_keep_removal(removal: Removal, now: datetime, policy: AppealPolicy) -> Message | None:
    """Why data about the seller of a removed listing must be kept for now; None where it may be erased.

    GDPR, Article 17(3)(e): while a claim can be raised, its evidence is kept, also for the seller's own claim. Digital
    Services Act, Article 20(1): a seller may complain for six months from being informed.
    """
    if removal.disputed:
        return message("kept.disputed")
    if removal.state is ActionState.WITHDRAWN:
        return None
    if removal.state is not ActionState.ACKNOWLEDGED or removal.informed_at is None:
        return message("kept.not_carried_out")
    until = appeal_period_end(removal.informed_at, policy)
    return None if now >= until else message("kept.appeal")


def names_seller(document: object, seller: str) -> bool:
    """Whether a JSON value contains a seller's id as one of its texts.

    >>> names_seller({"subject": "s-1", "n": [1]}, "s-1"), names_seller({"subject": "s-10"}, "s-1")
    (True, False)
    """
    if isinstance(document, Mapping):
        return any(names_seller(part, seller) for part in document.values())
    if isinstance(document, list | tuple):
        return any(names_seller(part, seller) for part in document)
    return document == seller


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
