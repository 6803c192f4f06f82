"""The second step of a sign-in: the proof of a second factor, after the password."""

from typing import Final

from models.errors import DomainError
from serving.accounts.service.auth import NotSignedIn, SignedIn, begin, hash_token
from serving.accounts.service.proving import Given, prove
from serving.accounts.store import accounts
from serving.accounts.store.accounts import Session
from serving.platform.runtime import Runtime

SIGN_IN: Final = "sign-in"


class SecondFactorRequired(DomainError):
    """The person must prove a second factor, or enrol one, before this."""

    code = "second_factor_required"


class CodeMissing(NotSignedIn):
    """The password was right, and the person has a second factor whose code was not sent."""

    code = SecondFactorRequired.code


def half_session_of(runtime: Runtime, token: str | None) -> Session:
    """The session behind a cookie that waits for the second factor.

    Raises
    ------
    NotSignedIn
        There is none, or its time is over.
    """
    found = None
    if token:
        with runtime.store.read() as connection:
            found = accounts.session(connection, hash_token(token), runtime.wall.now(), half=True)
    if found is None:
        raise NotSignedIn("Please sign in.")
    return found


def complete(runtime: Runtime, waiting: Session, given: Given) -> SignedIn:
    """Begin the session in place of the one that waits; a recovery code will do.

    Raises
    ------
    Invalid, TooManyAttempts
        The proof is wrong; too many were wrong before.
    """
    proof, _ = prove(runtime, waiting, given, SIGN_IN, recovery=True)
    with runtime.store.write() as connection:
        accounts.end_session(connection, waiting.token_hash)
        now, user_id = runtime.wall.now(), waiting.person.user_id
        return begin(runtime, connection, user_id, now, proof=proof, device=waiting.device)
