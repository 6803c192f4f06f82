"""Secrets that the service must read again, sealed in the database under keys that the database does not hold.

And signatures under the contact key, by a key of its own for each purpose. Links and cookies contain them: they stay.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Final, Protocol

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from models.errors import DomainError, Invalid
from serving.platform.home import Home

KEY_BYTES: Final = 32
SEALING_KEY: Final = "webhook key"  # As people and the fingerprints know it.
_MOST_KEYS: Final = 2  # The one in force, and the one before: another process may just have sealed with it.


class UnsealableSecret(DomainError):
    """A sealed secret is of a key that is not here, or was altered."""

    code = "unsealable"


class Keys(Protocol):
    """Where the keys are kept, the one in force first."""

    def read(self) -> tuple[bytes, ...]:
        """The keys, 32 bytes each."""

    def renew(self) -> tuple[bytes, ...]:
        """Put a new key first; returns the keys now in force."""


class KeyFile:
    """Keys in a file of the data directory, made at first use, which only the owner may read."""

    def __init__(self, home: Home, name: str) -> None:
        self._home, self._name = home, name

    def read(self) -> tuple[bytes, ...]:
        """The keys, 32 bytes each. Raises Unsealable (the file was cut or extended)."""
        content = self._home.secret(self._name)
        if not content or len(content) % KEY_BYTES:
            raise UnsealableSecret(
                "{name} in the data directory is damaged. Restore it from the backup.", name=self._name
            )
        return tuple(content[start : start + KEY_BYTES] for start in range(0, len(content), KEY_BYTES))

    def renew(self) -> tuple[bytes, ...]:
        """Put a new key first, and keep the one before."""
        keys = (secrets.token_bytes(KEY_BYTES), *self.read())[:_MOST_KEYS]
        self._home.replace_secret(self._name, b"".join(keys))
        return keys


class KeySetting:
    """Keys that the operator sets, for several data directories on one database."""

    def __init__(self, name: str, setting: str) -> None:
        self._keys = keys_of(name, setting)

    def read(self) -> tuple[bytes, ...]:
        """The keys, 32 bytes each."""
        return self._keys

    def renew(self) -> tuple[bytes, ...]:
        """The keys as they are set: the operator puts a new one first, and restarts each process."""
        return self._keys


def keys_of(name: str, setting: str) -> tuple[bytes, ...]:
    """The keys that a setting lists. Raises Invalid (one is not 32 bytes in base64)."""
    return tuple(_decode_key(name, part) for part in setting.split(","))


def _decode_key(name: str, written: str) -> bytes:
    try:
        key = base64.b64decode(written.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise Invalid("Each key of {name} must be 32 random bytes in base64 (openssl rand -base64 32).", name=name)
    return key


class Sealer:
    """Seals under the first key, and opens what any of the keys sealed."""

    def __init__(self, keys: Keys) -> None:
        self._keys_source = keys
        self._fernet = _fernet(keys.read())

    def seal(self, secret: str) -> str:
        """The secret, encrypted and authenticated (Fernet: AES-128-CBC and HMAC-SHA256)."""
        return self._fernet.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """The secret. Raises Unsealable (it is of a key that is not here, or was altered)."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise UnsealableSecret("A stored secret cannot be read with the keys of this process.") from None

    def in_force(self) -> bytes:
        return self._keys_source.read()[0]

    def renew(self) -> None:
        """Seal under a new key from now on."""
        self._fernet = _fernet(self._keys_source.renew())


def _fernet(keys: tuple[bytes, ...]) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])


def keyed_digest(contact_key: bytes, purpose: bytes, *parts: object) -> bytes:
    """The digest of parts, which only the key leads to."""
    key = hmac.digest(contact_key, purpose, hashlib.sha256)
    return hmac.digest(key, "\n".join(map(str, parts)).encode("utf-8", "replace"), hashlib.sha256)


def signature(contact_key: bytes, purpose: bytes, *parts: object) -> str:
    """The signature of parts: 43 letters of an address."""
    return base64.urlsafe_b64encode(keyed_digest(contact_key, purpose, *parts)).rstrip(b"=").decode()


def is_signature(text: str, contact_key: bytes, purpose: bytes, *parts: object) -> bool:
    """Whether a text, which anybody may have written, is the signature of parts."""
    return hmac.compare_digest(text.encode("utf-8", "replace"), signature(contact_key, purpose, *parts).encode())
