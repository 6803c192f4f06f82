"""Second factors of an account: each change needs the password, and where there is a factor a fresh proof of it.

A first factor waits until the account's owner confirms it by a mailed link. Each change is in the audit log, and the
owner is told by mail.
"""

import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from features.phrase import Phrase
from models.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, require
from serving.accounts.policy import SecondFactorPolicy
from serving.accounts.rules.access import Permission, Person
from serving.accounts.rules.second_person import FactorKind, Proof, is_fresh, may_remove
from serving.accounts.service import auth, guessing, known_devices, one_time_codes, passkeys
from serving.accounts.service.auth import NewSession, NotSignedIn, begin_session, hash_token, session_device
from serving.accounts.service.guessing import UNKNOWN_SOURCE, SignInSource
from serving.accounts.service.one_time_codes import is_app_code
from serving.accounts.service.proving import FactorResponse, check_password, end_session_after_last, prove
from serving.accounts.service.security_events import log_denial
from serving.accounts.service.service_accounts import leave_accounts
from serving.accounts.store import accounts, people, second_factors
from serving.accounts.store.accounts import Session
from serving.accounts.store.second_factors import StoredFactor
from serving.audit.store import audit
from serving.mail.rules.kinds import MailKind, one_line
from serving.mail.service.queueing import queue_to_accounts
from serving.platform.runtime import Runtime
from serving.webhooks.service.signing_secrets import end_secrets

LONGEST_NAME: Final = 60
PLACE: Final = "/confirm-factor/"
DEAD: Final = Phrase("This link is invalid or has expired. Sign in, and set up the factor again.")


def begin_app(runtime: Runtime, session: Session, password: str) -> StoredFactor:
    """Make the secret of an app, which replaces an unconfirmed one. No page shows it later.

    Raises Invalid, NotSignedIn, TooManyAttempts (the password is wrong
    (`serving.accounts.service.proving.check_password`)) or Forbidden, Conflict (the account has a factor, and the
    session no fresh proof of one; it has too many factors).
    """
    check_password(runtime, session.person, session.token_hash, password)
    with runtime.store.write() as connection:
        _check_can_enrol(runtime, connection, session)
        factor_id, secret = runtime.ids.new("fct"), one_time_codes.new_secret(runtime)
        begun = StoredFactor(factor_id, session.person.user_id, FactorKind.TOTP, runtime.wall.now(), secret=secret)
        second_factors.save_unconfirmed(connection, begun)
    return begun


def confirm_app(runtime: Runtime, session: Session, code: str, name: str) -> str | None:
    """Confirm the app by its first code; returns the token of the mailed link where it waits for the account's owner.

    A first factor waits. No answer to the session may show the token.

    Raises Invalid, NotSignedIn, TooManyAttempts, Forbidden (the code is wrong; as for `begin_app`) or NotFound (no app
    waits for its first code).
    """
    user_id, now = session.person.user_id, runtime.wall.now()
    attempt = guessing.attempt_in_session(runtime, session.token_hash, user_id)
    with runtime.store.write() as connection:
        _check_can_enrol(runtime, connection, session)
        is_last = guessing.count_attempt(connection, attempt, now)
        begun = second_factors.unconfirmed_factor(connection, user_id)
    if begun is None or begun.kind is not FactorKind.TOTP:
        raise NotFound("No app waits for its first code. Begin again.")
    step = one_time_codes.matching_step(runtime, begun, code, now)
    if step is None:
        log_denial("second_factor", why="wrong_proof", user_id=user_id, purpose="enrol")
        end_session_after_last(runtime, session.token_hash, is_last=is_last)
        raise Invalid("The code is wrong. Enter the one that the app shows now.")
    with runtime.store.write() as connection:
        audit.lock(connection)
        guessing.uncount_attempt(connection, attempt)
        return _confirm_factor(runtime, connection, session, begun, step, name)


