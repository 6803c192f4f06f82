"""A notifier's documents: accepted kinds and limits, by the same checks as a seller's. Standard library only."""

from models.errors import Conflict
from serving.appeals.policy import SellerEvidencePolicy
from serving.appeals.rules.seller_evidence import HandedIn, accepted_type
from serving.notices.policy import NoticePolicy
from serving.notices.rules.limits import TooManyNotices

_MEGABYTE = 1_000_000


def admit(content: bytes, before: HandedIn, *, policy: NoticePolicy, documents: SellerEvidencePolicy) -> str:
    """The media type of a document, from its content; its name and declared type are ignored.

    Raises
    ------
    Invalid
        It is empty, too large, or no PDF, PNG or JPEG.
    Conflict
        The notice has the maximum number of documents, or of bytes.
    """
    media_type = accepted_type(content, documents)
    if before.documents >= policy.most_documents:
        raise Conflict("This notice already has {n} documents, which is the maximum.", n=policy.most_documents)
    if before.size + len(content) > documents.most_bytes:
        raise Conflict(
            "All documents of a notice can have at most {size:g} MB in total.", size=documents.most_bytes / _MEGABYTE
        )
    return media_type


def check_network_bytes(size: int, network: int, policy: NoticePolicy) -> None:
    """Refuse a stranger's document whose network sent too many bytes; `network` are those that it sent today.

    Raises
    ------
    TooManyNotices
        The limit is reached; the document is accepted on another day.
    """
    if network + size > policy.most_document_bytes_a_day_network:
        raise TooManyNotices("Very many documents came from your network today. Send yours tomorrow.")
