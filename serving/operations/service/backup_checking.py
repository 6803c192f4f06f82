"""Whether a backup is complete and unaltered: its files, its database, its log, its signed heads and its keys."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import Connection

from serving.audit.service.signing import Heads
from serving.audit.service.verification import examine, is_whole
from serving.audit.store import audit
from serving.operations.rules import MANIFEST, BackupUnusable, File, Manifest, file_problems, read_manifest
from serving.operations.service.backup_files import file_of
from serving.operations.service.backup_making import backup_summary, key_fingerprint, reading_engine, row_counts
from serving.platform.database import clocks
from serving.platform.home import Home
from serving.platform.progress import Progress, Report, ignore_progress

CONTACT_KEY = "contact.key"


def check_backup(folder: Path, report: Report = ignore_progress) -> tuple[Manifest, dict[str, Any]]:
    """The manifest of a backup that is whole, and what was verified.

    Raises BackupUnusable (it is incomplete or altered; the sentence says where. The log of a backup in which something
    was changed before the backup was made is refused too).
    """
    manifest = manifest_of(folder)
    problems = file_problems(manifest.files, dict(_actual_files(folder, manifest, report))) + _files_open_to_others(
        folder
    )
    if problems:
        raise _unusable_error(folder, problems)
    home = Home(folder)
    if not manifest.contact_key_is_setting and manifest.contact_key != key_fingerprint(_contact_key(home)):
        problems.append("The key of the hashes of contacts is not the one of the database.")
    verified: dict[str, Any] = {}
    if manifest.engine == "sqlite":
        with open_database(folder, manifest) as connection:
            problems += _database_problems(connection, manifest)
            verified = _verify_log(connection, folder, report)
            problems += audit_log_problems(verified)
    if problems:
        raise _unusable_error(folder, problems)
    return manifest, {**backup_summary(manifest), "log": verified}


def manifest_of(folder: Path) -> Manifest:
    """The manifest of a backup. Raises BackupUnusable (there is none, or it cannot be read)."""
    try:
        body = (folder / MANIFEST).read_bytes()
    except OSError:
        raise BackupUnusable(
            "{folder} is no complete backup: it has no {manifest}, which is written last.",
            folder=str(folder),
            manifest=MANIFEST,
        ) from None
    return read_manifest(body)


def audit_log_problems(verified: dict[str, Any]) -> list[str]:
    """What a verification of the audit log found, in sentences."""
    problems = []
    if (broken := verified["broken"]) is not None:
        problems.append(f"Entry {broken['sequence']} of the audit log: {broken['problem']}.")
    if verified["heads_problem"] is not None:
        problems.append(f"{verified['heads_problem']}.")
    if number := verified["differing_count"]:
        first = verified["differing"][0]
        problems.append(f"{number:,} rows are not what the log says, the first {first['id']}: {first['problem']}.")
    assert bool(problems) is not is_whole(verified)  # one sentence for each way to be broken
    return problems


@contextmanager
def open_database(folder: Path, manifest: Manifest) -> Iterator[Connection]:
    """The database of a backup on SQLite, read only."""
    (name,) = [file for file in manifest.files if file == Home(folder).database.name]
    engine = reading_engine(folder / name)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _actual_files(folder: Path, manifest: Manifest, report: Report) -> Iterator[tuple[str, File]]:
    total, done = sum(file.size for file in manifest.files.values()), 0
    for path in sorted(folder.rglob("*")):
        name = str(PurePosixPath(path.relative_to(folder)))
        if path.is_dir() or name == MANIFEST:
            continue
        file = file_of(path)
        done += file.size
        report(Progress("Files", min(done, total), total))
        yield name, file


def _files_open_to_others(folder: Path) -> list[str]:
    """Keys and personal data are in a backup: nobody but its owner may read it."""
    paths = [folder, *folder.rglob("*")]
    open_paths = [path for path in paths if stat.S_IMODE(path.stat().st_mode) & 0o077]
    return [f"Others can read {path}: give it mode {'700' if path.is_dir() else '600'}." for path in open_paths[:5]]


def _database_problems(connection: Connection, manifest: Manifest) -> list[str]:
    sound = connection.exec_driver_sql("PRAGMA quick_check").scalar_one()
    if sound != "ok":
        return [f"The database is damaged: {sound}."]
    counts = row_counts(connection)
    names = sorted({*counts, *manifest.counts})
    wrong = [name for name in names if counts.get(name) != manifest.counts.get(name)]
    problems = [f"{name} has {counts.get(name, 0):,} rows, not {manifest.counts.get(name, 0):,}." for name in wrong]
    if audit.head(connection) != manifest.log:
        problems.append("The audit log ends at another entry than the manifest says.")
    return problems


def _verify_log(connection: Connection, folder: Path, report: Report) -> dict[str, Any]:
    home, simulated = Home(folder), clocks.offset(connection) is not None
    if not home.audit_heads.exists():
        return examine(connection, audit.head(connection), Heads.none(home), report, simulated=simulated)
    with home.audit_heads.open("rb") as stream:
        return examine(connection, audit.head(connection), Heads(stream, home), report, simulated=simulated)


def _contact_key(home: Home) -> bytes:
    path = home.root / CONTACT_KEY
    return path.read_bytes() if path.exists() else b""


def _unusable_error(folder: Path, problems: list[str]) -> BackupUnusable:
    more = f" And {len(problems) - 5:,} more." if len(problems) > 5 else ""
    return BackupUnusable(
        "{folder} is not a whole backup. {problems}", folder=str(folder), problems=" ".join(problems[:5]) + more
    )
