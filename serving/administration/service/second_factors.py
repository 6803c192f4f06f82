"""Second factors of an account: enrolled and removed by its owner after a fresh proof, or reset by an administrator.

Each change is in the audit log, and the owner is told by mail.
"""

from typing import Final

from sqlalchemy import Connection

from models.errors import Conflict, Forbidden, Invalid, NotFound
from serving.accounts.policy import SecondFactorPolicy
from serving.accounts.rules.access import Permission, Person
from serving.accounts.rules.second_factors import FactorKind, Proof, is_fresh, may_remove
from serving.accounts.service import auth, guessing, one_time_codes, passkeys
from serving.accounts.service.security_events import denied
from serving.accounts.store import accounts, people, second_factors
from serving.accounts.store.accounts import Session
from serving.accounts.store.second_factors import StoredFactor
from serving.audit.store import audit
from serving.mail.rules.kinds import MailKind, one_line
from serving.mail.service.queueing import queue_to_accounts
from serving.platform.runtime import Runtime
from serving.webhooks.service import end_secrets

LONGEST_NAME: Final = 60


def prove_password(runtime: Runtime, session: Session, password: str) -> None:
    """Confirm with the password that it is the account's owner, where there is no second factor yet.

    Raises
    ------
    Invalid, TooManyAttempts
        The password is wrong; too many were wrong before.
    Forbidden
        The account has a second factor, which alone will do.
    """
    if session.has_factor:
        raise Forbidden("Confirm with your second factor.")
    attempt, now = guessing.attempt_to_change(runtime, session.person.user_id), runtime.wall.now()
    with runtime.store.write() as connection:
        guessing.spend(connection, attempt, now)
        stored = people.password_of(connection, session.person.user_id)
    if not auth.is_password(password, stored):
        denied("second_factor", why="wrong_password", user_id=session.person.user_id)
        raise Invalid("The current password is wrong. Enter it again.")
    with runtime.store.write() as connection:
        guessing.give_back(connection, attempt)
        accounts.keep_proof(connection, session.token_hash, Proof(None, now))


def begin_app(runtime: Runtime, session: Session) -> None:
    """Make the secret of an app, which counts once its first code confirms it; it replaces an unconfirmed one.

    Raises
    ------
    Forbidden
        The session has no fresh proof.
    Conflict
        The account has too many factors.
    """
    now = runtime.wall.now()
    with runtime.store.write() as connection:
        _check(runtime, connection, session)
        second_factors.drop_begun(connection, session.person.user_id)
        found = StoredFactor(
            factor_id=runtime.ids.new("fct"),
            user_id=session.person.user_id,
            kind=FactorKind.TOTP,
            name="",
            secret=one_time_codes.new_secret(runtime),
            credential_id=None,
            public_key=None,
            last_count=0,
            begun_at=now,
            enrolled_at=None,
            used_at=None,
        )
        second_factors.put(connection, found)


def confirm_app(runtime: Runtime, session: Session, code: str, name: str) -> tuple[str, ...]:
    """Enrol the app by its first code; returns recovery codes where the account had no factor before, else nothing.

    Raises
    ------
    Invalid, TooManyAttempts
        The code is wrong; too many were wrong before.
    Forbidden
        The session has no fresh proof.
    NotFound
        No app waits for its first code.
    """
    user_id, now = session.person.user_id, runtime.wall.now()
    attempt = guessing.attempt_to_prove(runtime, user_id)
    with runtime.store.write() as connection:
        _check(runtime, connection, session)
        guessing.spend(connection, attempt, now)
        found = second_factors.begun(connection, user_id)
    if found is None:
        raise NotFound("No app waits for its first code. Begin again.")
    step = one_time_codes.step_of(runtime, found, code, now)
    if step is None:
        denied("second_factor", why="wrong_proof", user_id=user_id, purpose="enrol")
        raise Invalid("The code is wrong. Enter the one that the app shows now.")
    with runtime.store.write() as connection:
        audit.hold(connection)
        guessing.give_back(connection, attempt)
        first = not second_factors.enrolled(connection, user_id)
        if not second_factors.confirm(connection, found.factor_id, step, named(name, FactorKind.TOTP), now):
            raise NotFound("No app waits for its first code. Begin again.")
        return _enrolled(runtime, connection, session, found, first=first)