def enrolment_options(runtime: Runtime, session: Session, password: str) -> str:
    """What a browser needs to make a passkey, as JSON; raises as `begin_app`."""
    check_password(runtime, session.person, session.token_hash, password)
    with runtime.store.write() as connection:
        _check_can_enrol(runtime, connection, session)
        token_hash, now = session.token_hash, runtime.wall.now()
        return passkeys.enrolment_options(runtime, connection, token_hash, session.person, now)


def add_passkey(runtime: Runtime, session: Session, credential: str, name: str) -> str | None:
    """Add the passkey that a browser made for `enrolment_options`; returns as `confirm_app`.

    Raises Invalid, Forbidden, Conflict (it does not fit the challenge, this address or this service; as for
    `begin_app`; it is enrolled already).
    """
    now = runtime.wall.now()
    with runtime.store.write() as connection:
        _check_can_enrol(runtime, connection, session)
        challenge = second_factors.take_challenge(connection, session.token_hash, passkeys.ENROL, now)
    passkey = passkeys.verify_new_passkey(runtime, session.person, challenge, credential, now)
    with runtime.store.write() as connection:
        audit.lock(connection)
        if second_factors.is_known(connection, passkey.credential_id or ""):
            raise Conflict("This passkey is enrolled already.")
        second_factors.save_unconfirmed(connection, passkey)
        return _confirm_factor(runtime, connection, session, passkey, passkey.last_count, name)


def factor_of_link(runtime: Runtime, connection: Connection, link: str) -> StoredFactor:
    """The first factor that a mailed link confirms. Raises NotFound (the link is unknown or no longer valid)."""
    since = runtime.wall.now() - timedelta(hours=runtime.policies[SecondFactorPolicy].link_hours)
    return require(second_factors.of_link(connection, auth.hash_token(link), since), DEAD)


def confirm_by_link(runtime: Runtime, link: str) -> tuple[str, ...]:
    """Let a first factor count, as the account's owner; returns the recovery codes. Every session of the account ends.

    Raises NotFound (as for `factor_of_link`; or the account is deactivated).
    """
    with runtime.store.write() as connection:
        audit.lock(connection)
        now, waiting = runtime.wall.now(), factor_of_link(runtime, connection, link)
        owner = accounts.person(connection, waiting.user_id)
        second_factors.activate(connection, waiting.factor_id, now)
        _record_addition(
            runtime, connection, owner, waiting, sessions_ended=people.end_sessions(connection, owner.user_id)
        )
        return one_time_codes.replace_recovery_codes(runtime, connection, owner.user_id, now)


def remove(runtime: Runtime, session: Session, factor_id: str, password: str, *, ending: Collection[str] = ()) -> None:
    """Remove a factor that the session has just proved, and end the secrets that the person has ticked.

    With the last one, the recovery codes end.

    Raises Invalid, NotSignedIn, TooManyAttempts, Forbidden (as for `begin_app`; this factor was not proved in the last
    minutes) or NotFound (the person has no such factor).
    """
    user_id, now = session.person.user_id, runtime.wall.now()
    if not may_remove(factor_id, session.proof, now, runtime.policies[SecondFactorPolicy]):
        raise Forbidden("Confirm with this factor before you remove it. If you have lost it, ask an administrator.")
    check_password(runtime, session.person, session.token_hash, password)
    with runtime.store.write() as connection:
        audit.lock(connection)
        if not second_factors.remove(connection, user_id, factor_id):
            raise NotFound("You have no such factor.")
        if not second_factors.confirmed_factors(connection, user_id):
            second_factors.remove_all(connection, user_id)
        ended = people.end_sessions(connection, user_id, but=session.token_hash)
        _end_secrets(runtime, connection, user_id, f"user:{user_id}", ending)
        about = {"factor": factor_id, "sessions_ended": ended}
        _record(runtime, connection, f"user:{user_id}", user_id, "second_factor.removed", **about)
        _mail_owner(runtime, connection, user_id, "removed", session.person.name)


