"""The content of a data directory replaced by that of a backup, and the record of it in the audit log."""

import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, create_engine

from models.errors import Conflict
from serving.audit.rules.chain import GENESIS, MARK_DIGITS, RESTORE, RESTORED, SKIPPED_NUMBERS, Head
from serving.audit.service.signing import Heads, last_line, private_key, public_key, read_head, releasable_heads_file
from serving.audit.service.verification import verify
from serving.audit.store import audit, signers
from serving.audit.store.signers import Signer
from serving.learning.service.publish import relocate_registry
from serving.listings.store import listings
from serving.operations.rules import BackupUnusable, Manifest
from serving.operations.service.backup_checking import audit_log_problems, check_backup
from serving.operations.service.backup_files import copy_file, files_to_back_up, sync_folder
from serving.operations.service.backup_making import key_fingerprint
from serving.platform.database.engine import is_sqlite, sqlite_driver
from serving.platform.home import Home
from serving.platform.progress import Progress, Report, ignore_progress
from serving.platform.runtime import Runtime
from serving.platform.settings import Settings
from serving.webhooks.service import letters

_KEPT_IN_PLACE: Final = frozenset({"lock", "cache"})


@dataclass(frozen=True, slots=True)
class ReplacedContent:
    """What a data directory held before: its last signed head, and the end of its log where that can be read."""

    head: Head | None
    log: tuple[int, str] | None
    heads: bytes

    def as_json(self) -> dict[str, Any]:
        head = None if self.head is None else {"sequence": self.head.sequence, "entry_hash": self.head.entry_hash}
        log = None if self.log is None else {"sequence": self.log[0], "entry_hash": self.log[1]}
        return {"signed_head": head, "log": log}


def restore_backup(
    settings: Settings, home: Home, folder: Path, *, replace: bool, report: Report = ignore_progress
) -> ReplacedContent:
    """Replace the content of a data directory, which the caller owns, by that of a whole backup.

    What was there before is kept beside it in a folder of its own. A file says that the restore is unfinished until
    `record` has recorded it, and no service opens the directory before.

    Raises BackupUnusable (the backup is incomplete or altered, or of another kind of database) or Conflict (the
    directory has content and `replace` is False; the key of contacts in the settings is another).
    """
    if home.root in {folder, *folder.parents}:
        raise Conflict("{folder} is in the data directory. Move the backup out of it.", folder=str(folder))
    before = _replaced_content(home)
    if (files_to_back_up(home.root) or home.unfinished_restore.exists()) and not replace:
        raise Conflict(
            "{home} is not empty. Restore to another folder by TOUCHSTONE_HOME, or replace this one with --replace: "
            "its content is kept beside it.",
            home=str(home.root),
        )
    manifest, _ = check_backup(folder, report)
    _refuse_other_kind(settings, manifest)
    staged = Path(tempfile.mkdtemp(prefix=f"{home.root.name}.restoring-", dir=home.root.parent))
    try:
        _copy_files(folder, staged, manifest, report)
        _swap_content(home, staged)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    if Path(manifest.home) != home.root:
        relocate_registry(settings, home)
    return before


def record_restore(
    runtime: Runtime, manifest: Manifest, digest: str, before: ReplacedContent, *, reason: str, by: str
) -> dict[str, Any]:
    """Record the restore in the audit log, and bring what was signed and what was sent into line with the database.

    Messages to the marketplace that were sent after the backup are sent again under their own ids, by which a receiver
    knows them. New ones get numbers above all that a receiver may have seen.

    Raises BackupUnusable (the database is not the one of the backup: on PostgreSQL its own copy is restored first).
    """
    own, now = public_key(runtime.home), runtime.clock.now()
    with releasable_heads_file(runtime.home) as (stream, _), runtime.store.write() as connection:
        end = audit.lock(connection)
        heads = Heads(stream, runtime.home)
        if not _is_database_of_backup(connection, manifest, end, heads):
            raise BackupUnusable(
                "The database is not the one of this backup: its audit log has no entry {sequence} of that hash. "
                "Restore the database first, then this folder.",
                sequence=manifest.log[0],
            )
        last, size = None, 0
        for head in heads:
            if head.sequence > end[0]:
                break
            last, size = head, heads.read
        stream.truncate(size)
        if own in {signer.public_key for signer in signers.all_signers(connection)}:
            end_of = (last.sequence, last.entry_hash, last.signed_at) if last else (0, GENESIS, now)
            signers.record_head(connection, Signer(own, *end_of))
        payload = {
            "backup": digest,
            "taken_at": manifest.taken_at,
            "reason": reason,
            "from": {"sequence": end[0], "entry_hash": end[1]},
            "before": before.as_json(),
        }
        audit.record(connection, now, "", by, RESTORED, RESTORE, **payload)
        listings.raise_sequences(connection, SKIPPED_NUMBERS)
    _keep_heads(runtime.home, before, now)
    runtime.home.unfinished_restore.unlink(missing_ok=True)
    verified = verify(runtime)
    return {"entry": end[0] + 1, "problems": audit_log_problems(verified)}


