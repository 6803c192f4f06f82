"""Documents that sellers upload by their links: stored under their digests, and shown to current and later deciders.

A rights holder sees the documents of the removal that it is asked about. The marketplace's staff also see those of the
seller's other removals, each with the outcome. No brand learns of a seller's dealings with another brand.
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection

from features.message import Message
from models.case import CaseLane
from models.errors import Conflict, NotFound
from models.verdict import Side
from serving.accounts.rules.access import Permission, Person
from serving.appeals.policy import SellerEvidencePolicy
from serving.appeals.rules.counter_notice import CounterNoticeEvent
from serving.appeals.rules.seller_evidence import check_seller_document, may_upload, outcome_of
from serving.appeals.service.seller_acts import possible_events
from serving.appeals.service.seller_links import target_of
from serving.appeals.store import appeals, counter_notices, overturns, seller_uploads
from serving.appeals.store.counter_notices import CounterNotice
from serving.appeals.store.seller_uploads import SellerUpload
from serving.audit.store import audit
from serving.brands.rules.rights_document import readable_name
from serving.cases.service.case_access import visible_case
from serving.cases.store import verdicts
from serving.cases.store.cases import Case
from serving.listings.store import listings
from serving.platform.runtime import Runtime
from serving.standing.store import standings
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction

_MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Document:
    """A document, its listing, the outcome of that listing's removal, and whether the case is about that removal.

    The outcome is None in an audit of that listing, whose analyst judges without knowing it.
    """

    upload: SellerUpload
    listing: str
    came_of: Message | None
    at_issue: bool


def upload_document(runtime: Runtime, token: str, name: str, content: bytes) -> SellerUpload:
    """Store a document that a seller uploads by its link. A repeated upload adds nothing.

    Raises NotFound (the link is unknown) or Invalid, Conflict (the file is not a document, too large, or one too many;
    no decision on this removal is pending).
    """
    digest, now = hashlib.sha256(content).hexdigest(), runtime.clock.now()
    with runtime.store.write() as connection:
        audit.lock(connection)  # Of two concurrent uploads the second counts the first.
        removal = target_of(runtime, connection, token).removal
        marketplace_id, action_id = removal.marketplace_id, removal.action_id
        if not accepts_documents(runtime, connection, removal):
            raise Conflict("No decision on this removal is pending, so you cannot add documents.")
        before = seller_uploads.documents_on_file(connection, marketplace_id, action_id)
        media_type = check_seller_document(content, before, runtime.policies[SellerEvidencePolicy])
        upload_id = runtime.ids.new("upl")
        row = {
            "marketplace_id": marketplace_id,
            "upload_id": upload_id,
            "action_id": action_id,
            "listing_id": removal.listing_id,
            "seller_external_id": _seller_of(connection, removal),
            "digest": digest,
            "name": readable_name(name),
            "known_at": now,
        }
        if seller_uploads.add_upload(connection, row, media_type, content):
            audit.record(
                connection,
                now,
                marketplace_id,
                "seller",
                "seller_document.handed_in",
                action_id,
                digest=digest,
                size=len(content),
                media_type=media_type,
            )
        return next(
            upload
            for upload in seller_uploads.of_action(connection, marketplace_id, action_id)
            if upload.digest == digest
        )


def accepts_documents(runtime: Runtime, connection: Connection, removal: StoredAction) -> bool:
    """Whether the seller may upload documents for a removal."""
    counter_notice = counter_notices.of_action(connection, removal.marketplace_id, removal.action_id)
    may_appeal = CounterNoticeEvent.APPEAL in possible_events(runtime, connection, removal)
    return may_upload(None if counter_notice is None else counter_notice.state, may_appeal=may_appeal)


def documents_of(connection: Connection, case: Case) -> tuple[Document, ...]:
    """The documents of a case's seller that an analyst sees, newest first.

    A second review omits those of its own listing, because they reveal earlier decisions on it. An audit of a
    confirmation shows them without the decision: it is judged from them.
    """
    marketplace_id = case.marketplace_id
    seller = listings.seller_of(connection, marketplace_id, case.version_id)
    uploads = seller_uploads.of_listing_or_seller(connection, marketplace_id, case.listing_id, seller, most=_MOST_SHOWN)
    is_review, is_audit = case.lane is CaseLane.SECOND_REVIEW, is_audit_of_brand(connection, case)
    if is_review and not is_audit:
        uploads = [upload for upload in uploads if upload.listing_id != case.listing_id]
    appeal = appeals.of_case(connection, marketplace_id, case.case_id)
    about = {
        action_id: _listing_and_outcome(connection, marketplace_id, action_id)
        for action_id in {upload.action_id for upload in uploads}
    }
    documents = []
    for upload in uploads:
        listing, came_of = about[upload.action_id]
        is_told = not (is_audit and upload.listing_id == case.listing_id)
        at_issue = appeal is not None and appeal.action_id == upload.action_id
        documents.append(Document(upload, listing, came_of if is_told else None, at_issue))
    return tuple(documents)


def is_audit_of_brand(connection: Connection, case: Case) -> bool:
    """Whether a case is the audit of a brand's confirmation."""
    if case.lane is not CaseLane.SECOND_REVIEW:
        return False
    return standings.audited_case_id(connection, case.marketplace_id, case.case_id) is not None


