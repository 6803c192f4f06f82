"""A brand's own users: a lead invites and removes colleagues, and manages agents with their powers of attorney."""

from datetime import datetime

from sqlalchemy import Connection

from models.errors import Conflict, Forbidden, Invalid, NotFound
from serving.accounts.rules.access import Grant, Person, Role
from serving.accounts.service.given_names import checked_address
from serving.accounts.service.inviting import invite_by_mail
from serving.accounts.store import accounts, invitations
from serving.accounts.store.invitations import Invitation
from serving.audit.store import audit
from serving.brands.service.brand_file import require_lead
from serving.brands.service.mandates import NewMandate, grant_mandate, revoke_mandate
from serving.brands.store import mandates
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime


def invite_colleague(runtime: Runtime, person: Person, pair: Pair, email: str) -> str:
    """Invite a user to answer for one's own brand; returns the path of the link, which is not stored.

    The invited user answers and does not lead. Only the marketplace grants lead rights, so that no brand user widens
    them. The result does not reveal whether another account has the address.

    Raises NotFound, Forbidden (it is not their brand; they do not lead it) or Invalid, Conflict (this is no e-mail
    address; the user with this address represents the brand already).
    """
    with runtime.store.write() as connection:
        audit.lock(connection)
        require_lead(connection, person, pair)
        return invite_to_brand(runtime, connection, person, pair, email)


def invite_to_brand(
    runtime: Runtime, connection: Connection, person: Person, pair: Pair, email: str, *, leads: bool = False
) -> str:
    """Invite a user of a brand after the caller checked the right to invite; returns the path of the link.

    Raises Invalid, Conflict (this is no e-mail address; the user with this address represents the brand already).
    """
    address = checked_address(email)
    if address in {brand_person.email for brand_person in accounts.people_of_brand(connection, pair)}:
        raise Conflict("{name} already represents your brand.", name=address)
    return invite_by_mail(runtime, connection, person, address, Grant(Role.BRAND, *pair, leads=leads))


def open_invitations(connection: Connection, pair: Pair, at: datetime) -> list[Invitation]:
    """The invitations to a brand that can still be accepted; `at` is wall-clock time."""
    return [
        invitation
        for invitation in invitations.open_invitations(connection, [pair[0]], at)
        if invitation.grant.brand_id == pair[1]
    ]


def withdraw_invitation(runtime: Runtime, person: Person, pair: Pair, invitation_id: str) -> None:
    """Invalidate an invitation to one's own brand.

    Raises NotFound, Forbidden (it is not their brand, or there is no such open link; they do not lead it).
    """
    now = runtime.wall.now()
    with runtime.store.write() as connection:
        audit.lock(connection)
        by = require_lead(connection, person, pair)
        if invitation_id not in {invitation.invitation_id for invitation in open_invitations(connection, pair, now)}:
            raise NotFound("This invitation does not exist or is no longer open.")
        invitations.withdraw(connection, [pair[0]], invitation_id, now)
        _record(runtime, connection, pair, by, "invitation.withdrawn", invitation_id)


def remove_person(runtime: Runtime, person: Person, pair: Pair, user_id: str) -> None:
    """End a colleague's role for the brand at this marketplace, effective from their next request.

    Their powers of attorney there end with it. The account and its answers stay. Only the account manager removes a
    lead: one stolen password must not lock everybody else out.

    Raises NotFound, Forbidden, Conflict (it is not their brand, or the id belongs to no user of it; they do not lead
    it, or the colleague does; the user is themselves).
    """
    if user_id == person.user_id:
        raise Conflict("You cannot remove your own access. Your account manager can.")
    with runtime.store.write() as connection:
        audit.lock(connection)
        by = require_lead(connection, person, pair)
        colleague = next(
            (
                brand_person
                for brand_person in accounts.people_of_brand(connection, pair)
                if brand_person.user_id == user_id
            ),
            None,
        )
        if colleague is None:
            raise NotFound("No user with this id represents the brand.")
        if colleague.leads:
            raise Forbidden(
                ("{name} also has lead rights for the brand. Only your account manager can remove their access."),
                name=colleague.name,
            )
        accounts.end_brand_grant(connection, user_id, pair)
        now = runtime.clock.now()
        for mandate_id in mandates.mandate_ids_in_force(connection, pair, user_id, now):
            mandates.revoke_mandate(connection, pair, mandate_id, now)
        _record(runtime, connection, pair, by, "person.removed", user_id)


def appoint_agent(runtime: Runtime, person: Person, pair: Pair, new_mandate: NewMandate) -> str:
    """Record the power of attorney of a colleague, within whose limits they act from now on.

    Raises NotFound, Forbidden, Invalid, Conflict (it is not their brand; they do not lead it; it is themselves; as
    `serving.brands.service.mandates.grant_mandate`, which refuses users with lead rights).
    """
    with runtime.store.read() as connection:
        by = require_lead(connection, person, pair)
        known = {brand_person.email for brand_person in accounts.people_of_brand(connection, pair)}
    if new_mandate.email == person.email:
        raise Invalid(
            "You have lead rights for this brand. A user who acts under a power of attorney cannot have them."
        )
    if new_mandate.email not in known:
        raise Invalid("Choose one of your brand's people.")
    return grant_mandate(runtime, new_mandate, by=by)


def end_agency(runtime: Runtime, person: Person, pair: Pair, mandate_id: str) -> None:
    """End a power of attorney of one's own brand now.

    Raises NotFound, Forbidden (it is not of their brand here, or it has ended; they do not lead it).
    """
    with runtime.store.read() as connection:
        by = require_lead(connection, person, pair)
    revoke_mandate(runtime, pair, mandate_id, by=by)


def _record(runtime: Runtime, connection: Connection, pair: Pair, by: str, act: str, subject: str) -> None:
    audit.record(connection, runtime.clock.now(), pair[0], by, act, subject, brand_id=pair[1])
