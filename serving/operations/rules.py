"""What a backup states of itself, and what must be true of its files."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from models.errors import DomainError

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
# Beside these, all of a data directory is kept: what another version adds is not forgotten.
_LEFT_OUT: Final = {"kernels.key"} | frozenset(
    {"cache", "lock", "service.json", "service.sock", "serve.log", "set-up-link.json", "restore-unfinished"}
)
_BESIDE_DATABASES: Final = ("-wal", "-shm", "-journal")


class BackupUnusable(DomainError):
    """The folder is no complete, unaltered backup."""

    code = "backup_unusable"


@dataclass(frozen=True, slots=True)
class File:
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: written last, so that a backup that was cut off has none.

    `log` is the number and the hash of the last entry of the audit log; `counts` are rows by table; `files` are by
    their path in the data directory. `engine` is sqlite or postgresql, whose database is not among the files.
    `contact_key` and `audit_key` identify the keys without telling them.
    """

    format: int
    taken_at: str
    home: str
    engine: str
    revision: str
    log: tuple[int, str]
    counts: Mapping[str, int]
    contact_key: str
    contact_key_is_setting: bool
    audit_key: str
    files: Mapping[str, File]

    def as_json(self) -> bytes:
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode() + b"\n"


def read_manifest(body: bytes) -> Manifest:
    """The manifest of these bytes. Raises BackupUnusable (they are none, or one of another format)."""
    try:
        manifest: dict[str, Any] = json.loads(body)
        if manifest["format"] != FORMAT:
            raise BackupUnusable(
                "The backup has format {found}, and this version reads format {own}. Restore it with the version that "
                "made it.",
                found=str(manifest["format"]),
                own=FORMAT,
            )
        files = {name: File(**fields) for name, fields in manifest.pop("files").items()}
        sequence, entry_hash = manifest.pop("log")
        return Manifest(**manifest, files=files, log=(sequence, entry_hash))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BackupUnusable("The manifest of the backup cannot be read.") from error


def belongs_to_backup(path: PurePosixPath) -> bool:
    """Whether a file of a data directory, by its path there, belongs to a backup.

    >>> [belongs_to_backup(PurePosixPath(path)) for path in ("mlflow/mlflow.db", "cache/numba/x", "kernels.key")]
    [True, False, False]
    """
    return path.parts[0] not in _LEFT_OUT and not path.name.endswith((".tmp", *_BESIDE_DATABASES))


def file_problems(stated: Mapping[str, File], files: Mapping[str, File]) -> list[str]:
    """What is wrong with the files of a backup, in sentences."""
    missing = [f"{name} is missing." for name in sorted(set(stated) - set(files))]
    extra = [f"{name} is no file of this backup." for name in sorted(set(files) - set(stated))]
    altered = [f"{name} was altered." for name in sorted(set(stated) & set(files)) if stated[name] != files[name]]
    return [*missing, *extra, *altered]
