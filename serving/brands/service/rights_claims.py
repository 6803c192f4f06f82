"""Rights of brands: claimed with a document, verified by somebody else, withdrawn by the brand.

The right that a confirmation rests on: found when the brand confirms, and stored with the confirmation.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection

from features.phrase import Phrase
from models.errors import Conflict, Forbidden, Invalid, NotFound
from models.policies.version import policy_version
from models.verdict import ReasonCode
from serving.accounts.rules.access import Permission, Person
from serving.accounts.rules.second_person import are_independent
from serving.accounts.store import origins
from serving.audit.store import audit
from serving.brands.policy import RightsPolicy
from serving.brands.rules.rights import (
    UNREGISTERED,
    Basis,
    Mandate,
    Notice,
    Right,
    RightKind,
    RightState,
    basis_for,
    day_of,
    end_of_day,
    is_in_force,
)
from serving.brands.rules.rights_document import LONGEST, checked_number, checked_territories, checked_text
from serving.brands.store import brands, rights, rights_documents
from serving.brands.store import mandates as powers
from serving.cases.store.cases import Case
from serving.marketplaces.store import marketplaces
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime

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
    marketplace: str | None = None


def right_of_fields(fields: Mapping[str, str], brand: str, marketplace: str) -> NewRight:
    """The right that a form or the row of a file describes, by the names of the form's fields.

    Raises Invalid (a field is no kind of right, class or day).
    """
    kind, classes = fields.get("kind", "").strip(), _split_list(fields.get("classes", ""))
    if kind not in set(RightKind):
        raise Invalid("Choose whether it is a mark, a design or a copyright.")
    if not all(number.isascii() and number.isdigit() and len(number) <= 2 for number in classes):
        raise Invalid("Classes are numbers, such as 18, 25.")
    office, number = (fields.get(name, "").strip() for name in ("office", "number"))
    if kind == RightKind.COPYRIGHT and not (office or number):  # Works need no registration.
        office, number = UNREGISTERED, fields.get("title", "")[: LONGEST["number"]]
    days = [fields.get(name, "").strip() for name in ("first_day", "last_day")]
    first, last = (day_of(text) if text else None for text in days)
    return NewRight(
        brand=brand,
        kind=RightKind(kind),
        title=fields.get("title", ""),
        office=office,
        number=number,
        territories=tuple(_split_list(fields.get("territories", ""))),
        classes=tuple(map(int, classes)),
        first_day=first,
        last_day=last,
        document=fields.get("document", "").strip() or None,
        marketplace=marketplace,
    )


def _split_list(text: str) -> list[str]:
    return text.replace(",", " ").replace(";", " ").split()


def claim_right(runtime: Runtime, new_right: NewRight, *, by: str) -> str:
    """Put a right on file; returns its id. It cannot be used until it is verified.

    Raises Invalid (as `columns_of_right`) or NotFound, Conflict (the brand is not enrolled here, or has no such
    document; the right is already on file here, or the brand has the maximum number).
    """
    columns = columns_of_right(new_right)
    with runtime.store.write() as connection:
        audit.lock(connection)
        pair = brands.pair_by_names(connection, new_right.brand, new_right.marketplace)
        return put_right(runtime, connection, pair, columns, by=by)


def columns_of_right(new_right: NewRight) -> dict[str, Any]:
    """The stored form of a right.

    Raises Invalid (a field is empty, too long or malformed; the right ends before it begins).
    """
    begins = new_right.first_day or datetime(1970, 1, 1, tzinfo=UTC)
    ends = None if new_right.last_day is None else end_of_day(new_right.last_day)
    if ends is not None and ends <= begins:
        raise Invalid("A right must end after it begins.")
    if not all(1 <= nice_class <= _LAST_NICE_CLASS for nice_class in new_right.classes):
        raise Invalid("Classes are numbers from 1 to {most}.", most=_LAST_NICE_CLASS)
    return {
        "kind": new_right.kind.value,
        "title": checked_text("title", new_right.title),
        "office": checked_text("office", new_right.office),
        "number": checked_number(new_right.kind, new_right.office, new_right.number),
        "classes": sorted(set(new_right.classes)),
        "territories": checked_territories(new_right.territories),
        "document_digest": new_right.document,
        "begins_at": begins,
        "expires_at": ends,
    }


def put_right(runtime: Runtime, connection: Connection, pair: Pair, fields: Mapping[str, Any], *, by: str) -> str:
    """Store a valid right as claimed in the caller's transaction; returns its id.

    Raises NotFound, Conflict (the brand has no such document here; the right is already on file here, or the brand has
    the maximum number).
    """
    right_id, now = runtime.ids.new("rgt"), runtime.clock.now()
    if rights.count(connection, pair) >= runtime.policies[RightsPolicy].most_rights_of_a_brand:
        name = brands.enrolments(connection, pair[0])[pair[1]].name
        raise Conflict("{name} already has the maximum number of rights on file.", name=name)
    if fields["document_digest"] is not None:
        rights_documents.document(connection, pair, fields["document_digest"])
    row = {
        "marketplace_id": pair[0],
        "right_id": right_id,
        "brand_id": pair[1],
        **fields,
        "state": RightState.CLAIMED.value,
        "claimed_by": by,
        "known_at": now,
    }
    rights.add_right(connection, row)
    payload = {name: row[name] for name in ("brand_id", "kind", "office", "number", "territories", "document_digest")}
    audit.record(connection, now, pair[0], by, "right.claimed", right_id, **payload)
    return right_id


def settle_rights(
    runtime: Runtime, pair: Pair, right_ids: Collection[str], state: RightState, *, note: str = "", by: str
) -> None:
    """Verify, refuse or withdraw rights of a brand at one marketplace, all or none. Earlier notices stay valid.

    Raises Forbidden (the person verifies a right that they, or an account that counts as the same person, supplied),
    Conflict (the right's current state does not allow this change) or NotFound, Invalid (the brand has no such right
    here; the reason for a refusal is missing).
    """
    text = checked_text("note", note) if note.strip() else ""
    if state is RightState.REFUSED and not text:
        raise Invalid("Say why the right is refused; the brand reads it.")
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        audit.lock(connection)
        for right_id in right_ids:
            stored_right = rights.get(connection, pair, right_id)
            if state not in _MAY_FOLLOW.get(stored_right.right.state, set()):
                if state is RightState.WITHDRAWN:
                    raise Conflict(_NOT_WITHDRAWN[stored_right.right.state])
                raise Conflict(
                    "A right that is {was} cannot become {wanted}.",
                    was=_state_in_words(stored_right.right.state),
                    wanted=_state_in_words(state),
                )
            if state is RightState.VERIFIED and (why_not := why_not_verify(connection, stored_right.claimed_by, by)):
                raise Forbidden(why_not)
            rights.settle(connection, stored_right, state, by=by, note=text, at=now)
            audit.record(connection, now, pair[0], by, f"right.{state.value}", right_id, brand_id=pair[1])


def why_not_verify(connection: Connection, claimed_by: str, by: str) -> Phrase | None:
    """Why a user cannot verify a right: their account counts as one person with the supplier's; None where they can."""
    if not (claimed_by.startswith(_USER) and by.startswith(_USER)):
        return None
    if claimed_by == by:
        return Phrase("You supplied this right. Somebody else must verify it.")
    if not are_independent(origins.roots(connection), claimed_by.removeprefix(_USER), by.removeprefix(_USER)):
        return Phrase(
            "Your account and the one that supplied this right count as one person, because one created the other or "
            "reset its password, or one person did so for both. Somebody else must verify it."
        )
    return None


