"""The store that all processes of an installation share, behind one narrow interface (ADR 57)."""

from typing import Protocol

from serving.platform.artifacts import store as artifacts
from serving.platform.artifacts.rules import Kind
from serving.platform.clock import Clock
from serving.platform.database.store import Store


class SharedFiles(Protocol):
    """Files by the digest of their content, which never change. Readers compare the digest; the store does not."""

    def has(self, kind: Kind, digest: str) -> bool:
        """Whether the store has the file."""

    def get(self, kind: Kind, digest: str) -> bytes | None:
        """The content; None where the store has no such file."""

    def save(self, kind: Kind, digest: str, content: bytes) -> None:
        """Keep the content; a file that is there stays as it is."""


class DatabaseFiles:
    """Files in the database that the processes share; a backup of the database has them."""

    def __init__(self, database: Store, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def has(self, kind: Kind, digest: str) -> bool:
        with self._database.read() as connection:
            return artifacts.has(connection, kind, digest)

    def get(self, kind: Kind, digest: str) -> bytes | None:
        """The content; None where the database has no such file."""
        with self._database.read() as connection:
            return artifacts.get(connection, kind, digest)

    def save(self, kind: Kind, digest: str, content: bytes) -> None:
        """Keep the content in a transaction of its own."""
        with self._database.write() as connection:
            artifacts.save(connection, kind, digest, content, self._clock.now())
