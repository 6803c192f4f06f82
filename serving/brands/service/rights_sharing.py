"""A brand's lead shares what is on file with another marketplace, at which the same account leads the brand too.

From then on each marketplace has its own copy, and either side verifies, refuses, withdraws, ends or reprices it alone.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from models.errors import Invalid, NotFound
from serving.accounts.rules.access import Permission, Person
from serving.accounts.store import accounts
from serving.audit.store import audit
from serving.brands.rules.rights import is_in_force
from serving.brands.service.brand_file import objection, require_lead
from serving.brands.service.price_lists import copy_entries
from serving.brands.service.rights_copies import SHARED, copy_document, copy_mandate, copy_right, identity_of
from serving.brands.store import brands, mandates, rights, rights_documents
from serving.brands.store.mandates import StoredMandate
from serving.brands.store.rights import StoredRight
from serving.brands.store.rights_documents import StoredDocument
from serving.marketplaces.store import marketplaces
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime


def share_right(runtime: Runtime, person: Person, pair: Pair, right_id: str, to: str) -> str:
    """Claim a right of one's own brand at the marketplace `to` as well, with its document; returns the copy's id.

    Raises NotFound, Forbidden, Invalid (the person does not represent the brand at both; does not lead it at both, or
    acts by a power of attorney at one; `to` is the same marketplace) or Conflict (as
    `serving.brands.service.rights_copies.copy_right`).
    """
    with runtime.store.write() as connection:
        audit.lock(connection)
        by, other = _require_both(connection, person, pair, to)
        return copy_right(runtime, connection, pair, right_id, other, by=by)


def share_document(runtime: Runtime, person: Person, pair: Pair, digest: str, to: str) -> None:
    """Store a document of one's own brand at the marketplace `to` as well.

    Raises NotFound, Forbidden, Invalid (as `share_right`) or Conflict (as
    `serving.brands.service.rights_copies.copy_document`).
    """
    with runtime.store.write() as connection:
        audit.lock(connection)
        by, other = _require_both(connection, person, pair, to)
        copy_document(runtime, connection, pair, digest, other, by=by)


def share_mandate(runtime: Runtime, person: Person, pair: Pair, mandate_id: str, to: str) -> str:
    """Record a power of attorney of one's own brand at the marketplace `to` as well; returns the copy's id.

    Raises NotFound, Forbidden, Invalid (as `share_right`; the agent has no account for the brand there) or Conflict (as
    `serving.brands.service.rights_copies.copy_mandate`).
    """
    with runtime.store.write() as connection:
        audit.lock(connection)
        by, other = _require_both(connection, person, pair, to)
        return copy_mandate(runtime, connection, pair, mandate_id, other, by=by)


def share_price_list(runtime: Runtime, person: Person, pair: Pair, to: str) -> int:
    """Add the prices in force or later to the brand's list at the marketplace `to`; returns how many it did not have.

    Raises NotFound, Forbidden, Invalid (as `share_right`) or Conflict (the list there would exceed its maximum).
    """
    with runtime.store.write() as connection:
        audit.lock(connection)
        by, other = _require_both(connection, person, pair, to)
        shared = copy_entries(connection, pair, other, runtime.clock.now(), by=by)
    runtime.forget()
    return shared


def _require_both(connection: Connection, person: Person, pair: Pair, to: str) -> tuple[str, Pair]:
    """The person's name in the audit logs and the other pair, if they may change the brand's file at both."""
    by = require_lead(connection, person, pair)
    require_lead(connection, person, (to, pair[1]))
    return by, _target_pair(connection, pair, to)


def _target_pair(connection: Connection, pair: Pair, to: str) -> Pair:
    if to == pair[0]:
        raise Invalid("It is on file at this marketplace. Choose another one.")
    if pair[1] not in brands.enrolments(connection, to):
        raise NotFound("There is no such brand.")
    return to, pair[1]


Places = tuple[Marketplace, ...]


def places_led(connection: Connection, person: Person, pair: Pair) -> Places:
    """The other marketplaces at which a person may change the same brand's file, by name; none if not here."""
    others = [brand for brand in person.brands(Permission.LEAD_BRAND) if brand[1] == pair[1] and brand != pair]
    if not others or objection(connection, person, pair) is not None:
        return ()
    led = [place for place, _ in others if objection(connection, person, (place, pair[1])) is None]
    enrolled = [place for place in led if pair[1] in brands.enrolments(connection, place)]
    return tuple(sorted((marketplaces.get(connection, place) for place in enrolled), key=lambda place: place.name))


def targets_of_rights(
    connection: Connection, brand_id: str, stored_rights: Sequence[StoredRight], places: Places
) -> Mapping[str, Places]:
    """The marketplaces that lack each right that can be shared, by its id."""
    there = {
        place: {_identity(right) for right in rights.rights_of(connection, (place.marketplace_id, brand_id))}
        for place in places
    }
    shared = (right for right in stored_rights if right.right.state in SHARED)
    return {right.right.right_id: _places_without(there, _identity(right)) for right in shared}


def targets_of_documents(
    connection: Connection, brand_id: str, documents: Sequence[StoredDocument], places: Places
) -> Mapping[str, Places]:
    """The marketplaces that lack each document, by its digest."""
    there = {
        place: {
            document.digest for document in rights_documents.documents_of(connection, (place.marketplace_id, brand_id))
        }
        for place in places
    }
    return {document.digest: _places_without(there, document.digest) for document in documents}


def targets_of_mandates(
    connection: Connection, brand_id: str, stored_mandates: Sequence[StoredMandate], places: Places, at: datetime
) -> Mapping[str, Places]:
    """The marketplaces that lack each power of attorney in force and at which its agent can act, by its id."""
    targets: dict[str, list[Marketplace]] = {mandate.mandate.mandate_id: [] for mandate in stored_mandates}
    for place in places:
        pair = (place.marketplace_id, brand_id)
        can_act = {
            brand_person.user_id
            for brand_person in accounts.people_of_brand(connection, pair)
            if not brand_person.leads
        }
        there = {
            identity_of(mandate)
            for mandate in mandates.stored_mandates(connection, pair)
            if is_in_force(mandate.mandate, at)
        }
        for mandate in stored_mandates:
            if mandate.user_id in can_act and is_in_force(mandate.mandate, at) and identity_of(mandate) not in there:
                targets[mandate.mandate.mandate_id].append(place)
    return {mandate_id: tuple(lacking_places) for mandate_id, lacking_places in targets.items()}


def _identity(right: StoredRight) -> tuple[object, ...]:
    return right.right.kind, right.right.office, right.right.number


def _places_without(there: Mapping[Marketplace, Collection[object]], identity: object) -> Places:
    return tuple(place for place, identities in there.items() if identity not in identities)
