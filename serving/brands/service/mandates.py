"""Powers of attorney: the limits of accounts that act for a brand as its agents."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from models.errors import Conflict, Forbidden, Invalid
from serving.accounts.rules.access import Permission
from serving.accounts.store import accounts
from serving.audit.store import audit
from serving.brands.rules.rights import RightKind, end_of_day
from serving.brands.rules.rights_document import checked_territories, checked_text
from serving.brands.store import brands, mandates, rights_documents
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime


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
    marketplace: str | None = None


def grant_mandate(runtime: Runtime, new_mandate: NewMandate, *, by: str) -> str:
    """Record the power of attorney of a brand user; from now on its limits apply to them there. Returns its id.

    Raises Invalid (the power of attorney has ended, names no kind of right, or a field is malformed), NotFound,
    Forbidden (there is no such brand, person or document here; the person has no account for this brand here) or
    Conflict (the person has lead rights here. Agents cannot change the brand's file, so one lead could lock out all
    others).
    """
    ends = end_of_day(new_mandate.last_day)
    if ends <= runtime.clock.now():
        raise Invalid("This power of attorney has ended already.")
    if not new_mandate.kinds:
        raise Invalid("A power of attorney must name at least one kind of right.")
    with runtime.store.write() as connection:
        audit.lock(connection)
        pair = brands.pair_by_names(connection, new_mandate.brand, new_mandate.marketplace)
        fields = {
            "user_id": accounts.user_id_by_email(connection, new_mandate.email),
            "agent": checked_text("agent", new_mandate.agent),
            "kinds": sorted({kind.value for kind in new_mandate.kinds}),
            "territories": checked_territories(new_mandate.territories),
            "document_digest": new_mandate.document,
            "expires_at": ends,
        }
        return put_mandate(runtime, connection, pair, fields, by=by)


def put_mandate(runtime: Runtime, connection: Connection, pair: Pair, fields: Mapping[str, Any], *, by: str) -> str:
    """Store a valid power of attorney that begins now, in the caller's transaction; returns its id.

    Raises NotFound, Forbidden, Conflict (as `grant_mandate`).
    """
    mandate_id, now = runtime.ids.new("poa"), runtime.clock.now()
    person = accounts.person(connection, fields["user_id"])
    if pair not in person.brands(Permission.ANSWER_QUESTIONS):
        raise Forbidden("{name} has no account for {words}.", name=person.email, words=_brand_name(connection, pair))
    if pair in person.brands(Permission.LEAD_BRAND):
        raise Conflict(
            "{name} has lead rights for {words}. A user with lead rights cannot be an agent of the brand.",
            name=person.email,
            words=_brand_name(connection, pair),
        )
    if fields["document_digest"] is not None:
        rights_documents.document(connection, pair, fields["document_digest"])
    row = {
        "marketplace_id": pair[0],
        "mandate_id": mandate_id,
        "brand_id": pair[1],
        **fields,
        "begins_at": now,
        "known_at": now,
    }
    mandates.add_mandate(connection, row)
    payload = {name: row[name] for name in ("brand_id", "user_id", "kinds", "territories", "document_digest")}
    audit.record(connection, now, pair[0], by, "mandate.recorded", mandate_id, **payload)
    return mandate_id


def revoke_mandate(runtime: Runtime, pair: Pair, mandate_id: str, *, by: str) -> None:
    """End a power of attorney of a brand at one marketplace now.

    Raises NotFound (the brand has no power of attorney of this id in force here).
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        mandates.revoke_mandate(connection, pair, mandate_id, now)
        audit.record(connection, now, pair[0], by, "mandate.revoked", mandate_id, brand_id=pair[1])


def _brand_name(connection: Connection, pair: Pair) -> str:
    return brands.enrolments(connection, pair[0])[pair[1]].name