def new_recovery_codes(runtime: Runtime, session: Session, password: str) -> tuple[str, ...]:
    """New recovery codes in place of the earlier ones.

    Raises Invalid, NotSignedIn, TooManyAttempts, Forbidden (as for `begin_app`).
    """
    user_id = session.person.user_id
    check_password(runtime, session.person, session.token_hash, password)
    with runtime.store.write() as connection:
        audit.lock(connection)
        _check_fresh(runtime, session)
        if session.proof is None or session.proof.factor_id is None:
            raise Forbidden("Confirm with your app or passkey first.")
        codes = one_time_codes.replace_recovery_codes(runtime, connection, user_id, runtime.wall.now())
        _record(runtime, connection, f"user:{user_id}", user_id, "second_factor.recovery_codes")
        _mail_owner(runtime, connection, user_id, "codes", session.person.name)
    return codes


def reset(runtime: Runtime, session: Session, user_id: str, password: str) -> int:
    """Remove every factor of a user as an administrator, and end their sessions; returns the number of factors.

    A factor that is enrolled afterwards counts before bulk acts only after a day, as every factor.

    Raises NotFound (the administrator has no such user), Forbidden (it is the administrator's own account, or one with
    a role elsewhere), Invalid, NotSignedIn, TooManyAttempts (as for `begin_app`) or Conflict (the user has no second
    factor).
    """
    by, marketplace_ids = session.person, session.person.marketplaces(Permission.ADMINISTER)
    check_password(runtime, by, session.token_hash, password)
    with runtime.store.write() as connection:
        audit.lock(connection)
        colleague = people.colleague(connection, marketplace_ids, user_id)
        if user_id == by.user_id:
            raise Forbidden("Another administrator must reset your second factor.")
        if any(grant.marketplace_id not in marketplace_ids for grant in colleague.grants):
            raise Forbidden("This user has a role at another marketplace. Its administrator must reset the factor.")
        return _remove_all_factors(runtime, connection, user_id, by.actor, by.name)


def reset_as_owner(runtime: Runtime, email: str, *, by: str) -> int:
    """Remove every factor of any user, as the operator of the data directory; returns the number of factors.

    Raises NotFound (there is no account with this address) or Conflict (the user has no second factor).
    """
    with runtime.store.write() as connection:
        audit.lock(connection)
        return _remove_all_factors(runtime, connection, accounts.user_id_by_email(connection, email), by, "Touchstone")


def _remove_all_factors(runtime: Runtime, connection: Connection, user_id: str, actor: str, name: str) -> int:
    number = second_factors.remove_all(connection, user_id)
    if not number:
        raise Conflict("This user has no second factor.")
    ended = people.end_sessions(connection, user_id)
    _end_secrets(runtime, connection, user_id, actor, ())
    leave_accounts(runtime, connection, user_id, "second_factor", actor)
    _record(runtime, connection, actor, user_id, "second_factor.reset", factors=number, sessions_ended=ended)
    _mail_owner(runtime, connection, user_id, "reset", name)
    return number


def shown_name(name: str, kind: FactorKind) -> str:
    """The name of a factor on one line; the kind where none is given."""
    return one_line(name)[:LONGEST_NAME] or {FactorKind.TOTP: "App", FactorKind.PASSKEY: "Passkey"}[kind]


def _check_fresh(runtime: Runtime, session: Session) -> None:
    policy = runtime.policies[SecondFactorPolicy]
    if not is_fresh(session.proof, runtime.wall.now(), policy):
        raise Forbidden(
            "Confirm that it is you first. For safety this is asked again after {minutes} minutes.",
            minutes=policy.fresh_minutes,
        )


def _check_can_enrol(runtime: Runtime, connection: Connection, session: Session) -> None:
    enrolled = second_factors.confirmed_factors(connection, session.person.user_id)
    if enrolled:
        _check_fresh(runtime, session)
    if len(enrolled) >= runtime.policies[SecondFactorPolicy].most_factors:
        raise Conflict("You have as many factors as an account can have. Remove one first.")


