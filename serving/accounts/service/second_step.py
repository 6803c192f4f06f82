"""The second step of a sign-in: the proof of a second factor, after the password."""

from typing import Final

from models.errors import DomainError, require
from serving.accounts.service import known_devices
from serving.accounts.service.auth import NewSession, NotSignedIn, begin_session, hash_token, session_device
from serving.accounts.service.guessing import UNKNOWN_SOURCE, SignInSource
from serving.accounts.service.one_time_codes import is_app_code
from serving.accounts.service.proving import FactorResponse, prove
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
