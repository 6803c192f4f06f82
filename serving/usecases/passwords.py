"""A person's own password: changed with the one before, and every other device is signed out."""

from models.access import Person
from models.errors import Invalid
from serving import auth
from serving.db import audit, people
from serving.runtime import Runtime


def change_password(runtime: Runtime, person: Person, token: str, *, before: str, wanted: str) -> int:
    """Change it; returns how many other sessions ended. `token` is of the session that stays.

    Raises
    ------
    Invalid
        The password before is wrong, or the new one is the same, too short or too long. Nothing is changed.
    """
    with runtime.store.read() as connection:
        stored = people.password_of(connection, person.user_id)
    if not auth.is_password(before, stored):
        raise Invalid("Your present password is another one.")
    if before == wanted:
        raise Invalid("The new password is the one that you have.")
    hashed = auth.hash_password(wanted)
    with runtime.store.write() as connection:
        people.set_password(connection, person.user_id, hashed)
        ended = people.end_sessions(connection, person.user_id, but=auth.hash_token(token))
        audit.record(
            connection,
            at=runtime.clock.now(),
            marketplace_id="",
            actor=f"user:{person.user_id}",
            act="password.changed",
            subject=person.user_id,
            payload={"sessions_ended": ended},
        )
    return ended
