"""The data directory, which holds everything of one installation; one process owns it at a time."""

import fcntl
import json
import os
import secrets
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from models.errors import DomainError

DEFAULT_PORT: Final = 8321  # Where a service listens by default.
_LONGEST_SOCKET_PATH: Final = 100  # The kernel allows 107 bytes (unix(7)); a few are left for a temporary suffix.

SECRET_BYTES: Final = 32
_ID_BYTES: Final = 4  # A few directories share a database.
_ID: Final = "folder.id"
_LOCK_BYTES: Final = 500


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
    def mails(self) -> Path:
        """Mails that no server sends, one file each."""
        return self.root / "mail"

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
        """Refuse a data directory whose content was replaced in part. Raises HomeUnfinished (a restore was cut off)."""
        if self.unfinished_restore.exists():
            raise HomeUnfinished(
                "A restore of {folder} was cut off, and its content is incomplete. Run the restore again, with "
                "--replace.",
                folder=str(self.root),
            )

    def read_service(self) -> dict[str, Any]:
        """The last service's record of itself; empty if there was none."""
        try:
            record = json.loads(self.service_file.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return record if isinstance(record, dict) else {}

    @property
    def moved(self) -> bool:
        """Whether the last service's record of itself came here with a copy or a move of another directory."""
        return Path(self.read_service().get("home", "/")).resolve() != self.root.resolve()

    def write_service(self, **record: object) -> None:
        """Write the service's record of itself, with the directory that it serves."""
        self.write_private(self.service_file.name, {"home": str(self.root), **record})

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
        return _create_once(self.root / name, lambda: secrets.token_bytes(SECRET_BYTES))

    def directory_id(self) -> str:
        """The id of this data directory, made at first use."""
        return _create_once(self.root / _ID, _new_id).decode("ascii").strip()

    def replace_secret(self, name: str, content: bytes) -> None:
        """Overwrite a secret, in one step, in a file that only the owner may read."""
        _write_new_file(self.root, content).replace(self.root / name)

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Own the data directory while the block runs; the kernel releases it however the process ends.

        Raises HomeInUse (another process owns it).
        """
        descriptor = os.open(self.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = _parse_owner(os.pread(descriptor, _LOCK_BYTES, 0))
            os.close(descriptor)
            raise HomeInUse(
                "The data directory {folder} is in use by process {pid} on {host} since {since}. One process at a time "
                "owns a data directory. Stop that process, or set TOUCHSTONE_HOME to another directory and "
                "TOUCHSTONE_DATABASE_URL to a PostgreSQL database that both use.",
                folder=str(self.root),
                pid=owner.get("pid", "unknown"),
                host=owner.get("host", "this machine"),
                since=owner.get("since", "an unknown time"),
            ) from None
        try:
            mine = {
                "pid": os.getpid(),
                "host": socket.gethostname(),
                "since": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
            }
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(mine).encode()[:_LOCK_BYTES], 0)
            yield
        finally:
            os.close(descriptor)


def _parse_owner(content: bytes) -> dict[str, str]:
    """The owner in a lock file; empty where it has not written itself yet."""
    try:
        owner = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return {name: str(field_value) for name, field_value in owner.items()} if isinstance(owner, dict) else {}


def _new_id() -> bytes:
    return secrets.token_hex(_ID_BYTES).encode()


def _create_once(path: Path, content: Callable[[], bytes]) -> bytes:
    """The content of a file that the first process to ask for it makes, whole and private."""
    if not path.exists():
        new_file = _write_new_file(path.parent, content())
        with suppress(FileExistsError):  # Another process was first; its file stays.
            os.link(new_file, path)
        new_file.unlink()
    return path.read_bytes()


def _write_new_file(folder: Path, content: bytes) -> Path:
    """A new file of mode 600, safely on the disk."""
    descriptor, file_name = tempfile.mkstemp(dir=folder)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    return Path(file_name)


def _default_root() -> Path:
    if Path("pyproject.toml").is_file() and Path("serving").is_dir():
        return Path("var")
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "touchstone"
