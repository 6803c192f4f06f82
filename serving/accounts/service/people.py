"""The people of a marketplace: their roles, and the transfer of their work when they leave."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from features.phrase import Phrase
from models.errors import Conflict, Invalid
from models.policies.deciding import EnforcementPolicy
from serving.accounts.rules.access import Grant, Permission, Person, Role
from serving.accounts.rules.staffing import (
    check_deactivation,
    check_own_roles,
    check_reactivation,
    check_still_administered,
    grant_change,
)
from serving.accounts.store import accounts, invitations, people, reset_links
from serving.accounts.store.people import Colleague
from serving.audit.store import audit
from serving.brands.store import account_managers, brands
from serving.cases.service.case_access import excluded_people
from serving.cases.store import assignments, cases, deferrals
from serving.cases.store.deferrals import LeasedCase
from serving.marketplaces.store import marketplaces
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.runtime import Runtime
from serving.webhooks.service.signing_secrets import end_secrets


@dataclass(frozen=True, slots=True)
class Staff:
    """The user list: at most so many of the requested people, their total number, and the open work of each."""

    people: tuple[Colleague, ...]
    number: int
    in_hand: Counter[str]
    places: tuple[Marketplace, ...]


@dataclass(frozen=True, slots=True)
class Handover:
    """The transferred work: cases given to a successor, cases returned to the queue, brands that moved."""

    handed_over: int
    freed: int
    brands: int
    sessions: int


def administered_marketplaces(runtime: Runtime, by: Person) -> tuple[Marketplace, ...]:
    marketplace_ids = by.marketplaces(Permission.ADMINISTER)
    with runtime.store.read() as connection:
        return tuple(
            place for place in marketplaces.all_marketplaces(connection) if place.marketplace_id in marketplace_ids
        )


def staff(runtime: Runtime, by: Person, *, words: str, role: Role | None, most: int) -> Staff:
    """The people of the marketplaces that a person administers."""
    places = administered_marketplaces(runtime, by)
    marketplace_ids = [marketplace.marketplace_id for marketplace in places]
    with runtime.store.read() as connection:
        colleagues, number = people.colleagues(connection, marketplace_ids, words=words, role=role, most=most)
        in_hand: Counter[str] = Counter()
        for place in marketplace_ids:
            in_hand += assignments.open_case_counts(connection, place, runtime.clock.now())
    return Staff(tuple(colleagues), number, in_hand, places)


def staff_member(runtime: Runtime, by: Person, user_id: str) -> Colleague:
    """One of them. Raises NotFound (there is no such person in the marketplaces that somebody administers)."""
    with runtime.store.read() as connection:
        return people.colleague(connection, by.marketplaces(Permission.ADMINISTER), user_id)


def change_grants(runtime: Runtime, by: Person, user_id: str, new_grants: Iterable[Grant]) -> bool:
    """Grant and remove roles so that a user holds exactly the wanted ones here; False where nothing changed.

    Raises Forbidden, Invalid, Conflict, NotFound (as `serving.accounts.rules.staffing`; or there is no such person
    here; or they manage brands and would lose the role of account manager).
    """
    marketplace_ids, now = by.marketplaces(Permission.ADMINISTER), runtime.clock.now()
    with runtime.store.write() as connection:
        audit.lock(connection)
        change = grant_change(
            people.colleague(connection, marketplace_ids, user_id).grants, new_grants, marketplace_ids
        )
        check_still_administered(change.removed, user_id, people.holders(connection, marketplace_ids, Role.ADMIN))
        check_own_roles(change.added, user_id, by.user_id)
        _refuse_brands_that_take_no_part(connection, change.added)
        _refuse_who_looks_after_brands(connection, user_id, change.removed)
        people.remove_grants(connection, user_id, change.removed)
        accounts.add_grants(connection, user_id, change.added, now)
        invitations.withdraw_by_inviter(
            connection, _places_losing_role(change.removed, Role.ADMIN), user_id, runtime.wall.now()
        )
        for place in _places_losing_role(change.removed, Role.ANALYST):
            leases = deferrals.leases_of_person(connection, [place], user_id, now)
            deferrals.move_leases(connection, leases, user_id, None, None)
            assignments.withdraw(connection, [place], user_id)
        for act, grants in (("person.granted", change.added), ("person.ungranted", change.removed)):
            for grant in grants:
                payload = {"role": grant.role.value, "brand": grant.brand_id, "leads": grant.leads}
                _record(runtime, connection, by, _AuditedAct(grant.marketplace_id, act, user_id, payload))
    return bool(change.added or change.removed)


def _refuse_brands_that_take_no_part(connection: Connection, grants: Collection[Grant]) -> None:
    for grant in grants:
        if grant.brand_id is not None and grant.brand_id not in brands.enrolments(connection, grant.marketplace_id):
            raise Invalid("This brand takes no part here. Enrol it first.")


def _refuse_who_looks_after_brands(connection: Connection, user_id: str, taken: Collection[Grant]) -> None:
    places = _places_losing_role(taken, Role.ACCOUNT_MANAGER)
    number = len(account_managers.brands_of(connection, places, user_id))
    if number:
        many = Phrase("{n} brand" if number == 1 else "{n} brands", n=number)
        raise Conflict("They manage {brands}. Hand those over first.", brands=many)


def _places_losing_role(taken: Iterable[Grant], role: Role) -> list[str]:
    return [grant.marketplace_id for grant in taken if grant.role is role]


def deactivate(runtime: Runtime, by: Person, user_id: str, *, successor: str | None) -> Handover:
    """Deactivate an account at once; its cases go to a successor or to the queue, its brands to a successor.

    This ends its sessions, its password reset link, the brands' API keys that act for it, and the recent secrets that
    it made for marketplaces; about the others administrators are asked. The account and its decisions stay on record.
    Its roles return when it is reactivated.

    Raises NotFound, Forbidden, Conflict, Invalid (as `serving.accounts.rules.staffing`; they are deactivated already;
    they manage brands and no successor was named).
    """
    marketplace_ids, now = by.marketplaces(Permission.ADMINISTER), runtime.clock.now()
    with runtime.store.write() as connection:
        audit.lock(connection)
        colleague = people.colleague(connection, marketplace_ids, user_id)
        check_deactivation(colleague.grants, user_id, by.user_id, marketplace_ids)
        administrators = people.holders(connection, marketplace_ids, Role.ADMIN)
        check_still_administered(colleague.grants, user_id, administrators)
        if not people.disable(connection, user_id, now):
            raise Conflict("{name} is deactivated already.", name=colleague.name)
        freed = _transfer_work(runtime, connection, by, colleague, successor, now)
        sessions = people.end_sessions(connection, user_id)
        reset_links.end(connection, user_id, runtime.wall.now())
        end_secrets(runtime, connection, user_id, "deactivated", now, by=by.actor)
        done = Handover(freed.handed_over, freed.freed, freed.brands, sessions)
        for place in sorted({grant.marketplace_id for grant in colleague.grants}):
            payload = {"handed_over": done.handed_over, "freed": done.freed, "brands": done.brands, "to": successor}
            _record(runtime, connection, by, _AuditedAct(place, "person.deactivated", user_id, payload))
    return done


def reactivate(runtime: Runtime, by: Person, user_id: str) -> None:
    """Reactivate an account, with the roles that it had.

    Raises NotFound, Conflict, Forbidden (there is no such person here, or they can sign in; or their roles elsewhere
    would be restored too).
    """
    marketplace_ids = by.marketplaces(Permission.ADMINISTER)
    with runtime.store.write() as connection:
        audit.lock(connection)
        colleague = people.colleague(connection, marketplace_ids, user_id)
        check_reactivation(colleague.grants, marketplace_ids)
        if not people.enable(connection, user_id):
            raise Conflict("{name} can sign in already.", name=colleague.name)
        for place in sorted(
            {grant.marketplace_id for grant in colleague.grants if grant.marketplace_id in marketplace_ids}
        ):
            _record(runtime, connection, by, _AuditedAct(place, "person.reactivated", user_id, {}))


def hand_over(runtime: Runtime, by: Person, user_id: str, successor: str) -> Handover:
    """Transfer a user's open work to a successor: cases, and brands they manage.

    A case returns to the queue if the successor must not have it, because they, or somebody they invited, judged the
    listing before.

    Raises NotFound, Invalid (there is no such person here; or the successor may take none of the work).
    """
    marketplace_ids, now = by.marketplaces(Permission.ADMINISTER), runtime.clock.now()
    with runtime.store.write() as connection:
        audit.lock(connection)
        colleague = people.colleague(connection, marketplace_ids, user_id)
        done = _transfer_work(runtime, connection, by, colleague, successor, now)
        payload = {"handed_over": done.handed_over, "freed": done.freed, "brands": done.brands, "to": successor}
        for place in sorted(
            {grant.marketplace_id for grant in colleague.grants if grant.marketplace_id in marketplace_ids}
        ):
            _record(runtime, connection, by, _AuditedAct(place, "person.work_handed_over", user_id, payload))
    return done


def _transfer_work(
    runtime: Runtime, connection: Connection, by: Person, whose: Colleague, successor: str | None, now: datetime
) -> Handover:
    if successor == whose.user_id:
        raise Invalid("Name somebody else as their successor.")
    marketplace_ids = by.marketplaces(Permission.ADMINISTER)
    follower = None if successor is None else people.colleague(connection, marketplace_ids, successor)
    if follower is not None and follower.disabled_at is not None:
        raise Invalid("{name} is deactivated. Name somebody who can sign in.", name=follower.name)
    brands = _move_brands(connection, marketplace_ids, whose, follower)
    leases = deferrals.leases_of_person(connection, marketplace_ids, whose.user_id, now)
    taken = [] if follower is None else _transferable_cases(connection, leases, follower)
    until = now + timedelta(seconds=runtime.policies[EnforcementPolicy].lease_seconds)
    in_hand = assignments.cases_in_hand(connection, marketplace_ids, whose.user_id, now)
    handed_over = deferrals.move_leases(connection, taken, whose.user_id, successor, until)
    deferrals.move_leases(connection, [lease for lease in leases if lease not in taken], whose.user_id, None, None)
    assignments.withdraw(connection, marketplace_ids, whose.user_id)
    if follower is not None:
        text = f"Handed over by {whose.name} to {follower.name}"[:200]
        cases.add_events(connection, [_case_event(runtime, lease, text, by, now) for lease in taken])
    return Handover(handed_over, in_hand - handed_over, len(brands), 0)


def _move_brands(
    connection: Connection, marketplace_ids: Collection[str], whose: Colleague, follower: Colleague | None
) -> list[tuple[str, str]]:
    managed_brands = account_managers.brands_of(connection, marketplace_ids, whose.user_id)
    places = {place for place, _ in managed_brands}
    if places and follower is None:
        many = Phrase("{n} brand" if len(managed_brands) == 1 else "{n} brands", n=len(managed_brands))
        raise Conflict("{name} manages {brands}. Name a successor.", name=whose.name, brands=many)
    if follower is not None:
        for place in places:
            if not _has_role(follower, Role.ACCOUNT_MANAGER, place):
                raise Invalid(
                    "{name} is no account manager where {whose} manages brands.", name=follower.name, whose=whose.name
                )
        account_managers.move(connection, managed_brands, follower.user_id)
    return managed_brands


def _transferable_cases(
    connection: Connection, leased: Collection[LeasedCase], follower: Colleague
) -> list[LeasedCase]:
    """The cases that the successor may have."""
    allowed_cases: list[LeasedCase] = []
    for place in sorted({place for place, _ in leased}):
        if not _has_role(follower, Role.ANALYST, place):
            continue
        case_ids = [case_id for where, case_id in leased if where == place]
        barred = excluded_people(connection, place, case_ids)
        allowed_cases += [(place, case_id) for case_id in case_ids if follower.user_id not in barred.get(case_id, ())]
    return allowed_cases


def _has_role(colleague: Colleague, role: Role, place: str) -> bool:
    return any(grant.role is role and grant.marketplace_id == place for grant in colleague.grants)


def _case_event(runtime: Runtime, lease: LeasedCase, text: str, by: Person, now: datetime) -> dict[str, Any]:
    return {
        "marketplace_id": lease[0],
        "event_id": runtime.ids.new("evt"),
        "case_id": lease[1],
        "what": text,
        "actor": by.actor,
        "known_at": now,
    }


@dataclass(frozen=True, slots=True)
class _AuditedAct:
    marketplace_id: str
    act: str
    subject: str
    payload: dict[str, Any]


def _record(runtime: Runtime, connection: Connection, by: Person, event: _AuditedAct) -> None:
    audit.record(
        connection, runtime.clock.now(), event.marketplace_id, by.actor, event.act, event.subject, **event.payload
    )
