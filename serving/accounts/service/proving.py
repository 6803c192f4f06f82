"""Proofs of a second factor. Wrong ones are counted as wrong passwords are, before they are checked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from models.errors import Invalid
from serving.accounts.rules.second_factors import FactorKind, Proof
from serving.accounts.service import guessing, passkeys
from serving.accounts.service.one_time_codes import step_of, use_recovery_code
from serving.accounts.service.security_events import denied
from serving.accounts.store import accounts, second_factors
from serving.accounts.store.accounts import Session
from serving.platform.runtime import Runtime

PROVE: Final = "prove"


@dataclass(frozen=True, slots=True)
class Given:
    """What a person shows: a code of an app, a recovery code, or what a passkey signed."""

    code: str = ""
    credential: str = ""


def prove(
    runtime: Runtime, session: Session, given: Given, purpose: str = PROVE, *, recovery: bool = False
) -> tuple[Proof, FactorKind | None]:
    """Check a second factor of the person of a session for a purpose; with `recovery` a recovery code will do.

    A code of an app and a recovery code count once, and so does a passkey's challenge. The proof is stored with the
    session.

    Raises
    ------
    Invalid
        It is wrong, or was used.
    TooManyAttempts
        Too many were wrong before; this one is not checked.
    """
    now, user_id = runtime.wall.now(), session.person.user_id
    attempt = guessing.attempt_to_prove(runtime, user_id)
    with runtime.store.write() as connection:
        guessing.spend(connection, attempt, now)
    with runtime.store.write() as connection:
        found = _checked(runtime, connection, session, given, purpose, now, recovery=recovery)
        if found is not None:
            guessing.give_back(connection, attempt)
            accounts.keep_proof(connection, session.token_hash, found[0])
    if found is None:
        denied("second_factor", why="wrong_proof", user_id=user_id, purpose=purpose.partition(":")[0])
        raise Invalid("The code is wrong or was used before. Enter a new one.")
    return found


def _checked(
    runtime: Runtime,
    connection: Connection,
    session: Session,
    given: Given,
    purpose: str,
    now: datetime,
    *,
    recovery: bool,
) -> tuple[Proof, FactorKind | None] | None:
    user_id = session.person.user_id
    if given.credential:
        challenge = second_factors.take_challenge(connection, session.token_hash, purpose, now)
        signed = None
        if challenge is not None:
            signed = passkeys.proved(runtime, connection, challenge, user_id, given.credential, now)
        return None if signed is None else (Proof(signed.factor_id, now), signed.kind)
    for one in second_factors.enrolled(connection, user_id):
        step = step_of(runtime, one, given.code, now) if one.kind is FactorKind.TOTP else None
        if step is not None and second_factors.use(connection, one.factor_id, step, now, rises=True):
            return Proof(one.factor_id, now), one.kind
    if recovery and use_recovery_code(runtime, connection, user_id, given.code, now):
        return Proof(None, now), None
    return None


def passkey_options(runtime: Runtime, session: Session, purpose: str = PROVE) -> str:
    """What a browser needs to prove a passkey for a purpose, as JSON."""
    with runtime.store.write() as connection:
        now, user_id = runtime.wall.now(), session.person.user_id
        return passkeys.proof_options(runtime, connection, session.token_hash, user_id, purpose, now)
