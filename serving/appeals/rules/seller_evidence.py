"""A seller's documents for a removal: accepted kinds, limits, and outcome."""

from dataclasses import dataclass
from typing import Final

from features.message import Message, message
from features.phrase import Phrase
from models.errors import Conflict, Invalid
from models.labels import AppealState
from serving.appeals.policy import SellerEvidencePolicy
from serving.appeals.rules.counter_notice import CLOSED, CounterNoticeState
from serving.brands.rules.rights_document import media_type_of
from serving.takedowns.rules.statement import OverturnCause

_MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class DocumentsOnFile:
    """The documents already on file for a removal."""

    documents: int
    size: int


def check_seller_document(content: bytes, before: DocumentsOnFile, policy: SellerEvidencePolicy) -> str:
    """The media type of a document, from its content; its name and declared type are ignored.

    Raises Invalid (it is empty, too large, or no PDF, PNG or JPEG) or Conflict (the removal has the maximum number of
    documents, or of bytes).
    """
    most = policy.most_documents
    return check_document(
        content,
        before,
        policy,
        DocumentLimits(
            most,
            Phrase("This removal already has {n} documents, which is the maximum.", n=most),
            Phrase("All documents of a removal can have at most {size:g} MB in total.", size=most_megabytes(policy)),
        ),
    )


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """The number of documents of one matter, and the refusals where there is no room for one more or for its bytes."""

    most: int
    too_many: Phrase
    too_large: Phrase


def most_megabytes(policy: SellerEvidencePolicy) -> float:
    """The size of all documents of one matter together."""
    return policy.most_bytes / _MEGABYTE


def check_document(content: bytes, before: DocumentsOnFile, policy: SellerEvidencePolicy, room: DocumentLimits) -> str:
    """The media type of a document of a removal, a notice or a report, as `admit`.

    Raises Invalid (it is empty, too large, or no PDF, PNG or JPEG) or Conflict (there is no room for it).
    """
    media_type = accepted_type(content, policy)
    if before.documents >= room.most:
        raise Conflict(room.too_many)
    if before.size + len(content) > policy.most_bytes:
        raise Conflict(room.too_large)
    return media_type


def accepted_type(content: bytes, policy: SellerEvidencePolicy) -> str:
    """The media type of one document, from its content.

    Raises Invalid (it is empty, too large, or no PDF, PNG or JPEG).
    """
    if not content:
        raise Invalid("Choose a document.")
    if len(content) > policy.largest_document:
        raise Invalid("A document can have at most {size:g} MB.", size=policy.largest_document / _MEGABYTE)
    media_type = media_type_of(content)
    if media_type is None:
        raise Invalid("A document must be a PDF, PNG or JPEG file.")
    return media_type


def may_upload(state: CounterNoticeState | None, *, may_appeal: bool) -> bool:
    """Whether a document can still reach a decider: while the matter is open, or an appeal would open it."""
    return state is not None and (state not in CLOSED or may_appeal)


def outcome_of(state: CounterNoticeState | None, appeal: AppealState | None, undone: OverturnCause | None) -> Message:
    """The outcome of the removal of a submitted document.

    It names the decider, because a document without a review was not rejected.
    """
    match undone:
        case OverturnCause.APPEAL:
            return message("outcome.upheld")
        case OverturnCause.CONCEDED | OverturnCause.RETRACTED:
            return message("outcome.conceded")
        case OverturnCause.SILENCE:
            return message("outcome.unanswered")
    if appeal is AppealState.DISMISSED or state is CounterNoticeState.DISMISSED:
        return message("outcome.stands")
    if appeal is None and state in {CounterNoticeState.LAPSED, CounterNoticeState.WITHDRAWN}:
        return message("outcome.undecided")
    return message("outcome.open")
