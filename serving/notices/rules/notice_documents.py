"""A notifier's documents: accepted kinds and limits, by the same checks as a seller's."""

from features.phrase import Phrase
from serving.appeals.policy import SellerEvidencePolicy
from serving.appeals.rules.seller_evidence import HandedIn, Room, admitted, most_megabytes
from serving.notices.policy import NoticePolicy
from serving.notices.rules.limits import TooManyNotices


def admit(content: bytes, before: HandedIn, *, policy: NoticePolicy, documents: SellerEvidencePolicy) -> str:
    """The media type of a document, from its content; its name and declared type are ignored.

    Raises Invalid (it is empty, too large, or no PDF, PNG or JPEG) or Conflict (the notice has the maximum number of
    documents, or of bytes).
    """
    most = policy.most_documents
    return admitted(
        content,
        before,
        documents,
        Room(
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
