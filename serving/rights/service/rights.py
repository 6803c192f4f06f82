"""Rights of brands: supplied with a document, verified by somebody else, and required at each confirmation."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from features.phrase import Phrase
from models.errors import Conflict, Forbidden, Invalid
from serving.accounts.rules.access import Permission
from serving.accounts.rules.second_person import independent
from serving.accounts.store import accounts, origins
from serving.audit.store import audit
from serving.brands.store import brands
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime
from serving.rights import store as rights
from serving.rights.policy import RightsPolicy
from serving.rights.rules.document import media_type_of
from serving.rights.rules.kept_text import kept_text
from serving.rights.rules.rights import RightKind, RightState
from serving.rights.rules.territories import territories
from serving.rights.store import StoredDocument, StoredRight

_USER: Final = "user:"  # The actors who have an account; all others act for the owner of the data directory.
_LAST_NICE_CLASS: Final = 45  # The Nice Classification has 45 classes of goods and services.
_MAY_FOLLOW: Final = {
    RightState.CLAIMED: {RightState.VERIFIED, RightState.REFUSED, RightState.WITHDRAWN},
    RightState.VERIFIED: {RightState.WITHDRAWN},
    RightState.CARRIED_OVER: {RightState.WITHDRAWN},
}
_NOT_WITHDRAWN: Final = {
    RightState.REFUSED: Phrase("A refused right cannot be withdrawn."),
    RightState.WITHDRAWN: Phrase("This right has already been withdrawn."),
}


@dataclass(frozen=True, slots=True)
class NewRight:
    """A right as a brand supplies it; `last_day` is its last day in force, None for a right without an end."""

    brand: str
    kind: RightKind
    title: str
    office: str
    number: str
    territories: tuple[str, ...]
    classes: tuple[int, ...] = ()
    first_day: datetime | None = None
    last_day: datetime | None = None
    document: str | None = None


@dataclass(frozen=True, slots=True)
class NewMandate:
    """A power of attorney: its agent, its rights, its territory, and its last day."""

    brand: str
    email: str
    agent: str
    territories: tuple[str, ...]
    last_day: datetime
    kinds: tuple[RightKind, ...] = field(default=tuple(RightKind))
    document: str | None = None


def keep_document(runtime: Runtime, brand: str, name: str, content: bytes, *, by: str) -> str:
    """Store a brand's document; returns its digest, to which rights and powers of attorney refer.

    Raises
    ------
    Invalid
        The file is not a PDF, PNG or JPEG, or too large.
    NotFound, Conflict
        There is no such brand; the brand has the maximum number or total size of documents.
    """
    media_type = media_type_of(content)
    if media_type is None:
        raise Invalid("A document must be a PDF, PNG or JPEG file.")
    most = runtime.policies[RightsPolicy].largest_document_bytes
    if len(content) > most:
        raise Invalid("A document can have at most {most:,} bytes.", most=most)
    digest, now = hashlib.sha256(content).hexdigest(), runtime.clock.now()
    with runtime.store.write() as connection:
        audit.hold(connection)
        brand_id = brands.by_name(connection, brand).brand_id
        _require_room(rights.documents_of(connection, brand_id), digest, len(content), runtime.policies[RightsPolicy])
        row = {
            "brand_id": brand_id,
            "digest": digest,
            "name": kept_text("name", name),
            "media_type": media_type,
            "content": content,
            "supplied_by": by,
            "known_at": now,
        }
        if rights.add_document(connection, row):
            _record(runtime, connection, by, "document.supplied", brand_id, {"digest": digest, "bytes": len(content)})
    return digest


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


def claim_right(runtime: Runtime, wanted: NewRight, *, by: str) -> str:
    """Put a right on file; returns its id. It cannot be used until it is verified.

    Raises
    ------
    Invalid
        A field is empty, too long or malformed; the right ends before it begins.
    NotFound, Conflict
        There is no such brand or document; the right is already on file, or the brand has the maximum number.
    """
    now = runtime.clock.now()
    begins, ends = wanted.first_day or datetime(1970, 1, 1, tzinfo=UTC), _end_of(wanted.last_day)
    if ends is not None and ends <= begins:
        raise Invalid("A right must end after it begins.")
    if not all(1 <= one <= _LAST_NICE_CLASS for one in wanted.classes):
        raise Invalid("Classes are numbers from 1 to {most}.", most=_LAST_NICE_CLASS)
    right_id = runtime.ids.new("rgt")
    with runtime.store.write() as connection:
        audit.hold(connection)
        brand_id = brands.by_name(connection, wanted.brand).brand_id
        if rights.count(connection, brand_id) >= runtime.policies[RightsPolicy].most_rights_of_a_brand:
            raise Conflict("{name} already has the maximum number of rights on file.", name=wanted.brand)
        if wanted.document is not None:
            rights.document(connection, brand_id, wanted.document)
        row: dict[str, Any] = {
            "right_id": right_id,
            "brand_id": brand_id,
            "kind": wanted.kind.value,
            "title": kept_text("title", wanted.title),
            "office": kept_text("office", wanted.office),
            "number": kept_text("number", wanted.number),
            "classes": sorted(set(wanted.classes)),
            "territories": territories(wanted.territories),
            "state": RightState.CLAIMED.value,
            "document_digest": wanted.document,
            "begins_at": begins,
            "expires_at": ends,
            "claimed_by": by,
            "known_at": now,
        }
        rights.add_right(connection, row)
        told = {name: row[name] for name in ("brand_id", "kind", "office", "number", "territories", "document_digest")}
        _record(runtime, connection, by, "right.claimed", right_id, told)
    return right_id


def settle_right(runtime: Runtime, right_id: str, state: RightState, *, note: str = "", by: str) -> None:
    """Verify, refuse or withdraw a right. Earlier notices under the right stay valid.

    Raises
    ------
    Forbidden
        The person verifies a right that they, or an account that counts as the same person, supplied.
    Conflict
        The right's current state does not allow this change.
    NotFound, Invalid
        There is no such right; the reason for a refusal is missing.
    """
    text = kept_text("note", note) if note.strip() else ""
    if state is RightState.REFUSED and not text:
        raise Invalid("Say why the right is refused; the brand reads it.")
    with runtime.store.write() as connection:
        found = rights.get(connection, right_id)
        if state not in _MAY_FOLLOW.get(found.right.state, set()):
            if state is RightState.WITHDRAWN:
                raise Conflict(_NOT_WITHDRAWN[found.right.state])
            raise Conflict(
                "A right that is {was} cannot become {wanted}.", was=_word(found.right.state), wanted=_word(state)
            )
        if state is RightState.VERIFIED:
            _require_another(connection, found.claimed_by, by)
        rights.settle(connection, found, state, by=by, note=text, at=runtime.clock.now())
        _record(runtime, connection, by, f"right.{state.value}", right_id, {"brand_id": found.brand_id})


def _require_another(connection: Connection, claimed_by: str, by: str) -> None:
    """Refuse the verification of a right by a user whose account counts as one person with the supplier's."""
    if not (claimed_by.startswith(_USER) and by.startswith(_USER)):
        return
    if claimed_by == by:
        raise Forbidden("You supplied this right. Somebody else must verify it.")
    if not independent(origins.roots(connection), claimed_by.removeprefix(_USER), by.removeprefix(_USER)):
        raise Forbidden(
            "Your account and the one that supplied this right count as one person, because one created the other or "
            "reset its password, or one person did so for both. Somebody else must verify it."
        )


