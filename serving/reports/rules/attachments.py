"""What a report may carry: documents, and the record of one test buy."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from features.phrase import Phrase
from models.errors import Conflict, DeadlinePassed, Invalid
from serving.appeals.policy import SellerEvidencePolicy
from serving.appeals.rules.seller_evidence import DocumentLimits, DocumentsOnFile, check_document, most_megabytes
from serving.cases.rules.test_buy import LONGEST_NOTE, LONGEST_REFERENCE, is_in_order
from serving.reports.policy import ReportPolicy

_NUMBER: Final = re.compile("[1-9][0-9]{0,3}")


def admit_document(
    content: bytes, before: DocumentsOnFile, today: int, *, policy: ReportPolicy, documents: SellerEvidencePolicy
) -> str:
    """The media type of a document, from its content; its name and declared type are ignored.

    `today` are the bytes of the brand's documents of the last 24 hours.

    Raises Invalid (it is empty, too large, or no PDF, PNG or JPEG) or Conflict (the report has the maximum number of
    documents, or of bytes, or the brand that of a day).
    """
    most = policy.most_documents
    room = DocumentLimits(
        most,
        Phrase("This report already has {n} documents, which is the maximum.", n=most),
        Phrase("All documents of a report can have at most {size:g} MB in total.", size=most_megabytes(documents)),
    )
    media_type = check_document(content, before, documents, room)
    if today + len(content) > policy.most_document_bytes_a_day:
        raise Conflict("Your brand sent very many documents today. Send this one tomorrow.")
    return media_type


def may_hand_in(reported_at: datetime, now: datetime, policy: ReportPolicy) -> bool:
    """Whether a report still takes evidence: a removal that can be contested must be defensible."""
    return now < reported_at + timedelta(days=policy.evidence_days)


def check_hand_in(reported_at: datetime, now: datetime, policy: ReportPolicy) -> None:
    """Refuse evidence for an old report. Raises DeadlinePassed (the time for it is over)."""
    if not may_hand_in(reported_at, now, policy):
        raise DeadlinePassed("A report takes evidence for {days} days after it was sent.", days=policy.evidence_days)


def number_in_report(number: int | None, listings: int) -> int | None:
    """The number of the listing that evidence is about: the only one needs no number. None is the whole report.

    Raises Invalid (the report has no listing of this number).
    """
    if number is None:
        return 1 if listings == 1 else None
    if not 1 <= number <= listings:
        raise Invalid("The report has no listing of this number.")
    return number


@dataclass(frozen=True, slots=True)
class TestBuyRecord:
    """A test buy as a brand records it with a report.

    `listing` names the bought one as the report does, or by its number; None where the report has only one. The days
    are those of the buyer. `received_on` is None while the goods are on their way.
    """

    __test__ = False

    order_reference: str
    ordered_on: date
    received_on: date | None
    finding: str
    listing: str | None = None


def bought_listing_number(record: TestBuyRecord, locations: Sequence[str], today: date) -> int:
    """The number of the listing that was bought, after a check of the record; `today` is the latest date on earth.

    A listing that has a number for its name is named first.

    Raises Invalid (a text is empty or too long, a day lies before the one that it follows or in the future, or no
    listing of the report is named).
    """
    if not 0 < len(record.order_reference.strip()) <= LONGEST_REFERENCE:
        raise Invalid("The order reference must have 1 to {most} characters.", most=LONGEST_REFERENCE)
    if not is_in_order(record.ordered_on, record.ordered_on, today):
        raise Invalid("The order date of the test buy cannot be in the future.")
    if record.received_on is not None and not is_in_order(record.ordered_on, record.received_on, today):
        raise Invalid("The goods cannot be received before they were ordered, or in the future.")
    if not 0 < len(record.finding.strip()) <= LONGEST_NOTE:
        raise Invalid("Describe what was found in the test buy, in 1 to {most:,} characters.", most=LONGEST_NOTE)
    return _number_named(record.listing, locations)


def _number_named(listing: str | None, locations: Sequence[str]) -> int:
    name = (listing or "").strip()
    if not name and len(locations) == 1:
        return 1
    if name in locations:
        return locations.index(name) + 1
    if _NUMBER.fullmatch(name) and int(name) <= len(locations):
        return int(name)
    raise Invalid("Name the listing that was bought as the report does, or by its number.")