def waiting_messages(runtime: Runtime) -> int:
    """How many messages to marketplaces leave once the service runs."""
    with runtime.store.read() as connection:
        return letters.moving_count(connection)


def _is_database_of_backup(connection: Connection, manifest: Manifest, end: tuple[int, str], heads: Heads) -> bool:
    """Whether the database, whose log ends there, is the one of the backup.

    A dump of PostgreSQL may be older than the folder: what was signed by the folder's time tells.
    """
    if end[0] >= manifest.log[0]:
        return audit.hash_of(connection, manifest.log[0]) == manifest.log[1]
    if manifest.engine == "sqlite" or end[0] == 0:
        return False
    start = 0
    for head in heads:
        if head.sequence >= end[0]:
            place = MARK_DIGITS * (end[0] - start - 1)
            return head.marks[place : place + MARK_DIGITS] == end[1][:MARK_DIGITS]
        start = head.sequence
    return heads.last is not None and audit.hash_of(connection, heads.last.sequence) == heads.last.entry_hash


def _replaced_content(home: Home) -> ReplacedContent:
    line, log = last_line(home.audit_heads), None
    head = None
    if line is not None and (home.root / "audit.key").exists():
        head = read_head(line, private_key(home).public_key())
    heads = home.audit_heads.read_bytes() if home.audit_heads.exists() else b""
    if home.database.exists():
        try:
            log = _log_end(home)
        except Exception:  # whatever is wrong with it: it is being replaced
            log = None
    return ReplacedContent(head, log, heads)


def _log_end(home: Home) -> tuple[int, str]:
    driver = sqlite_driver()
    engine = create_engine("sqlite://", module=driver, creator=lambda: driver.connect(str(home.database)))
    try:
        with engine.connect() as connection:
            return audit.head(connection)
    finally:
        engine.dispose()


def _refuse_other_kind(settings: Settings, manifest: Manifest) -> None:
    own = "sqlite" if settings.database_url is None or is_sqlite(settings.database_url) else "postgresql"
    if own != manifest.engine:
        raise BackupUnusable(
            "The backup is of a data directory on {theirs}, and the settings name {own}. Set TOUCHSTONE_DATABASE_URL "
            "as it was.",
            theirs=manifest.engine,
            own=own,
        )
    if manifest.contact_key_is_setting:
        key = settings.contact_key
        if key is None or key_fingerprint(key.get_secret_value().encode()) != manifest.contact_key:
            raise Conflict(
                "Set TOUCHSTONE_CONTACT_KEY to the key that the backup was made with: it is not in the backup."
            )


def _copy_files(folder: Path, staged: Path, manifest: Manifest, report: Report) -> None:
    total, done = sum(file.size for file in manifest.files.values()), 0
    for name, stated in manifest.files.items():
        if copy_file(folder / name, staged / name, lambda _bytes: None) != stated:
            raise BackupUnusable("{name} was altered while it was read.", name=name)
        done += stated.size
        report(Progress("Restore", done, total))


def _swap_content(home: Home, staged: Path) -> None:
    home.write_private(home.unfinished_restore.name, {"from": staged.name})
    old = [path for path in home.root.iterdir() if path.name not in {*_KEPT_IN_PLACE, home.unfinished_restore.name}]
    if old:
        aside = Path(tempfile.mkdtemp(prefix=f"{home.root.name}.replaced-", dir=home.root.parent))
        for path in old:
            path.rename(aside / path.name)
        if not files_to_back_up(aside):
            shutil.rmtree(aside)  # Empty folders of a new data directory.
    for path in staged.iterdir():
        path.rename(home.root / path.name)
    sync_folder(home.root)
    Home.at(home.root)


def _keep_heads(home: Home, before: ReplacedContent, now: datetime) -> None:
    """Keep the signed heads of what was replaced, which may prove what it held."""
    if before.heads:
        path = home.root / f"audit-heads-until-{now:%Y%m%dT%H%M%S}.ndjson"
        path.touch(0o600)
        path.write_bytes(before.heads)