def _confirm_factor(
    runtime: Runtime, connection: Connection, session: Session, factor: StoredFactor, count: int, name: str
) -> str | None:
    user_id, now, link = session.person.user_id, runtime.wall.now(), secrets.token_urlsafe(32)
    is_first = not second_factors.confirmed_factors(connection, user_id)
    shown, link_hash = shown_name(name, factor.kind), auth.hash_token(link) if is_first else None
    if not second_factors.confirm(connection, factor.factor_id, count, shown, now, link_hash):
        raise NotFound("No app waits for its first code. Begin again.")
    if not is_first:
        accounts.keep_proof(connection, session.token_hash, Proof(factor.factor_id, now))
        _record_addition(runtime, connection, session.person, factor, sessions_ended=0)
        return None
    _mail_owner(runtime, connection, user_id, "waits", session.person.name, secret_path=f"{PLACE}{link}")
    return link


def _record_addition(
    runtime: Runtime, connection: Connection, owner: Person, factor: StoredFactor, *, sessions_ended: int
) -> None:
    about = {"factor": factor.factor_id, "kind": factor.kind.value, "sessions_ended": sessions_ended}
    _record(runtime, connection, f"user:{owner.user_id}", owner.user_id, "second_factor.added", **about)
    _mail_owner(runtime, connection, owner.user_id, "added", owner.name)


def _end_secrets(runtime: Runtime, connection: Connection, user_id: str, actor: str, ending: Collection[str]) -> None:
    end_secrets(runtime, connection, user_id, "second_factor", runtime.clock.now(), by=actor, chosen=ending)


def _record(runtime: Runtime, connection: Connection, actor: str, user_id: str, act: str, **payload: object) -> None:
    for place in sorted(accounts.places_of(connection, user_id)) or [""]:
        audit.record(connection, runtime.clock.now(), place, actor, act, user_id, **payload)


def _mail_owner(
    runtime: Runtime, connection: Connection, user_id: str, what: str, by: str, *, secret_path: str | None = None
) -> None:
    parameters = {"what": what, "by": by}
    queue_to_accounts(runtime, connection, MailKind.SECOND_FACTOR, [user_id], parameters, secret_path=secret_path)


SIGN_IN: Final = "sign-in"


class SecondFactorRequired(DomainError):
    """The person must prove a second factor, or enrol one, before this."""

    code = "second_factor_required"


class CodeMissing(NotSignedIn):
    """The password was right, and the person has a second factor whose code was not sent."""

    code = SecondFactorRequired.code


def half_session_of(runtime: Runtime, token: str | None) -> Session:
    """The session behind a cookie that waits for the second factor.

    Raises NotSignedIn (there is none, or its time is over).
    """
    session = None
    if token:
        with runtime.store.read(admission=True) as connection:
            session = accounts.session(connection, hash_token(token), runtime.wall.now(), half=True)
    if session is None:
        raise NotSignedIn("Please sign in.")
    return session


def complete_sign_in(
    runtime: Runtime, waiting: Session, code_or_passkey: FactorResponse, whence: SignInSource = UNKNOWN_SOURCE
) -> NewSession:
    """Begin the session in place of the one that waits; a recovery code will do. The browser is known from then on.

    Codes of an app are counted by browser, and for unknown ones by account. Passkeys and recovery codes cannot be
    guessed, so they open the account to its owner at any time.

    Raises Invalid, NotSignedIn, TooManyAttempts (as `serving.accounts.service.proving.prove`).
    """
    now = runtime.wall.now()
    with runtime.store.read() as connection:
        account = require(accounts.credentials(connection, waiting.person.email), "There is no such account.")
    known, browser = known_devices.device_of(runtime, account, whence.devices, now), None
    if not code_or_passkey.credential and is_app_code(code_or_passkey.code):
        browser = "" if known is None else known.nonce
    proof, _ = prove(runtime, waiting, code_or_passkey, SIGN_IN, recovery=True, browser=browser)
    devices = known_devices.cookie_with_token(runtime, account, now, whence.devices)
    with runtime.store.write() as connection:
        accounts.end_session(connection, waiting.token_hash)
        device = session_device(devices, known)
        return begin_session(runtime, connection, account.user_id, now, devices=devices, proof=proof, device=device)
