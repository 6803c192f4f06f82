"""Snapshots as files of the data directory, and in the store that processes share."""

import hashlib
from pathlib import Path

from serving.platform.artifacts.rules import Kind
from serving.platform.artifacts.service import SharedFiles


class SnapshotFiles:
    """The snapshots of an installation, a file per digest; one that another process wrote is fetched at first use.

    `shared` is None where one process owns all there is.
    """

    def __init__(self, folder: Path, shared: SharedFiles | None = None) -> None:
        self.folder, self._shared = folder, shared

    def share(self, digest: str) -> None:
        """Give a snapshot of the data directory to the other processes.

        Raises Unavailable (the shared store is out of reach).
        """
        if self._shared is not None and not self._shared.has(Kind.SNAPSHOT, digest):
            self._shared.put(Kind.SNAPSHOT, digest, self._path(digest).read_bytes())

    def path(self, digest: str) -> Path:
        """The file of a snapshot, which is there if the data directory or the shared store has the snapshot.

        Content that is not of the digest is not fetched.

        Raises Unavailable (the shared store is out of reach).
        """
        path = self._path(digest)
        if path.exists() or self._shared is None:
            return path
        content = self._shared.get(Kind.SNAPSHOT, digest)
        if content is not None and hashlib.sha256(content).hexdigest() == digest:
            temporary = path.with_suffix(".fetched")
            temporary.write_bytes(content)
            temporary.replace(path)
        return path

    def _path(self, digest: str) -> Path:
        return self.folder / f"{digest}.parquet"