def owner_of(runtime: Runtime, right_id: str) -> Pair:
    """The marketplace and brand of a right, for the owner of the data directory, who may act at all of them.

    Raises NotFound (there is none with this id).
    """
    with runtime.store.read() as connection:
        return rights.owner_of(connection, right_id)


def _state_in_words(state: RightState) -> str:
    return state.value.replace("_", " ")


def basis_of(
    runtime: Runtime,
    connection: Connection,
    pair: Pair,
    person: Person,
    reason_code: ReasonCode,
    at: datetime,
    *,
    only: str | None = None,
) -> tuple[Basis, tuple[Mandate, ...]]:
    """The right of a brand that carries this person's confirmation now, and the powers of attorney in force.

    `pair` is (marketplace, brand); `only` restricts the choice to one right.
    """
    on_record = rights.rights_of(connection, pair)
    brand_rights = [right.right for right in on_record if only is None or right.right.right_id == only]
    mandates = powers.mandates_of(connection, pair, person.user_id)
    notice = Notice(reason_code, marketplaces.countries_sold_in(connection, pair[0]), at)
    acting = tuple(mandate for mandate in mandates if is_in_force(mandate, at))
    return basis_for(brand_rights, mandates, notice, runtime.policies[RightsPolicy]), acting


def pair_of(connection: Connection, person: Person, right_id: str, marketplace_id: str | None) -> Pair:
    """The marketplace and brand of a right for which a person answers; `marketplace_id` may name it.

    Raises NotFound (there is no such right, or it is of another brand or marketplace).
    """
    pair = rights.owner_of(connection, right_id)
    if pair not in person.brands(Permission.ANSWER_QUESTIONS) or marketplace_id not in {None, pair[0]}:
        raise NotFound("There is no such right.")
    return pair


def keep_basis(
    runtime: Runtime,
    connection: Connection,
    case: Case,
    verdict_id: str,
    carried: tuple[Right, str, tuple[Mandate, ...]],
    at: datetime,
) -> None:
    """Store the right that carried a confirmation, with the reason in the wording of that time."""
    right, reason, mandates = carried
    row = {
        "marketplace_id": case.marketplace_id,
        "verdict_id": verdict_id,
        "right_id": right.right_id,
        "mandate_ids": [mandate.mandate_id for mandate in mandates],
        "reason": reason[:500],
        "policy_version": policy_version(runtime.policies[RightsPolicy]),
        "known_at": at,
    }
    rights.keep_basis(connection, row)
