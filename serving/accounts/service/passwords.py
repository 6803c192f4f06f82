"""A person's own password: changed with the current one, or reset by a link after the person forgot it."""

from collections.abc import Collection

from sqlalchemy import Connection

from models.errors import Invalid
from serving.accounts.rules.access import Person
from serving.accounts.rules.second_person import Origin, OriginKind
from serving.accounts.service import auth, known_devices
from serving.accounts.service.proving import check_password
from serving.accounts.service.reset_links import live_link
from serving.accounts.store import accounts, origins, people, reset_links, second_factors
from serving.accounts.store.accounts import Credentials
from serving.accounts.store.reset_links import ResetLink
from serving.audit.store import audit
from serving.platform.runtime import Runtime
from serving.webhooks.service.signing_secrets import end_secrets


def check_typed_alike(new_password: str, again: str) -> None:
    """Refuse a new password that was not typed the same way twice. Raises Invalid (the two differ)."""
    if new_password != again:
        raise Invalid("The two new passwords differ. Enter the same password twice.")


def change_password(
    runtime: Runtime, person: Person, token: str, *, before: str, new_password: str, ending: Collection[str] = ()
) -> int:
    """Change the password; returns how many other sessions ended. `token` is of the session that stays.

    The secrets that they name in `ending` end, service accounts with their keys.

    Raises Invalid (the current password is wrong, or the new one is the same, too short, too long or easily guessed.
    Nothing is changed) or NotSignedIn, TooManyAttempts (as `serving.accounts.service.proving.prove`).
    """
    check_password(runtime, person, auth.hash_token(token), before)
    if before == new_password:
        raise Invalid("The new password is the same as the current one. Choose another one.")
    hashed = auth.hash_password(new_password, (person.name, person.email))
    with runtime.store.write() as connection:
        audit.lock(connection)
        ended = _replace_password(runtime, connection, person.user_id, hashed, ending, staying=auth.hash_token(token))
        audit.record(
            connection, runtime.clock.now(), "", person.actor, "password.changed", person.user_id, sessions_ended=ended
        )
    return ended


def reset_by_link(runtime: Runtime, token: str, *, new_password: str, again: str) -> str:
    """Set a new password by a link. This uses the link up and ends every session and every other link of the person.

    Their recent secrets end and their service accounts pause, as the account may have been stolen.

    Returns the cookie by which the browser is known: the link has shown that its holder is the account's owner, who
    signs in next, also while somebody guesses.

    An invalid link is refused before the password is hashed, so that guessing links costs the service little.

    Raises NotFound (the link is unknown or no longer valid) or Invalid (the two differ, or are too short, too long or
    easily guessed. Nothing is changed, and the link stays valid).
    """
    with runtime.store.read() as connection:
        person = accounts.person(connection, live_link(runtime, connection, token).user_id)
    check_typed_alike(new_password, again)
    hashed = auth.hash_password(new_password, (person.name, person.email))
    with runtime.store.write() as connection:
        audit.lock(connection)
        link = live_link(runtime, connection, token)
        reset_links.mark_used(connection, link.link_id, runtime.wall.now())
        ended = _replace_password(runtime, connection, link.user_id, hashed, None, staying="")
        _record_origin(runtime, connection, link)
        for place in sorted(accounts.places_of(connection, link.user_id)):
            audit.record(
                connection,
                runtime.clock.now(),
                place,
                f"user:{link.user_id}",
                "password.reset",
                link.user_id,
                link=link.link_id,
                made_by=link.made_by,
                as_root=link.as_root,
                sessions_ended=ended,
            )
    return known_devices.cookie_with_token(runtime, Credentials(link.user_id, hashed), runtime.wall.now())


def _record_origin(runtime: Runtime, connection: Connection, link: ResetLink) -> None:
    """The maker had the link, and so counts with the account from now on; the owner of the directory may found it."""
    if link.made_by is None and not link.as_root:
        return
    making = OriginKind.ADDED if link.made_by is None else OriginKind.RESET
    origin = Origin(making, link.made_by, runtime.clock.now())
    origins.add_origin(connection, runtime.ids.new("org"), link.user_id, origin)


def _replace_password(
    runtime: Runtime, connection: Connection, user_id: str, hashed: str, ending: Collection[str] | None, *, staying: str
) -> int:
    """Store the hash; end the other sessions, links and secrets of the person. Returns how many sessions ended."""
    people.set_password(connection, user_id, hashed)
    second_factors.drop_unconfirmed(connection, user_id)  # Somebody with the old password may have begun it.
    end_secrets(runtime, connection, user_id, "password", runtime.clock.now(), by=f"user:{user_id}", chosen=ending)
    reset_links.end(connection, user_id, runtime.wall.now())
    return people.end_sessions(connection, user_id, but=staying)
