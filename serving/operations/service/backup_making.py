"""A backup of a data directory, made while the service runs."""

import hashlib
import json
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Final

from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, Connection, Engine, create_engine, func, inspect, make_url, select, table

from models.errors import Conflict
from serving.audit.rules.chain import GENESIS
from serving.audit.service.signing import public_key
from serving.audit.store import audit
from serving.operations.rules import FORMAT, MANIFEST, File, Manifest
from serving.operations.service.backup_files import (
    copy_database,
    copy_file,
    file_of,
    files_to_back_up,
    is_database,
    open_private_file,
    read_only_uri,
    sync_folder,
)
from serving.platform.database.engine import is_sqlite, sqlite_driver
from serving.platform.home import Home
from serving.platform.progress import Progress, Report, ignore_progress
from serving.platform.runtime import Runtime

_KEY_DOMAIN: Final = b"touchstone.backup.contact-key\0"


def back_up(runtime: Runtime, folder: Path, report: Report = ignore_progress) -> dict[str, Any]:
    """Back the data directory up into a new folder; returns what it holds, and what must be kept beside it.

    The database is copied as of one moment, while others write. The folder appears under its name only when everything
    in it is complete and durable.

    Raises Conflict (the folder exists and is not empty, or lies in the data directory).
    """
    home, url = runtime.home, runtime.store.url
    _refuse_folder(folder, home)
    audit_key = public_key(home)  # The key is made here if nothing was signed yet.
    with _unfinished_folder(folder) as new_folder:
        bar = _ProgressBar(report, home.root)
        files: dict[str, File] = {}
        names = files_to_back_up(home.root)
        if is_sqlite(url):
            database = PurePosixPath(home.database.name)
            files[str(database)] = copy_database(home.database, new_folder / database, bar.moved)
            names.remove(database)
            engine = reading_engine(new_folder / database)
            try:
                with engine.connect() as connection:
                    log, counts, revision = _database_state(connection)
            finally:
                engine.dispose()
        else:
            with runtime.store.read() as connection:
                log, counts, revision = _database_state(connection)
        for name in names:
            source, target = home.root / name, new_folder / name
            if not source.exists():
                continue  # Deleted meanwhile, for example an old bundle.
            if source == home.audit_heads:
                files[str(name)] = _copy_heads_upto(source, target, log[0])
            else:
                copied = copy_database if is_database(source) else copy_file
                files[str(name)] = copied(source, target, bar.moved)
        manifest = Manifest(
            FORMAT,
            runtime.wall.now().isoformat(),
            str(home.root),
            "sqlite" if is_sqlite(url) else "postgresql",
            revision,
            log,
            counts,
            key_fingerprint(runtime.contact_key),
            runtime.settings.contact_key is not None,
            audit_key,
            files,
        )
        with open_private_file(new_folder / MANIFEST) as stream:
            stream.write(manifest.as_json())
            stream.flush()
            os.fsync(stream.fileno())
    return {**backup_summary(manifest), "folder": str(folder), "beside": _stored_elsewhere(runtime, folder)}


def backup_summary(manifest: Manifest) -> dict[str, Any]:
    """What a backup holds, in figures; `digest` identifies it."""
    return {
        "digest": hashlib.sha256(manifest.as_json()).hexdigest(),
        "taken_at": manifest.taken_at,
        "engine": manifest.engine,
        "entries": manifest.log[0],
        "rows": sum(manifest.counts.values()),
        "files": len(manifest.files),
        "bytes": sum(file.size for file in manifest.files.values()),
    }


def key_fingerprint(contact_key: bytes) -> str:
    """Identifies the key of the hashes of contacts without telling it."""
    return hashlib.sha256(_KEY_DOMAIN + contact_key).hexdigest()[:16]


def reading_engine(path: Path) -> Engine:
    """An engine that reads a copied database and writes nothing beside it."""
    driver = sqlite_driver()
    return create_engine(
        "sqlite://",
        module=driver,
        creator=lambda: driver.connect(read_only_uri(path), uri=True, check_same_thread=False),
    )