def enrolment_options(runtime: Runtime, session: Session) -> str:
    """What a browser needs to make a passkey, as JSON; raises as `begin_app`."""
    with runtime.store.write() as connection:
        _check(runtime, connection, session)
        now = runtime.wall.now()
        return passkeys.enrolment_options(runtime, connection, session.token_hash, session.person, now)


def add_passkey(runtime: Runtime, session: Session, credential: str, name: str) -> tuple[str, ...]:
    """Enrol the passkey that a browser made; returns as `confirm_app`.

    Raises
    ------
    Invalid
        It does not fit the challenge, this address or this service.
    Forbidden, Conflict
        As for `begin_app`; the passkey is enrolled already.
    """
    user_id, now = session.person.user_id, runtime.wall.now()
    with runtime.store.write() as connection:
        _check(runtime, connection, session)
        challenge = second_factors.take_challenge(connection, session.token_hash, passkeys.ENROL, now)
    found = passkeys.made(runtime, session.person, challenge, credential, now)
    with runtime.store.write() as connection:
        audit.hold(connection)
        if second_factors.is_known(connection, found.credential_id or ""):
            raise Conflict("This passkey is enrolled already.")
        first = not second_factors.enrolled(connection, user_id)
        second_factors.put(connection, found, name=named(name, FactorKind.PASSKEY))
        return _enrolled(runtime, connection, session, found, first=first)


def remove(runtime: Runtime, session: Session, factor_id: str) -> None:
    """Remove a factor that the session has just proved. With the last one, the recovery codes end.

    Raises
    ------
    Forbidden
        This factor was not proved in the last minutes.
    NotFound
        The person has no such factor.
    """
    user_id, now = session.person.user_id, runtime.wall.now()
    if not may_remove(factor_id, session.proof, now, runtime.policies[SecondFactorPolicy]):
        raise Forbidden("Confirm with this factor before you remove it. If you have lost it, ask an administrator.")
    with runtime.store.write() as connection:
        audit.hold(connection)
        if not second_factors.remove(connection, user_id, factor_id):
            raise NotFound("You have no such factor.")
        if not second_factors.enrolled(connection, user_id):
            second_factors.remove_all(connection, user_id)
        ended = people.end_sessions(connection, user_id, but=session.token_hash)
        _end_keys(runtime, connection, user_id, f"user:{user_id}")
        _record(
            runtime,
            connection,
            f"user:{user_id}",
            user_id,
            "second_factor.removed",
            factor=factor_id,
            sessions_ended=ended,
        )
        _tell(runtime, connection, user_id, "removed", session.person.name)


def new_recovery_codes(runtime: Runtime, session: Session) -> tuple[str, ...]:
    """New recovery codes in place of the earlier ones.

    Raises
    ------
    Forbidden
        The session has no fresh proof of a factor.
    """
    user_id, now = session.person.user_id, runtime.wall.now()
    with runtime.store.write() as connection:
        audit.hold(connection)
        _check_fresh(runtime, session)
        if session.proof is None or session.proof.factor_id is None:
            raise Forbidden("Confirm with your app or passkey first.")
        found = one_time_codes.new_codes(runtime, connection, user_id, now)
        _record(runtime, connection, f"user:{user_id}", user_id, "second_factor.recovery_codes")
        _tell(runtime, connection, user_id, "codes", session.person.name)
    return found


