"""A brand enrolled at a marketplace with all that it brings: aliases, its lead, rights, sellers and prices, at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from features.brands import Brand
from models.errors import Conflict, Forbidden, NotFound
from serving.accounts.rules.access import Grant, Permission, Person, Role
from serving.accounts.service.given_names import checked_address, checked_name, checked_prefixes
from serving.accounts.service.inviting import invite_by_mail
from serving.accounts.store import people
from serving.audit.store import audit
from serving.brands.rules.rights import RightState
from serving.brands.service import price_lists
from serving.brands.service.rights_claims import NewRight, columns_of_right, put_right
from serving.brands.store import authorised_sellers, brands, rights
from serving.cases.service.deferring import manager_for
from serving.cases.service.naming import ask_about_open_cases
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime

_STAFF: Final = frozenset(Role) - {Role.BRAND}


@dataclass(frozen=True, slots=True)
class NewBrand:
    """A brand as its account manager enters it; `lead_address` is the e-mail of its first user, empty for none."""

    name: str
    aliases: Sequence[str] = ()
    gtin_prefixes: Sequence[str] = ()
    lead_address: str = ""
    rights: Sequence[NewRight] = ()
    sellers: Sequence[str] = ()
    prices: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class EnrolledBrand:
    """The brand, the path of its first user's invitation, which is not stored, and how many open cases ask it now."""

    pair: Pair
    invitation: str | None
    questions: int


def enrol_brand(runtime: Runtime, person: Person, marketplace: Marketplace, new: NewBrand) -> EnrolledBrand:
    """Enrol a brand with everything or not at all. Its rights wait until somebody else has verified them; of somebody
    who works there alone they are verified.

    A brand that another marketplace has registered keeps its aliases. An account manager keeps the brand; of somebody
    who is none it goes to the manager with the fewest.

    Raises Forbidden (they manage no brands there), Invalid (a name, address, right or price is malformed; nobody there
    manages brands) or Conflict (the brand is enrolled there already; a right is on file twice).
    """
    marketplace_id, now, by = marketplace.marketplace_id, runtime.clock.now(), person.actor
    if marketplace_id not in person.marketplaces(Permission.MANAGE_BRANDS):
        raise Forbidden("You manage no brands at this marketplace.")
    name = checked_name("brand", new.name)
    address = checked_address(new.lead_address) if new.lead_address else None
    right_columns = [columns_of_right(right) for right in new.rights]
    with runtime.store.write() as connection:
        audit.lock(connection)
        brand = _registered(runtime, connection, name, new, by=by)
        if brand.brand_id in brands.enrolments(connection, marketplace_id):
            raise Conflict("{name} is enrolled here already.", name=name)
        manages = any(
            grant.role is Role.ACCOUNT_MANAGER and grant.marketplace_id == marketplace_id for grant in person.grants
        )
        manager_id = person.user_id if manages else manager_for(connection, marketplace_id)
        pair = marketplace_id, brand.brand_id
        brands.enrol(
            connection,
            marketplace_id=marketplace_id,
            brand_id=brand.brand_id,
            takes_part=True,
            account_manager_id=manager_id,
            daily_questions=None,
            at=now,
        )
        authorised_sellers.authorise(
            connection, marketplace_id=marketplace_id, brand_id=brand.brand_id, sellers=new.sellers, at=now, by=by
        )
        payload = {"takes_part": True, "account_manager": manager_id, "authorised": list(new.sellers)}
        audit.record(connection, now, marketplace_id, by, "brand.enrolled", brand.brand_id, **payload)
        is_alone = _is_alone(connection, person, marketplace_id)
        for columns in right_columns:
            right_id = put_right(runtime, connection, pair, columns, by=by)
            if is_alone:
                claimed = rights.get(connection, pair, right_id)
                rights.settle(connection, claimed, RightState.VERIFIED, by=by, note="", at=now)
                payload = {"brand_id": brand.brand_id, "alone": True}
                audit.record(connection, now, marketplace_id, by, "right.verified", right_id, **payload)
        if new.prices:
            price_lists.put_rows(connection, pair, new.prices, now, by=by)
        invitation = None
        if address is not None:
            invitation = invite_by_mail(runtime, connection, person, address, Grant(Role.BRAND, *pair, leads=True))
        questions = ask_about_open_cases(runtime, connection, person, marketplace_id, brand, now)
    runtime.forget()
    return EnrolledBrand(pair, invitation, questions)


def _is_alone(connection: Connection, person: Person, marketplace_id: str) -> bool:
    """Whether nobody else works at the marketplace, so that nobody else could verify a right (ADR 78)."""
    staff = {user_id for role in _STAFF for user_id in people.with_role(connection, marketplace_id, role)}
    return staff <= {person.user_id}


def _registered(runtime: Runtime, connection: Connection, name: str, new: NewBrand, *, by: str) -> Brand:
    """The brand of this name, which is registered unless a marketplace knows it."""
    try:
        return brands.by_name(connection, name)
    except NotFound:
        now = runtime.clock.now()
        brand = Brand(runtime.ids.new("brd"), name, tuple(new.aliases), checked_prefixes(new.gtin_prefixes))
        brands.add_brand(connection, brand, now)
        audit.record(connection, now, "", by, "brand.registered", brand.brand_id, name=brand.name)
        return brand