def grant_mandate(runtime: Runtime, wanted: NewMandate, *, by: str) -> str:
    """Record the power of attorney of a brand user; from now on its limits apply to them. Returns its id.

    Raises
    ------
    Invalid
        The power of attorney has ended, names no kind of right, or a field is malformed.
    NotFound, Forbidden
        There is no such brand, person or document; the person has no account for this brand.
    Conflict
        The person has lead rights. Agents cannot change the brand's file, so one lead could lock out all others.
    """
    now, ends = runtime.clock.now(), _end_of(wanted.last_day)
    if ends is None or ends <= now:
        raise Invalid("This power of attorney has ended already.")
    if not wanted.kinds:
        raise Invalid("A power of attorney must name at least one kind of right.")
    mandate_id = runtime.ids.new("poa")
    with runtime.store.write() as connection:
        audit.hold(connection)
        brand_id = brands.by_name(connection, wanted.brand).brand_id
        user_id = accounts.user_id_by_email(connection, wanted.email)
        person = accounts.person(connection, user_id)
        if brand_id not in {one for _, one in person.brands(Permission.ANSWER_QUESTIONS)}:
            raise Forbidden("{name} has no account for {words}.", name=wanted.email, words=wanted.brand)
        if brand_id in {one for _, one in person.brands(Permission.LEAD_BRAND)}:
            raise Conflict(
                "{name} has lead rights for {words}. A user with lead rights cannot be an agent of the brand.",
                name=wanted.email,
                words=wanted.brand,
            )
        if wanted.document is not None:
            rights.document(connection, brand_id, wanted.document)
        row = {
            "mandate_id": mandate_id,
            "brand_id": brand_id,
            "user_id": user_id,
            "agent": kept_text("agent", wanted.agent),
            "kinds": sorted({one.value for one in wanted.kinds}),
            "territories": territories(wanted.territories),
            "document_digest": wanted.document,
            "begins_at": now,
            "expires_at": ends,
            "known_at": now,
        }
        rights.add_mandate(connection, row)
        told = {name: row[name] for name in ("brand_id", "user_id", "kinds", "territories", "document_digest")}
        _record(runtime, connection, by, "mandate.recorded", mandate_id, told)
    return mandate_id


def revoke_mandate(runtime: Runtime, mandate_id: str, *, by: str) -> None:
    """End a power of attorney now.

    Raises
    ------
    NotFound
        No power of attorney of this id is in force.
    """
    with runtime.store.write() as connection:
        brand_id = rights.revoke_mandate(connection, mandate_id, runtime.clock.now())
        _record(runtime, connection, by, "mandate.revoked", mandate_id, {"brand_id": brand_id})


def sell_in(runtime: Runtime, places: Sequence[str], *, marketplace: str | None, by: str) -> None:
    """Set the sales territory of a marketplace; rights that are valid in none of it cannot be used there."""
    with runtime.store.write() as connection:
        here = marketplaces.by_name(connection, marketplace).marketplace_id
        sold = territories(places)
        marketplaces.sell_in(connection, here, sold)
        payload = {"sold_in": sold}
        audit.record(connection, runtime.clock.now(), here, by, "marketplace.sells_in", here, **payload)


def on_file(runtime: Runtime, brand: str) -> list[StoredRight]:
    """A brand's rights in the order in which they were supplied."""
    with runtime.store.read() as connection:
        return rights.rights_of(connection, [brands.by_name(connection, brand).brand_id])


def _end_of(day: datetime | None) -> datetime | None:
    """The end of a last day, UTC."""
    if day is None:
        return None
    return day.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _word(state: RightState) -> str:
    return state.value.replace("_", " ")


def _record(runtime: Runtime, connection: Connection, by: str, act: str, subject: str, payload: dict[str, Any]) -> None:
    audit.record(connection, runtime.clock.now(), "", by, act, subject, **payload)
