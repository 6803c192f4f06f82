"""Proofs in a session: of a second factor, or by the password. Each is counted before it is checked.

The last wrong one that the policy allows ends the session, and no other session of the person.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from models.errors import Invalid
from serving.accounts.rules.access import Person
from serving.accounts.rules.second_person import FactorKind, Proof
from serving.accounts.service import auth, guessing, passkeys
from serving.accounts.service.one_time_codes import matching_step, use_recovery_code
from serving.accounts.service.security_events import log_denial
from serving.accounts.store import accounts, people, second_factors
from serving.accounts.store.accounts import Session
from serving.platform.runtime import Runtime

PROVE: Final = "prove"


@dataclass(frozen=True, slots=True)
class FactorResponse:
    """What a person shows: a code of an app, a recovery code, or what a passkey signed."""

    code: str = ""
    credential: str = ""


def prove(
    runtime: Runtime,
    session: Session,
    code_or_passkey: FactorResponse,
    purpose: str = PROVE,
    *,
    recovery: bool = False,
    browser: str | None = None,
) -> tuple[Proof, FactorKind | None]:
    """Check a second factor of the person of a session for a purpose; with `recovery` a recovery code will do.

    A code of an app and a recovery code count once, and so does a passkey's challenge. The proof is stored with the
    session. `browser` is where a code signs in, as for `serving.accounts.service.guessing.attempt_in_session`.

    Raises Invalid, NotSignedIn (it is wrong, or was used; it ended the session) or TooManyAttempts (too many were wrong
    before; this one is not checked).
    """
    now, user_id = runtime.wall.now(), session.person.user_id
    attempt = guessing.attempt_in_session(runtime, session.token_hash, user_id, browser)
    with runtime.store.write() as connection:
        is_last = guessing.count_attempt(connection, attempt, now)
    with runtime.store.write() as connection:
        proof_and_kind = _verify_response(
            runtime, connection, session, code_or_passkey, purpose, now, recovery=recovery
        )
        if proof_and_kind is not None:
            guessing.uncount_attempt(connection, attempt)
            accounts.keep_proof(connection, session.token_hash, proof_and_kind[0])
    if proof_and_kind is None:
        log_denial("second_factor", why="wrong_proof", user_id=user_id, purpose=purpose.partition(":")[0])
        end_session_after_last(runtime, session.token_hash, is_last=is_last)
        raise Invalid("The code is wrong or was used before. Enter a new one.")
    return proof_and_kind


def check_password(runtime: Runtime, person: Person, token_hash: str, password: str) -> None:
    """Confirm with the password that it is the account's owner who acts in a session.

    Raises Invalid, NotSignedIn, TooManyAttempts (as for `prove`).
    """
    attempt, now = guessing.attempt_in_session(runtime, token_hash, person.user_id), runtime.wall.now()
    with runtime.store.write() as connection:
        is_last = guessing.count_attempt(connection, attempt, now)
        stored = people.password_hash_of(connection, person.user_id)
    if not auth.is_password(password, stored):
        log_denial("password", why="wrong_password", user_id=person.user_id)
        end_session_after_last(runtime, token_hash, is_last=is_last)
        raise Invalid("The current password is wrong. Enter it again.")
    with runtime.store.write() as connection:
        guessing.uncount_attempt(connection, attempt)


def end_session_after_last(runtime: Runtime, token_hash: str, *, is_last: bool) -> None:
    """End a session after the last wrong proof that it allows. Raises NotSignedIn (it was the last one)."""
    if is_last:
        with runtime.store.write() as connection:
            accounts.end_session(connection, token_hash)
        raise auth.NotSignedIn("Too many wrong codes or passwords were entered. Sign in again.")


def _verify_response(
    runtime: Runtime,
    connection: Connection,
    session: Session,
    code_or_passkey: FactorResponse,
    purpose: str,
    now: datetime,
    *,
    recovery: bool,
) -> tuple[Proof, FactorKind | None] | None:
    user_id = session.person.user_id
    if code_or_passkey.credential:
        challenge = second_factors.take_challenge(connection, session.token_hash, purpose, now)
        signed = None
        if challenge is not None:
            signed = passkeys.verify_and_count_proof(
                runtime, connection, challenge, user_id, code_or_passkey.credential, now
            )
        return None if signed is None else (Proof(signed.factor_id, now), signed.kind)
    for factor in second_factors.confirmed_factors(connection, user_id):
        step = matching_step(runtime, factor, code_or_passkey.code, now) if factor.kind is FactorKind.TOTP else None
        if step is not None and second_factors.record_use(connection, factor.factor_id, step, now, rises=True):
            return Proof(factor.factor_id, now), factor.kind
    if recovery and use_recovery_code(runtime, connection, user_id, code_or_passkey.code, now):
        return Proof(None, now), None
    return None


def passkey_options(runtime: Runtime, session: Session, purpose: str = PROVE) -> str:
    """What a browser needs to prove a passkey for a purpose, as JSON."""
    with runtime.store.write() as connection:
        now, user_id = runtime.wall.now(), session.person.user_id
        return passkeys.proof_options(runtime, connection, session.token_hash, user_id, purpose, now)
