"""Secrets that are equal in all processes of a database: compared at the start by their fingerprints.

The database has no secret.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select, update

from models.errors import DomainError
from serving.platform.database.store import Store, insert_or_ignore
from serving.platform.database.tables import secret_fingerprint

_HEX_DIGITS: Final = 32


class SecretDiffers(DomainError):
    """This process has another secret than the processes that work with the database."""

    code = "secret_differs"


@dataclass(frozen=True, slots=True)
class CommonSecret:
    """A secret by its name, its setting and its file; `keys` has the one in force first."""

    name: str
    setting: str
    file: str
    keys: Sequence[bytes]

    def prints(self) -> list[str]:
        """The fingerprint of each key; a random key cannot be found from it."""
        return [fingerprint(self.name, key) for key in self.keys]


def fingerprint(name: str, key: bytes) -> str:
    """A keyed hash of the secret's name, half of SHA-256."""
    return hmac.new(key, f"touchstone fingerprint of {name}".encode(), hashlib.sha256).hexdigest()[:_HEX_DIGITS]


def compare_secrets(store: Store, secrets: Sequence[CommonSecret], at: datetime) -> None:
    """Refuse a process that lacks a key with which the others work. The first process decides which keys these are.

    Raises SecretDiffers (the message names the secret and both fingerprints).
    """
    with store.write() as connection:
        for secret in secrets:
            own = secret.prints()
            known = _common_fingerprint(connection, secret.name, own[0], at)
            if known not in own:
                raise SecretDiffers(
                    "The {name} of this process is not the one with which this database is used: its fingerprint is "
                    "{own}, the other one's {known}. Set {setting} as the other processes have it, or copy {file} from "
                    "the data directory of one. If that key is lost, run `touchstone accept-secrets` here.",
                    name=secret.name,
                    own=own[0][:12],
                    known=known[:12],
                    setting=secret.setting,
                    file=secret.file,
                )


def accept_secrets(connection: Connection, secrets: Sequence[CommonSecret], at: datetime) -> list[str]:
    """Make the keys of this process those of the database; returns the names of those that differed."""
    changed = []
    for secret in secrets:
        own = secret.prints()
        if _common_fingerprint(connection, secret.name, own[0], at) not in own:
            put_in_force(connection, secret.name, secret.keys[0], at)
            changed.append(secret.name)
    return changed


def put_in_force(connection: Connection, name: str, key: bytes, at: datetime) -> None:
    """Make another key the one with which the database is used, where its processes have one in common."""
    values = {"fingerprint": fingerprint(name, key), "recorded_at": at}
    connection.execute(update(secret_fingerprint).where(secret_fingerprint.c.name == name).values(values))


def _common_fingerprint(connection: Connection, name: str, unless: str, at: datetime) -> str:
    """The fingerprint of a secret; the first process to ask for it stores its own."""
    row = {"name": name, "fingerprint": unless, "recorded_at": at}
    connection.execute(insert_or_ignore(connection, secret_fingerprint).values(row))
    query = select(secret_fingerprint.c.fingerprint).where(secret_fingerprint.c.name == name)
    return str(connection.execute(query).scalar_one())
