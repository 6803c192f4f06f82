"""Documents that a notifier adds by the link of a notice, while a listing of it waits for its decision."""

import hashlib

from sqlalchemy import Connection

from models.errors import Conflict
from serving.appeals.policy import SellerEvidencePolicy
from serving.audit.store import audit
from serving.brands.rules.rights_document import readable_name
from serving.notices.policy import NoticePolicy
from serving.notices.rules.notice_counts import admit_document, check_network_bytes
from serving.notices.rules.notices import ItemState, ReporterKind
from serving.notices.service.admission import network_token
from serving.notices.service.notice_links import notice_of_link
from serving.notices.store import networks, notice_documents, notices, reporters
from serving.notices.store.notices import StoredNotice
from serving.platform.database.documents import document_row
from serving.platform.runtime import Runtime


def check_open(runtime: Runtime, connection: Connection, token: str) -> StoredNotice:
    """The notice to which a link leads, if a document can be added to it.

    Raises NotFound (the link is invalid or has ended) or Conflict (no listing of the notice waits for its decision).
    """
    notice = notice_of_link(runtime, connection, token)
    if not is_open(connection, notice):
        raise Conflict("No decision on this notice is pending, so you cannot add documents.")
    return notice


def is_open(connection: Connection, notice: StoredNotice) -> bool:
    """Whether a listing of a notice waits for its decision, so that somebody may still read a document."""
    listings = notices.items_of_notice(connection, notice.marketplace_id, notice.notice_id)
    return any(listing.state is ItemState.WAITING for listing in listings)


def hand_in(runtime: Runtime, token: str, name: str, content: bytes, *, address: str) -> None:
    """Store a document that a notifier adds by the link; a repeated upload adds nothing.

    `address` is the network address of the sender, which is not stored.

    Raises NotFound (the link is invalid or has ended), Invalid, Conflict (the file is not a document, too large, or one
    too many; no decision on this notice is pending) or TooManyNotices (the network of a stranger sent too many bytes
    today).
    """
    digest, now = hashlib.sha256(content).hexdigest(), runtime.clock.now()
    policy, documents = runtime.policies[NoticePolicy], runtime.policies[SellerEvidencePolicy]
    with runtime.store.write() as connection:
        audit.lock(connection)  # Of two concurrent uploads the second counts the first.
        notice = check_open(runtime, connection, token)
        marketplace_id, notice_id = notice.marketplace_id, notice.notice_id
        media_type = admit_document(
            content,
            notice_documents.documents_total(connection, marketplace_id, notice_id),
            policy=policy,
            documents=documents,
        )
        if reporters.get(connection, marketplace_id, notice.reporter_id).kind is ReporterKind.UNREGISTERED:
            network = network_token(runtime, address, now)
            check_network_bytes(len(content), networks.bytes_from(connection, network, now), policy)
            networks.add_bytes(connection, network, len(content))
        row = document_row(
            readable_name(name),
            media_type,
            content,
            digest,
            now,
            marketplace_id=marketplace_id,
            document_id=runtime.ids.new("ntd"),
            notice_id=notice_id,
        )
        if notice_documents.add_document(connection, row):
            audit.record(
                connection,
                now,
                marketplace_id,
                f"reporter:{notice.reporter_id}",
                "notice_document.handed_in",
                notice_id,
                digest=digest,
                size=len(content),
                media_type=media_type,
            )
