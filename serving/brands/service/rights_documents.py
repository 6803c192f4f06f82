"""Supporting documents of rights and powers of attorney."""

import hashlib
from collections.abc import Sequence

from sqlalchemy import Connection

from models.errors import Conflict, Invalid
from serving.audit.store import audit
from serving.brands.policy import RightsPolicy
from serving.brands.rules.rights_document import kept_text, media_type_of
from serving.brands.store import brands, rights_documents
from serving.brands.store.rights_documents import DocumentFile, StoredDocument
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime


def keep_document(
    runtime: Runtime, brand: str, name: str, content: bytes, *, marketplace: str | None = None, by: str
) -> str:
    """Store a brand's document; returns its digest, to which rights and powers of attorney refer.

    Raises Invalid (the file is not a PDF, PNG or JPEG, or too large) or NotFound, Conflict (the brand is not enrolled
    here; it has the maximum number or total size of documents).
    """
    media_type = media_type_of(content)
    if media_type is None:
        raise Invalid("A document must be a PDF, PNG or JPEG file.")
    most = runtime.policies[RightsPolicy].largest_document_bytes
    if len(content) > most:
        raise Invalid("A document can have at most {most:,} bytes.", most=most)
    found = DocumentFile(kept_text("name", name), media_type, content)
    with runtime.store.write() as connection:
        audit.hold(connection)
        pair = brands.named_at(connection, brand, marketplace)
        put_document(runtime, connection, pair, found, by=by)
    return digest_of(content)


def put_document(runtime: Runtime, connection: Connection, pair: Pair, found: DocumentFile, *, by: str) -> bool:
    """Store a valid document in the caller's transaction; False where the brand has it here.

    Raises Conflict (the brand has the maximum number or total size of documents here).
    """
    digest, now = digest_of(found.content), runtime.clock.now()
    policy = runtime.policies[RightsPolicy]
    _require_room(rights_documents.documents_of(connection, pair), digest, len(found.content), policy)
    row = {
        "marketplace_id": pair[0],
        "brand_id": pair[1],
        "digest": digest,
        "name": found.name,
        "media_type": found.media_type,
        "content": found.content,
        "supplied_by": by,
        "known_at": now,
    }
    if not rights_documents.add_document(connection, row):
        return False
    told = {"digest": digest, "bytes": len(found.content)}
    audit.record(connection, now, pair[0], by, "document.supplied", pair[1], **told)
    return True


def digest_of(content: bytes) -> str:
    """The SHA-256 of a document, under which it is stored."""
    return hashlib.sha256(content).hexdigest()


def _require_room(kept: Sequence[StoredDocument], digest: str, size: int, policy: RightsPolicy) -> None:
    if digest in {one.digest for one in kept}:
        return
    if len(kept) >= policy.most_documents_of_a_brand:
        raise Conflict(
            "A brand can have at most {most:,} documents. Choose one that is on file.",
            most=policy.most_documents_of_a_brand,
        )
    if sum(one.size for one in kept) + size > policy.most_document_bytes_of_a_brand:
        most = policy.most_document_bytes_of_a_brand
        raise Conflict(
            "A brand's documents can have at most {most:,} bytes in total. Upload a smaller scan.", most=most
        )
