"""How many listings, notices and documents of notices are accepted, at once and in a period."""

from features.phrase import Phrase
from models.errors import DomainError, Invalid
from serving.appeals.policy import SellerEvidencePolicy
from serving.appeals.rules.seller_evidence import DocumentLimits, DocumentsOnFile, check_document, most_megabytes
from serving.notices.policy import NoticePolicy
from serving.notices.rules.notices import ReporterKind


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
