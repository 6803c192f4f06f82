"""Invitations: a one-time link for one role, its acceptance and its withdrawal."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from models.errors import Conflict, Invalid, NotFound
from serving.accounts.policy import InvitationPolicy
from serving.accounts.rules.access import Grant, Permission, Person, Role
from serving.accounts.rules.second_person import Origin, OriginKind
from serving.accounts.rules.staffing import check_grant
from serving.accounts.service import auth
from serving.accounts.service.auth import NotSignedIn
from serving.accounts.service.given_names import checked_address, checked_name
from serving.accounts.service.guessing import UNKNOWN_SOURCE, SignInSource
from serving.accounts.store import accounts, invitations, origins, people
from serving.accounts.store.invitations import Invitation
from serving.audit.store import audit
from serving.brands.store import brands
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_to_address
from serving.marketplaces.store import marketplaces
from serving.platform import display
from serving.platform.runtime import Runtime

PLACE: Final = "/join/"

_SIGN_IN_FIRST: Final = "Nothing was changed. If you have an account here, sign in first, then accept."


@dataclass(frozen=True, slots=True)
class InvitationDetails:
    """An open invitation as its administrator or its invitee sees it: marketplace, role and inviter.

    It does not say whether its address has an account: the inviter has the link too, and must not learn that.
    """

    invitation: Invitation
    marketplace: str
    brand: str | None
    by: str


def invite(runtime: Runtime, by: Person, email: str, grant: Grant) -> str:
    """Invite a user; returns the path of the link, which is also mailed. Earlier links to the same role end.

    Raises Forbidden, Invalid (as `serving.accounts.rules.staffing.check_grant`; or the e-mail address is invalid, or
    the brand takes no part) or Conflict (the user with this address holds the role already).
    """
    administered = by.marketplaces(Permission.ADMINISTER)
    check_grant(grant, administered)
    address = checked_address(email)
    with runtime.store.write() as connection:
        audit.lock(connection)
        if grant.brand_id is not None and grant.brand_id not in brands.enrolments(connection, grant.marketplace_id):
            raise Invalid("This brand takes no part here. Enrol it first.")
        _refuse_role_holder(connection, administered, address, grant)
        return invite_by_mail(runtime, connection, by, address, grant)


def invite_by_mail(runtime: Runtime, connection: Connection, by: Person, address: str, grant: Grant) -> str:
    """Make an invitation link after the caller checked the right to invite; returns its path, which is also mailed."""
    token, now = secrets.token_urlsafe(32), runtime.wall.now()
    expires = now + timedelta(days=runtime.policies[InvitationPolicy].valid_days)
    invitations.withdraw_earlier(connection, address, grant, now)
    invitation = Invitation(runtime.ids.new("inv"), address, grant, by.user_id, now, expires)
    invitations.save(connection, invitation, auth.hash_token(token))
    _record(runtime, connection, invitation, "person.invited", by.user_id)
    _mail_link(runtime, connection, _details_of(connection, invitation), token)
    return f"{PLACE}{token}"


def _mail_link(runtime: Runtime, connection: Connection, open_invitation: InvitationDetails, token: str) -> None:
    """Mail the link to the invitee, in the language of the inviter: that of the invitee is not known yet."""
    invitation = open_invitation.invitation
    queue_to_address(
        runtime,
        connection,
        MailKind.INVITATION,
        marketplace_id=invitation.grant.marketplace_id,
        address=invitation.email,
        language=display.current_display().language,
        parameters={
            "marketplace": open_invitation.marketplace,
            "brand": open_invitation.brand,
            "role": invitation.grant.role.value,
            "by": open_invitation.by,
            "expires": invitation.expires_at.isoformat(),
        },
        subject_id=invitation.invitation_id,
        secret_path=f"{PLACE}{token}",
    )


def _refuse_role_holder(connection: Connection, administered: frozenset[str], address: str, grant: Grant) -> None:
    """The message reveals only people whom the administrator can see anyway."""
    try:
        known = people.colleague(connection, administered, accounts.user_id_by_email(connection, address))
    except NotFound:
        return
    new_role = (grant.role, grant.marketplace_id, grant.brand_id)
    if new_role in {
        (current_grant.role, current_grant.marketplace_id, current_grant.brand_id) for current_grant in known.grants
    }:
        raise Conflict("{name} has this role already.", name=known.name)
    if known.disabled_at is not None:
        raise Conflict("{name} is deactivated. Reactivate them instead.", name=known.name)


def open_invitations(runtime: Runtime, by: Person) -> list[InvitationDetails]:
    """The invitations to a person's marketplaces that can still be accepted."""
    with runtime.store.read() as connection:
        pending_invitations = invitations.open_invitations(
            connection, by.marketplaces(Permission.ADMINISTER), runtime.wall.now()
        )
        return [_details_of(connection, invitation) for invitation in pending_invitations]


