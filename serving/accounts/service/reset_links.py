"""Password reset links: made by a person with control over the whole account, and mailed to its address.

The link of the operator is shown to the operator alone: it can found an account again whose mailbox is lost. A link to
the sign-in resets nothing: it is mailed while somebody else's wrong guesses refuse the owner in a new browser.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from models.errors import Conflict, DomainError, NotFound
from serving.accounts.policy import ResetLinkPolicy
from serving.accounts.rules.access import Grant, Permission, Person
from serving.accounts.rules.staffing import check_password_reset
from serving.accounts.service import auth, guessing, known_devices
from serving.accounts.service.guessing import TooManyAttempts
from serving.accounts.store import accounts, people, reset_links
from serving.accounts.store.reset_links import DEAD, ResetLink
from serving.audit.store import audit
from serving.brands.service.brand_file import objection, require_lead
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_to_accounts
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime

PLACE: Final = "/reset/"
SIGN_IN: Final = "/sign-in?browser="


@contextmanager
def mailing_sign_in_link(runtime: Runtime, email: str) -> Iterator[None]:
    """Mail the owner of an account a link by which a browser is known, when an attempt to sign in must wait."""
    try:
        yield
    except TooManyAttempts:
        if guessing.claim_refusal_mail(runtime, email):
            with runtime.store.write() as connection:
                if (owner := accounts.credentials(connection, email)) is not None:
                    path = SIGN_IN + known_devices.cookie_with_token(runtime, owner, runtime.wall.now())
                    kind, about = MailKind.SIGN_IN_LINK, {"what": "sign_in_link"}
                    queue_to_accounts(runtime, connection, kind, [owner.user_id], about, secret_path=path)
        raise


def make_link(runtime: Runtime, by: Person, user_id: str) -> str:
    """Make a link for a user of an administrator; returns its path, which is also mailed. Earlier links end.

    Raises NotFound (there is no such person here) or Conflict, Forbidden (as
    `serving.accounts.rules.staffing.check_password_reset`; or they are deactivated).
    """
    with runtime.store.write() as connection:
        audit.lock(connection)
        colleague = people.colleague(connection, by.marketplaces(Permission.ADMINISTER), user_id)
        _check_may_reset(connection, by, user_id, colleague.grants)
        if colleague.disabled_at is not None:
            raise Conflict("{name} is deactivated. Reactivate them first.", name=colleague.name)
        return _create_link(runtime, connection, user_id, by.user_id, by.actor)


def make_link_for_colleague(runtime: Runtime, by: Person, pair: Pair, user_id: str) -> str:
    """Make a link for one of the brand's users, as its lead; returns its path, which is also mailed.

    Raises NotFound (it is not their brand, or no user with this id represents it) or Conflict, Forbidden (they do not
    lead it; as `serving.accounts.rules.staffing.check_password_reset`).
    """
    with runtime.store.write() as connection:
        audit.lock(connection)
        actor = require_lead(connection, by, pair)
        if user_id not in {brand_person.user_id for brand_person in accounts.people_of_brand(connection, pair)}:
            raise NotFound("No user with this id represents the brand.")
        _check_may_reset(connection, by, user_id, accounts.person(connection, user_id).grants)
        return _create_link(runtime, connection, user_id, by.user_id, actor)


def make_link_as_owner(runtime: Runtime, email: str, *, by: str, as_root: bool = False) -> str:
    """Make a link for any account, as the operator of the data directory; returns its path, which is not stored.

    With `as_root` the account is a root once the link is used (`serving.accounts.rules.second_person`).

    Raises NotFound (there is no account with this address, or it is deactivated or has no role any more).
    """
    with runtime.store.write() as connection:
        audit.lock(connection)
        person = accounts.person(connection, accounts.user_id_by_email(connection, email))
        if not person.grants:
            raise NotFound("This account has no role any more, so there is nothing that it would open.")
        return _create_link(runtime, connection, person.user_id, None, by, as_root=as_root)


def live_link(runtime: Runtime, connection: Connection, token: str) -> ResetLink:
    """The account that a link opens. The maker must still have the right to make it, so the link ends with that right.

    Raises NotFound (the link is unknown or no longer valid. The error does not give the reason).
    """
    link = reset_links.of_token(connection, auth.hash_token(token), runtime.wall.now())
    if link.made_by is not None:
        try:
            maker = accounts.person(connection, link.made_by)
            _check_may_reset(connection, maker, link.user_id, accounts.person(connection, link.user_id).grants)
        except DomainError:
            raise NotFound(DEAD) from None
    return link


def _check_may_reset(connection: Connection, by: Person, user_id: str, grants: Sequence[Grant]) -> None:
    led = {pair for pair in by.brands(Permission.LEAD_BRAND) if objection(connection, by, pair) is None}
    check_password_reset(grants, user_id, by.user_id, administered=by.marketplaces(Permission.ADMINISTER), led=led)


def _create_link(
    runtime: Runtime, connection: Connection, user_id: str, made_by: str | None, actor: str, *, as_root: bool = False
) -> str:
    token, now = secrets.token_urlsafe(32), runtime.wall.now()
    until = now + timedelta(hours=runtime.policies[ResetLinkPolicy].valid_hours)
    reset_link = ResetLink(runtime.ids.new("rst"), user_id, made_by, now, until, as_root)
    reset_links.save(connection, reset_link, auth.hash_token(token))
    if made_by is not None:
        queue_to_accounts(
            runtime,
            connection,
            MailKind.PASSWORD_RESET,
            [user_id],
            {"by": accounts.names(connection, [made_by]).get(made_by, ""), "expires": until.isoformat()},
            subject_id=reset_link.link_id,
            secret_path=f"{PLACE}{token}",
        )
    for place in sorted(accounts.places_of(connection, user_id)):
        audit.record(
            connection,
            runtime.clock.now(),
            place,
            actor,
            "reset_link.made",
            user_id,
            link=reset_link.link_id,
            expires_at=until.isoformat(),
            as_root=as_root,
        )
    return f"{PLACE}{token}"
