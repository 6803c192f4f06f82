"""Codes of an app (RFC 6238) and recovery codes: made, shown once, and checked so that each counts once."""

import secrets
from datetime import datetime
from typing import Final

import pyotp
import segno
from pyotp.exceptions import OTPVerificationError
from sqlalchemy import Connection

from serving.accounts.policy import SecondFactorPolicy
from serving.accounts.store import second_factors
from serving.accounts.store.second_factors import StoredFactor
from serving.platform.runtime import Runtime
from serving.platform.sealing import Sealer, keyed_digest

_ISSUER: Final = "Touchstone"
_PURPOSE: Final = b"touchstone recovery code"
_DIGITS: Final = 6
# Letters and digits that nobody mistakes for another one; 16 of them are 79 bits.
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_LETTERS_OF_CODE: Final = 16
_GROUP: Final = 4


def new_secret(runtime: Runtime) -> str:
    """A new secret of an app, sealed."""
    return runtime.services[Sealer].seal(pyotp.random_base32())


def secret_of(runtime: Runtime, factor: StoredFactor) -> str:
    """The secret of a factor in base32, as an app takes it."""
    return runtime.services[Sealer].open(factor.secret or "")


def otpauth_uri(secret: str, email: str) -> str:
    """The address that an app reads from the picture: otpauth."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=_ISSUER)


def qr_code_of(address: str) -> tuple[int, str]:
    """An address as a QR code: the number of modules of a side, with the quiet zone, and the path of the dark ones."""
    rows = [list(row) for row in segno.make_qr(address, error="m").matrix_iter(border=4)]
    dark = [f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark]
    return len(rows), "".join(dark)


def is_app_code(code: str) -> bool:
    typed = "".join(code.split())
    return len(typed) == _DIGITS and typed.isascii() and typed.isdigit()


def matching_step(runtime: Runtime, factor: StoredFactor, code: str, now: datetime) -> int | None:
    """The time step of a right code, which the caller records as used; None for any other."""
    if not is_app_code(code):
        return None
    app, drift = pyotp.TOTP(secret_of(runtime, factor)), runtime.policies[SecondFactorPolicy].drift_steps
    try:
        return app.verify_and_get_timecode("".join(code.split()), for_time=now, valid_window=drift)
    except OTPVerificationError:
        return None


def replace_recovery_codes(runtime: Runtime, connection: Connection, user_id: str, now: datetime) -> tuple[str, ...]:
    """New recovery codes in place of the earlier ones. Only their keyed hashes are stored."""
    number = runtime.policies[SecondFactorPolicy].recovery_codes
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(_LETTERS_OF_CODE)) for _ in range(number)]
    second_factors.replace_codes(connection, user_id, [_code_hash(runtime, user_id, code) for code in codes], now)
    return tuple("-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP)) for code in codes)


def use_recovery_code(runtime: Runtime, connection: Connection, user_id: str, code: str, now: datetime) -> bool:
    """Use a recovery code up; False where it is wrong or was used."""
    typed = "".join(character for character in code.lower() if character.isalnum())
    return len(typed) == _LETTERS_OF_CODE and second_factors.use_code(
        connection, user_id, _code_hash(runtime, user_id, typed), now
    )


def _code_hash(runtime: Runtime, user_id: str, code: str) -> str:
    return keyed_digest(runtime.contact_key, _PURPOSE, user_id, code).hex()
