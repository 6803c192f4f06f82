"""Copies of rights, documents and powers of attorney for another marketplace, in the caller's transaction.

A copy is a row of its own, which no later change of the other reaches. The log of each marketplace has its own side:
the first one's names the copy's id, and neither names the other marketplace.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from features.phrase import Phrase
from models.errors import Conflict, Invalid, require
from serving.audit.store import audit
from serving.brands.policy import RightsPolicy
from serving.brands.rules.rights import RightState, is_in_force
from serving.brands.rules.rights_document import checked_text, media_type_of
from serving.brands.service.mandates import put_mandate
from serving.brands.service.rights_claims import put_right
from serving.brands.store import brands, mandates, rights, rights_documents
from serving.brands.store.mandates import StoredMandate
from serving.brands.store.rights_documents import DocumentFile, StoredDocument
from serving.marketplaces.store import marketplaces
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
    document = DocumentFile(checked_text("name", name), media_type, content)
    with runtime.store.write() as connection:
        audit.lock(connection)
        pair = brands.pair_by_names(connection, brand, marketplace)
        put_document(runtime, connection, pair, document, by=by)
    return digest_of(content)


def put_document(runtime: Runtime, connection: Connection, pair: Pair, document: DocumentFile, *, by: str) -> bool:
    """Store a valid document in the caller's transaction; False where the brand has it here.

    Raises Conflict (the brand has the maximum number or total size of documents here).
    """
    digest, now = digest_of(document.content), runtime.clock.now()
    policy = runtime.policies[RightsPolicy]
    _require_room(rights_documents.documents_of(connection, pair), digest, len(document.content), policy)
    row = {
        "marketplace_id": pair[0],
        "brand_id": pair[1],
        "digest": digest,
        "name": document.name,
        "media_type": document.media_type,
        "content": document.content,
        "supplied_by": by,
        "known_at": now,
    }
    if not rights_documents.add_document(connection, row):
        return False
    payload = {"digest": digest, "bytes": len(document.content)}
    audit.record(connection, now, pair[0], by, "document.supplied", pair[1], **payload)
    return True


def digest_of(content: bytes) -> str:
    """The SHA-256 of a document, under which it is stored."""
    return hashlib.sha256(content).hexdigest()


def _require_room(documents: Sequence[StoredDocument], digest: str, size: int, policy: RightsPolicy) -> None:
    if digest in {document.digest for document in documents}:
        return
    if len(documents) >= policy.most_documents_of_a_brand:
        raise Conflict(
            "A brand can have at most {most:,} documents. Choose one that is on file.",
            most=policy.most_documents_of_a_brand,
        )
    if sum(document.size for document in documents) + size > policy.most_document_bytes_of_a_brand:
        most = policy.most_document_bytes_of_a_brand
        raise Conflict(
            "A brand's documents can have at most {most:,} bytes in total. Upload a smaller scan.", most=most
        )


SHARED: Final = frozenset({RightState.CLAIMED, RightState.VERIFIED})
_NOT_SHARED: Final = {
    RightState.REFUSED: Phrase("A refused right cannot be shared."),
    RightState.WITHDRAWN: Phrase("A withdrawn right cannot be shared."),
    RightState.CARRIED_OVER: Phrase("A right that was carried over without a document cannot be shared."),
}


def copy_right(runtime: Runtime, connection: Connection, pair: Pair, right_id: str, other: Pair, *, by: str) -> str:
    """Claim a right of a brand at another marketplace, with its document; returns the copy's id.

    The copy must be verified there, even if the right is verified here: nobody there has seen its document yet.

    Raises NotFound (the brand has no such right here) or Conflict (the right is refused, withdrawn or carried over; the
    other marketplace has it, or no room for it).
    """
    stored_right = rights.get(connection, pair, right_id)
    right = stored_right.right
    if right.state not in SHARED:
        raise Conflict(_NOT_SHARED[right.state])
    if rights.has_right(connection, other, right.kind, right.office, right.number):
        raise Conflict("{name} has this right on file already.", name=_marketplace_name(connection, other))
    _copy_document(runtime, connection, pair, stored_right.document, other, by=by)
    fields = {
        "kind": right.kind.value,
        "title": right.title,
        "office": right.office,
        "number": right.number,
        "classes": list(right.classes),
        "territories": sorted(right.territories),
        "document_digest": stored_right.document,
        "begins_at": right.begins_at,
        "expires_at": right.expires_at,
    }
    copy = put_right(runtime, connection, other, fields, by=by)
    audit.record(connection, runtime.clock.now(), pair[0], by, "right.shared", right_id, brand_id=pair[1], copy=copy)
    return copy


def copy_document(runtime: Runtime, connection: Connection, pair: Pair, digest: str, other: Pair, *, by: str) -> None:
    """Store a document of a brand at another marketplace too.

    Raises NotFound (the brand has no such document here) or Conflict (the other marketplace has it, or no room for it).
    """
    if not _copy_document(runtime, connection, pair, digest, other, by=by):
        raise Conflict("{name} has this document on file already.", name=_marketplace_name(connection, other))


def copy_mandate(runtime: Runtime, connection: Connection, pair: Pair, mandate_id: str, other: Pair, *, by: str) -> str:
    """Record a power of attorney at another marketplace, from now to the same last day; returns the copy's id.

    Raises NotFound (the brand has no such power of attorney here) or Forbidden, Conflict (it is not in force; the other
    marketplace has it; as `serving.brands.service.mandates.grant_mandate`).
    """
    stored_mandate = require(
        next(
            (power for power in mandates.stored_mandates(connection, pair) if power.mandate.mandate_id == mandate_id),
            None,
        ),
        "There is no such power of attorney in force.",
    )
    now, mandate = runtime.clock.now(), stored_mandate.mandate
    if not is_in_force(mandate, now):
        raise Conflict("Only a power of attorney that is in force can be shared.")
    there = mandates.stored_mandates(connection, other, stored_mandate.user_id)
    if identity_of(stored_mandate) in {identity_of(power) for power in there if is_in_force(power.mandate, now)}:
        raise Conflict("{name} has this power of attorney on file already.", name=_marketplace_name(connection, other))
    _copy_document(runtime, connection, pair, stored_mandate.document, other, by=by)
    fields = {
        "user_id": stored_mandate.user_id,
        "agent": mandate.agent,
        "kinds": sorted(kind.value for kind in mandate.kinds),
        "territories": sorted(mandate.territories),
        "document_digest": stored_mandate.document,
        "expires_at": mandate.expires_at,
    }
    copy = put_mandate(runtime, connection, other, fields, by=by)
    audit.record(connection, now, pair[0], by, "mandate.shared", mandate_id, brand_id=pair[1], copy=copy)
    return copy


def identity_of(mandate: StoredMandate) -> tuple[object, ...]:
    """What makes two powers of attorney the same: the person, the scope, the last day and the document."""
    terms = mandate.mandate
    return mandate.user_id, terms.agent, terms.kinds, terms.territories, terms.expires_at, mandate.document


def _copy_document(
    runtime: Runtime, connection: Connection, pair: Pair, digest: str | None, other: Pair, *, by: str
) -> bool:
    """Store a document at another marketplace; False where there is none to store."""
    if digest is None:
        return False
    if not put_document(runtime, connection, other, rights_documents.document(connection, pair, digest), by=by):
        return False
    audit.record(connection, runtime.clock.now(), pair[0], by, "document.shared", pair[1], digest=digest)
    return True


def _marketplace_name(connection: Connection, pair: Pair) -> str:
    return marketplaces.get(connection, pair[0]).name