def row_counts(connection: Connection) -> dict[str, int]:
    """The rows of each table of the database, those of the job queue included."""
    inspector = inspect(connection)
    schemas = [None, "dbos"] if connection.dialect.name == "postgresql" else [None]
    return {
        name: int(connection.execute(select(func.count()).select_from(table(name, schema=schema))).scalar_one())
        for schema in schemas
        for name in sorted(inspector.get_table_names(schema))
    }


def _database_state(connection: Connection) -> tuple[tuple[int, str], dict[str, int], str]:
    heads = MigrationContext.configure(connection).get_current_heads()
    return audit.head(connection) or (0, GENESIS), row_counts(connection), ", ".join(sorted(heads))


def _refuse_folder(folder: Path, home: Home) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict("{folder} exists already. Name a new folder for the backup.", folder=str(folder))
    if home.root in folder.parents or folder in {home.root, *home.root.parents}:
        raise Conflict("{folder} is part of the data directory. Name a folder outside of it.", folder=str(folder))
    if not folder.parent.is_dir():
        raise Conflict("{folder} does not exist. Make it first.", folder=str(folder.parent))


@contextmanager
def _unfinished_folder(folder: Path) -> Iterator[Path]:
    """A folder that gets its name when the block ends, and is removed when it fails."""
    path = Path(tempfile.mkdtemp(prefix=f"{folder.name}.unfinished-", dir=folder.parent))
    try:
        yield path
        for subfolder, _, _ in os.walk(path, topdown=False):
            sync_folder(Path(subfolder))
        path.rename(folder)
        sync_folder(folder.parent)
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise


def _copy_heads_upto(source: Path, target: Path, sequence: int) -> File:
    """Copy the signed heads that the copied log reaches; later ones would say that it was cut off."""
    with source.open("rb") as stream, open_private_file(target) as writing:
        for line in stream:
            if not line.endswith(b"\n") or json.loads(line)["sequence"] > sequence:
                break
            writing.write(line)
        writing.flush()
        os.fsync(writing.fileno())
    return file_of(target)


def _stored_elsewhere(runtime: Runtime, folder: Path) -> list[str]:
    """What a backup of the data directory does not hold, with the command that backs it up; no password is in it."""
    lines = []
    if not is_sqlite(runtime.store.url):
        place = without_password(runtime.store.url, "postgresql")
        lines.append(f"pg_dump --format=custom --file={shlex.quote(f'{folder}.dump')} {shlex.quote(place)}")
    if runtime.settings.contact_key is not None:
        lines.append("# TOUCHSTONE_CONTACT_KEY: the setting is not in the backup; keep it where you keep passwords")
    if (uri := runtime.settings.mlflow_tracking_uri) is not None:
        place = without_password(uri) if "://" in uri else uri
        lines.append(f"# MLflow at {place}: back up its database and its artifacts as its server's documentation says")
    return lines


def without_password(address: str, scheme: str | None = None) -> str:
    """An address without the password in it, with another scheme if one is given.

    >>> without_password("postgresql+psycopg://ops:hush@db:5432/touchstone", "postgresql")
    'postgresql://ops@db:5432/touchstone'
    """
    url = make_url(address)
    query = {name: parameter for name, parameter in url.query.items() if name != "password"}
    shown_url = URL.create(
        scheme or url.drivername, url.username, host=url.host, port=url.port, database=url.database, query=query
    )
    return shown_url.render_as_string(hide_password=False)


class _ProgressBar:
    """Bytes copied, of those that the data directory had at the beginning."""

    def __init__(self, report: Report, root: Path) -> None:
        self._report = report
        self._total = sum((root / name).stat().st_size for name in files_to_back_up(root))
        self._done = self._reported = 0

    def moved(self, number: int) -> None:
        self._done += number
        if self._done - self._reported >= self._total / 200 or self._done >= self._total:
            self._reported = self._done
            self._report(Progress("Copy", min(self._done, self._total), self._total))
