"""The marketplaces with which a brand's lead can share each record on file: those that do not have it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from serving.accounts.rules.access import Permission, Person
from serving.accounts.store import accounts
from serving.brands.store import brands
from serving.marketplaces.store import marketplaces
from serving.marketplaces.store.marketplaces import Marketplace
from serving.rights.rules.rights import holds
from serving.rights.service.brand_file import objection
from serving.rights.service.copies import SHARED, content
from serving.rights.store import documents, mandates, rights
from serving.rights.store.documents import StoredDocument
from serving.rights.store.mandates import StoredMandate
from serving.rights.store.pairs import Pair
from serving.rights.store.rights import StoredRight

Places = tuple[Marketplace, ...]


def places_led(connection: Connection, person: Person, pair: Pair) -> Places:
    """The other marketplaces at which a person may change the same brand's file, by name; none if not here."""
    others = [one for one in person.brands(Permission.LEAD_BRAND) if one[1] == pair[1] and one != pair]
    if not others or objection(connection, person, pair) is not None:
        return ()
    led = [place for place, _ in others if objection(connection, person, (place, pair[1])) is None]
    enrolled = [place for place in led if pair[1] in brands.enrolments(connection, place)]
    return tuple(sorted((marketplaces.get(connection, one) for one in enrolled), key=lambda one: one.name))


def of_rights(
    connection: Connection, brand_id: str, found: Sequence[StoredRight], places: Places
) -> Mapping[str, Places]:
    """The marketplaces that lack each right that can be shared, by its id."""
    there = {
        one: {_identity(right) for right in rights.rights_of(connection, (one.marketplace_id, brand_id))}
        for one in places
    }
    shared = (one for one in found if one.right.state in SHARED)
    return {one.right.right_id: _lacking(there, _identity(one)) for one in shared}


def of_documents(
    connection: Connection, brand_id: str, found: Sequence[StoredDocument], places: Places
) -> Mapping[str, Places]:
    """The marketplaces that lack each document, by its digest."""
    there = {
        one: {kept.digest for kept in documents.documents_of(connection, (one.marketplace_id, brand_id))}
        for one in places
    }
    return {one.digest: _lacking(there, one.digest) for one in found}


def of_mandates(
    connection: Connection, brand_id: str, found: Sequence[StoredMandate], places: Places, at: datetime
) -> Mapping[str, Places]:
    """The marketplaces that lack each power of attorney in force and at which its agent can act, by its id."""
    targets: dict[str, list[Marketplace]] = {one.mandate.mandate_id: [] for one in found}
    for place in places:
        pair = (place.marketplace_id, brand_id)
        can_act = {one.user_id for one in accounts.people_of_brand(connection, pair) if not one.leads}
        there = {content(one) for one in mandates.stored_mandates(connection, pair) if holds(one.mandate, at)}
        for one in found:
            if one.user_id in can_act and holds(one.mandate, at) and content(one) not in there:
                targets[one.mandate.mandate_id].append(place)
    return {mandate_id: tuple(some) for mandate_id, some in targets.items()}


def _identity(one: StoredRight) -> tuple[object, ...]:
    return one.right.kind, one.right.office, one.right.number


def _lacking(there: Mapping[Marketplace, Collection[object]], wanted: object) -> Places:
    return tuple(place for place, some in there.items() if wanted not in some)