def withdraw(runtime: Runtime, by: Person, invitation_id: str) -> None:
    """Invalidate an invitation's link.

    Raises NotFound (there is no such open invitation in the person's marketplaces).
    """
    with runtime.store.write() as connection:
        audit.lock(connection)
        marketplace_ids = by.marketplaces(Permission.ADMINISTER)
        invitation = invitations.withdraw(connection, marketplace_ids, invitation_id, runtime.wall.now())
        _record(runtime, connection, invitation, "invitation.withdrawn", by.user_id)


def details_by_token(runtime: Runtime, token: str) -> InvitationDetails:
    """The content of an invitation link. Raises NotFound (the link is unknown or no longer valid)."""
    with runtime.store.read() as connection:
        return _details_of(connection, invitations.of_token(connection, auth.hash_token(token), runtime.wall.now()))


def accept(
    runtime: Runtime, token: str, *, name: str, password: str, whence: SignInSource = UNKNOWN_SOURCE
) -> auth.NewSession:
    """Create the account, or give an existing one the role, and sign in.

    An invalid name or password is refused before the check for an existing account, so such a try reveals nothing. A
    valid one reveals it: the request creates the account and uses the link up, or is refused because the account
    exists. The holder of a link can therefore learn whether the account exists. An account keeps its name.

    Raises NotFound (the link is unknown or no longer valid), Invalid (the name or the password is invalid) or
    NotSignedIn, TooManyAttempts (an account with this address exists, and the password is not its password, or cannot
    be checked now).
    """
    invitation = details_by_token(runtime, token).invitation
    new = (checked_name("person", name), auth.hash_password(password, (name, invitation.email)))
    with runtime.store.read() as connection:
        known = accounts.is_known(connection, invitation.email)
    if not known:
        _join(runtime, invitation, new)
        return auth.sign_in(runtime, invitation.email, password, whence)
    try:
        signed_in = auth.sign_in(runtime, invitation.email, password, whence)
    except NotSignedIn:
        raise NotSignedIn(_SIGN_IN_FIRST) from None
    if signed_in.half:
        auth.sign_out(runtime, signed_in.token)
        raise NotSignedIn(_SIGN_IN_FIRST)
    _join(runtime, invitation, None)
    return signed_in


def accept_as(runtime: Runtime, person: Person, token: str) -> None:
    """Give the signed-in user the role of their link.

    Raises NotFound (the link is unknown, no longer valid, or another person's).
    """
    invitation = details_by_token(runtime, token).invitation
    if invitation.email != person.email:
        raise NotFound("This invitation is for another address. Sign out and sign in with that one.")
    _join(runtime, invitation, None)


def _join(runtime: Runtime, invitation: Invitation, new: tuple[str, str] | None) -> None:
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        audit.lock(connection)
        if new is None:
            user_id = accounts.user_id_by_email(connection, invitation.email)
        else:
            user_id, (name, hashed) = runtime.ids.new("usr"), new
            accounts.add_account(
                connection, user_id=user_id, email=invitation.email, name=name, password_hash=hashed, at=now
            )
            origin = Origin(OriginKind.INVITED, invitation.invited_by, now)
            origins.add_origin(connection, runtime.ids.new("org"), user_id, origin)
        invitations.mark_used(connection, invitation, user_id, runtime.wall.now())
        current_roles = {
            (had.role, had.marketplace_id, had.brand_id) for had in accounts.person(connection, user_id).grants
        }
        if (invitation.grant.role, invitation.grant.marketplace_id, invitation.grant.brand_id) not in current_roles:
            wait = _confirms_from(runtime, connection, invitation)
            accounts.add_grants(connection, user_id, [invitation.grant], now, confirms_from=wait)
        _record(runtime, connection, invitation, "person.joined", user_id, subject=user_id)


def _confirms_from(runtime: Runtime, connection: Connection, invitation: Invitation) -> datetime | None:
    """When the invitee of a brand's lead begins to confirm; None for the invitee of an administrator."""
    try:
        administered = accounts.person(connection, invitation.invited_by).marketplaces(Permission.ADMINISTER)
    except NotFound:
        administered = frozenset()
    if invitation.grant.role is not Role.BRAND or invitation.grant.marketplace_id in administered:
        return None
    return runtime.clock.now() + timedelta(hours=runtime.policies[InvitationPolicy].colleague_confirms_after_hours)


def _details_of(connection: Connection, invitation: Invitation) -> InvitationDetails:
    place = marketplaces.get(connection, invitation.grant.marketplace_id)
    enrolled = brands.enrolments(connection, place.marketplace_id) if invitation.grant.role is Role.BRAND else {}
    brand = enrolled.get(invitation.grant.brand_id or "")
    by = accounts.names(connection, [invitation.invited_by])
    return InvitationDetails(invitation, place.name, brand.name if brand else None, by.get(invitation.invited_by, ""))


def _record(
    runtime: Runtime, connection: Connection, invitation: Invitation, act: str, by: str, *, subject: str | None = None
) -> None:
    audit.record(
        connection,
        runtime.clock.now(),
        invitation.grant.marketplace_id,
        f"user:{by}",
        act,
        subject or invitation.invitation_id,
        role=invitation.grant.role.value,
        brand=invitation.grant.brand_id,
        leads=invitation.grant.leads,
        invitation=invitation.invitation_id,
    )
