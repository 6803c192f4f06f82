"""The marketplace of a page about models or operations. Most people work at one and never have to choose."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from models.errors import Invalid, NotFound
from serving.accounts.rules.access import Permission, Person
from serving.marketplaces.store import marketplaces
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.runtime import Runtime
from serving.web.forms import MARKETPLACE


@dataclass(frozen=True, slots=True)
class PlaceScope:
    """The marketplace and the choices; `is_named` is whether addresses must name it."""

    chosen: Marketplace
    choices: tuple[Marketplace, ...]
    is_named: bool

    @property
    def marketplace_id(self) -> str:
        return self.chosen.marketplace_id

    def at(self, address: str) -> str:
        return self.other(address, self.marketplace_id) if self.is_named else address

    def other(self, address: str, marketplace_id: str) -> str:
        """The same address for another marketplace."""
        return f"{address}{'&' if '?' in address else '?'}{urlencode({MARKETPLACE: marketplace_id})}"


def scope_of(runtime: Runtime, person: Person, permission: Permission, fields: Mapping[str, str]) -> PlaceScope:
    """The marketplace that an address or form names, or the first at which the person has the permission.

    Raises NotFound (they have it nowhere, or not there. A marketplace that does not exist raises the same error).
    """
    theirs, requested_id = person.marketplaces(permission), fields.get(MARKETPLACE, "")
    marketplace_id = requested_id or min(theirs, default="")
    if marketplace_id not in theirs:
        raise NotFound("You have no access to this marketplace, or it does not exist. Choose another one.")
    with runtime.store.read() as connection:
        places = [place for place in marketplaces.all_marketplaces(connection) if place.marketplace_id in theirs]
    return PlaceScope(
        chosen=next(place for place in places if place.marketplace_id == marketplace_id),
        choices=tuple(sorted(places, key=lambda place: (place.name, place.marketplace_id))),
        is_named=len({grant.marketplace_id for grant in person.grants}) > 1,
    )


def scope_of_form(runtime: Runtime, person: Person, permission: Permission, fields: Mapping[str, str]) -> PlaceScope:
    """The marketplace that a form acts on: that of its page.

    Raises Invalid (it names none, and the person may act at several) or NotFound (as `scope_of`).
    """
    scope = scope_of(runtime, person, permission, fields)
    if len(scope.choices) > 1 and not fields.get(MARKETPLACE):
        raise Invalid(
            "The form names no marketplace, so nothing was changed. Reload the page and submit the form again."
        )
    return scope