def seller_answers(connection: Connection, case: Case) -> tuple[str, ...]:
    """What the seller has answered about the listing of an audit, oldest first; empty in other cases."""
    if not is_audit_of_brand(connection, case):
        return ()
    return counter_notices.seller_statements(connection, case.marketplace_id, case.listing_id)


def analyst_document(runtime: Runtime, person: Person, case_id: str, upload_id: str) -> tuple[SellerUpload, bytes]:
    """A document of a case, with its content.

    Raises NotFound (the person has no access to the case, the case does not show this document, or it was erased).
    """
    with runtime.store.read() as connection:
        case, side = visible_case(connection, person, case_id)
        shown = documents_of(connection, case) if side is Side.ANALYST else ()
        return _document_with_content(connection, [document.upload for document in shown], upload_id)


def rights_holder_document(
    runtime: Runtime, person: Person, counter_notice_id: str, upload_id: str
) -> tuple[SellerUpload, bytes]:
    """A seller's document for the removal that a brand is asked about, with its content.

    Raises NotFound (the brand is not asked about such a removal, the removal has no such document, or it was erased).
    """
    answered = person.brands(Permission.ANSWER_QUESTIONS)
    with runtime.store.read() as connection:
        marketplace_id = counter_notices.marketplace_of(
            connection, counter_notice_id, frozenset(place for place, _ in answered)
        )
        counter_notice = counter_notices.get(connection, marketplace_id, counter_notice_id)
        if (marketplace_id, counter_notice.brand_id) not in answered:
            raise NotFound("There is no such counter-notice.")
        return _document_with_content(connection, all_for_rights_holder(connection, counter_notice), upload_id)


def all_for_rights_holder(connection: Connection, counter_notice: CounterNotice) -> list[SellerUpload]:
    """The documents for a removal; empty until the seller has sent its answer, because until then they are a draft."""
    if counter_notice.first_answered_at is None:
        return []
    return seller_uploads.of_action(connection, counter_notice.marketplace_id, counter_notice.action_id)


def _document_with_content(
    connection: Connection, shown: list[SellerUpload], upload_id: str
) -> tuple[SellerUpload, bytes]:
    for seller_upload in shown:
        if seller_upload.upload_id == upload_id:
            return seller_upload, seller_uploads.content_of(connection, seller_upload)
    raise NotFound("There is no such document.")


def _listing_and_outcome(connection: Connection, marketplace_id: str, action_id: str) -> tuple[str, Message]:
    """The marketplace's id of the listing, and the outcome of its removal."""
    contested = counter_notices.of_action(connection, marketplace_id, action_id)
    appeal = appeals.of_action(connection, marketplace_id, action_id)
    undone = overturns.in_force(connection, marketplace_id, action_id)
    outcome = outcome_of(
        None if contested is None else contested.state,
        None if appeal is None else appeal.state,
        None if undone is None else undone.cause,
    )
    return actions.get(connection, marketplace_id, action_id).external_id, outcome


def _seller_of(connection: Connection, removal: StoredAction) -> str | None:
    version_id = verdicts.get(connection, removal.marketplace_id, removal.verdict_id).version_id
    return listings.seller_of(connection, removal.marketplace_id, version_id)
