"""The data directory, which holds everything of one installation; one process owns it at a time."""

import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from models.errors import DomainError

DEFAULT_PORT: Final = 8321  # Where a service listens by default.
_LONGEST_SOCKET_PATH: Final = 100  # The kernel allows 107 bytes (unix(7)); a few are left for a temporary suffix.

_SECRET_BYTES: Final = 32


class HomeInUse(DomainError):
    """Another process owns the data directory."""

    code = "home_in_use"


class HomeUnfinished(DomainError):
    """A restore of the data directory was cut off."""

    code = "home_unfinished"


@dataclass(frozen=True, slots=True)
class Home:
    """Paths inside the data directory; it has mode 700, because its content is confidential."""

    root: Path

    @classmethod
    def at(cls, root: Path | None) -> "Home":
        """The data directory at `root`, created if missing; by default ./var in a checkout, else the XDG folder."""
        home = cls((root or _default_root()).expanduser().absolute())
        home.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (home.bundles, home.snapshots, home.mlflow, home.cache):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return home

    @property
    def database(self) -> Path:
        """The SQLite file of the embedded default."""
        return self.root / "touchstone.sqlite"

    @property
    def bundles(self) -> Path:
        """Approved and candidate bundles, one folder per digest."""
        return self.root / "bundles"

    @property
    def snapshots(self) -> Path:
        """Exported training data, one Parquet file per digest."""
        return self.root / "snapshots"

    @property
    def mlflow(self) -> Path:
        """MLflow's database and artifacts."""
        return self.root / "mlflow"

    @property
    def cache(self) -> Path:
        """Compiled kernels; may be deleted."""
        return self.root / "cache"

    @property
    def audit_heads(self) -> Path:
        """Signed heads of the audit log, one a line, append-only."""
        return self.root / "audit-heads.ndjson"

    @property
    def lock_file(self) -> Path:
        """The lock file of the process that owns the data directory."""
        return self.root / "lock"

    @property
    def service_file(self) -> Path:
        """The file with the address of the running service."""
        return self.root / "service.json"

    def socket_path(self) -> Path:
        """The Unix socket for local commands; in the temporary folder where this path is too long for a socket."""
        path = self.root / "service.sock"
        if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
            return path
        return Path(tempfile.mkdtemp(prefix="touchstone-")) / "service.sock"

    @property
    def unfinished_restore(self) -> Path:
        """Exists while a restore replaces the content; a restore that was cut off leaves it."""
        return self.root / "restore-unfinished"

    def refuse_unfinished(self) -> None:
        """Refuse a data directory whose content was replaced in part.

        Raises
        ------
        HomeUnfinished
            A restore was cut off.
        """
        if self.unfinished_restore.exists():
            raise HomeUnfinished(
                "A restore of {folder} was cut off, and its content is incomplete. Run the restore again, with "
                "--replace.",
                folder=str(self.root),
            )

    def read_service(self) -> dict[str, Any]:
        """The last service's record of itself; empty if there was none."""
        try:
            found = json.loads(self.service_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def write_private(self, name: str, content: object) -> Path:
        """Write JSON atomically to a file that only the owner may read."""
        path = self.root / name
        temporary = path.with_suffix(".tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(content, stream, indent=2)
            stream.write("\n")
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        return path

    def secret(self, name: str) -> bytes:
        """32 random bytes of this data directory, made at first use; the database does not contain them."""
        path = self.root / name
        if not path.exists():
            descriptor, made = tempfile.mkstemp(dir=self.root)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(secrets.token_bytes(_SECRET_BYTES))
                stream.flush()
                os.fsync(stream.fileno())
            with suppress(FileExistsError):  # Another process was first; its secret stays.
                os.link(made, path)
            Path(made).unlink()
        return path.read_bytes()

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Own the data directory while the block runs; the kernel releases it however the process ends.

        Raises
        ------
        HomeInUse
            Another process owns it.
        """
        descriptor = os.open(self.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise HomeInUse(
                "{folder} is in use by process {owner}. SQLite serves one process; for several, set "
                "TOUCHSTONE_DATABASE_URL to PostgreSQL.",
                folder=str(self.root),
                owner=owner,
            ) from None
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            yield
        finally:
            os.close(descriptor)


def _default_root() -> Path:
    if Path("pyproject.toml").is_file() and Path("serving").is_dir():
        return Path("var")
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "touchstone"