def reset(runtime: Runtime, by: Person, user_id: str) -> int:
    """Remove every factor of a user as an administrator, and end their sessions; returns the number of factors.

    A factor that is enrolled afterwards counts before bulk acts only after a day, as every factor.

    Raises
    ------
    NotFound
        The administrator has no such user.
    Forbidden
        It is the administrator's own account, or one with a role elsewhere.
    Conflict
        The user has no second factor.
    """
    here = by.marketplaces(Permission.ADMINISTER)
    with runtime.store.write() as connection:
        audit.hold(connection)
        found = people.colleague(connection, here, user_id)
        if user_id == by.user_id:
            raise Forbidden("Another administrator must reset your second factor.")
        if any(one.marketplace_id not in here for one in found.grants):
            raise Forbidden("This user has a role at another marketplace. Its administrator must reset the factor.")
        return _reset(runtime, connection, user_id, f"user:{by.user_id}", by.name)


def reset_as_owner(runtime: Runtime, email: str, *, by: str) -> int:
    """Remove every factor of any user, as the operator of the data directory; returns the number of factors.

    Raises
    ------
    NotFound
        There is no account with this address.
    Conflict
        The user has no second factor.
    """
    with runtime.store.write() as connection:
        audit.hold(connection)
        return _reset(runtime, connection, accounts.user_id_by_email(connection, email), by, "Touchstone")


def _reset(runtime: Runtime, connection: Connection, user_id: str, actor: str, name: str) -> int:
    number = second_factors.remove_all(connection, user_id)
    if not number:
        raise Conflict("This user has no second factor.")
    ended = people.end_sessions(connection, user_id)
    _end_keys(runtime, connection, user_id, actor)
    _record(runtime, connection, actor, user_id, "second_factor.reset", factors=number, sessions_ended=ended)
    _tell(runtime, connection, user_id, "reset", name)
    return number


def named(name: str, kind: FactorKind) -> str:
    """The name of a factor on one line; the kind where none is given."""
    return one_line(name)[:LONGEST_NAME] or {FactorKind.TOTP: "App", FactorKind.PASSKEY: "Passkey"}[kind]


def _check_fresh(runtime: Runtime, session: Session) -> None:
    policy = runtime.policies[SecondFactorPolicy]
    if not is_fresh(session.proof, runtime.wall.now(), policy):
        raise Forbidden(
            "Confirm that it is you first. For safety this is asked again after {minutes} minutes.",
            minutes=policy.fresh_minutes,
        )


def _check(runtime: Runtime, connection: Connection, session: Session) -> None:
    _check_fresh(runtime, session)
    if len(second_factors.enrolled(connection, session.person.user_id)) >= (
        runtime.policies[SecondFactorPolicy].most_factors
    ):
        raise Conflict("You have as many factors as an account can have. Remove one first.")


def _enrolled(
    runtime: Runtime, connection: Connection, session: Session, found: StoredFactor, *, first: bool
) -> tuple[str, ...]:
    user_id, now = session.person.user_id, runtime.wall.now()
    accounts.keep_proof(connection, session.token_hash, Proof(found.factor_id, now))
    codes = one_time_codes.new_codes(runtime, connection, user_id, now) if first else ()
    ended = people.end_sessions(connection, user_id, but=session.token_hash) if first else 0
    about = {"factor": found.factor_id, "kind": found.kind.value, "sessions_ended": ended}
    _record(runtime, connection, f"user:{user_id}", user_id, "second_factor.added", **about)
    _tell(runtime, connection, user_id, "added", session.person.name)
    return codes


def _end_keys(runtime: Runtime, connection: Connection, user_id: str, actor: str) -> None:
    end_secrets(runtime, connection, user_id, "second_factor", runtime.clock.now(), by=actor, chosen=())


def _record(runtime: Runtime, connection: Connection, actor: str, user_id: str, act: str, **payload: object) -> None:
    for place in sorted(accounts.places_of(connection, user_id)) or [""]:
        audit.record(connection, runtime.clock.now(), place, actor, act, user_id, **payload)


def _tell(runtime: Runtime, connection: Connection, user_id: str, what: str, by: str) -> None:
    parameters = {"what": what, "by": by}
    queue_to_accounts(runtime, connection, MailKind.SECOND_FACTOR, [user_id], parameters)
