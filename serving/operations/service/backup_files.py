"""Copies of files and of SQLite databases, readable by their owner alone."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import IO, Final
from urllib.parse import quote

from serving.operations.rules import File, belongs_to_backup
from serving.platform.database.engine import sqlite_driver

_CHUNK: Final = 1 << 20
_PAGES: Final = 1_000
_MAGIC: Final = b"SQLite format 3\0"
Moved = Callable[[int], object]


def files_to_back_up(root: Path) -> list[PurePosixPath]:
    """The files of a data directory that belong to a backup, by their path there; no link is followed."""
    files: list[PurePosixPath] = []
    for folder, _, names in os.walk(root):
        subfolder = Path(folder).relative_to(root)
        for name in names:
            path = PurePosixPath(subfolder / name)
            if belongs_to_backup(path) and (root / path).is_file() and not (root / path).is_symlink():
                files.append(path)
    return sorted(files)


def is_database(path: Path) -> bool:
    """Whether a file is a SQLite database, whose copy must be taken by SQLite."""
    with path.open("rb") as stream:
        return stream.read(len(_MAGIC)) == _MAGIC


def copy_file(source: Path, target: Path, moved: Moved) -> File:
    """Copy a file as it is at its opening, durably; returns its size and digest. `moved` hears the bytes of each part.

    A file that grows meanwhile, such as the signed heads, is copied up to where it ended.
    """
    digest, bytes_left = hashlib.sha256(), source.stat().st_size
    size = bytes_left
    with source.open("rb") as reading, open_private_file(target) as writing:
        while bytes_left and (part := reading.read(min(_CHUNK, bytes_left))):
            writing.write(part)
            digest.update(part)
            bytes_left -= len(part)
            moved(len(part))
        writing.flush()
        os.fsync(writing.fileno())
    return File(size - bytes_left, digest.hexdigest())


def open_private_file(path: Path) -> IO[bytes]:
    """A new file that only its owner reads, in folders that only their owner opens."""
    for folder in (*reversed(path.parent.parents), path.parent):
        folder.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(descriptor, "wb")


def copy_database(source: Path, target: Path, moved: Moved) -> File:
    """Copy a database in use, as of one moment, by SQLite's online backup; returns the size and digest of the copy.

    The open read keeps the copied moment while others write; without it each write would begin the copy again.
    """
    open_private_file(target).close()
    driver = sqlite_driver()
    with closing(driver.connect(_sqlite_uri(source, "mode=ro"), uri=True, isolation_level=None)) as reading:
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
        page = int(reading.execute("PRAGMA page_size").fetchone()[0])
        done = 0

        def progress(_status: int, remaining: int, total: int) -> None:
            nonlocal done
            now = (total - remaining) * page
            moved(now - done)
            done = now

        with closing(driver.connect(str(target), isolation_level=None)) as writing:
            reading.backup(writing, pages=_PAGES, progress=progress, sleep=0)
            # One file, without a log beside it; the service chooses its own way of writing again.
            writing.execute("PRAGMA journal_mode=DELETE").fetchone()
    with target.open("rb+") as stream:
        os.fsync(stream.fileno())
    return file_of(target)


def read_only_uri(path: Path) -> str:
    """The URI that reads a database without writing beside it; nothing else may write it meanwhile."""
    return _sqlite_uri(path, "mode=ro&immutable=1")


def _sqlite_uri(path: Path, how: str) -> str:
    return f"file:{quote(str(path))}?{how}"


def file_of(path: Path, moved: Moved = lambda _bytes: None) -> File:
    """The size and digest of a file."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        for part in _chunks(stream.read):
            digest.update(part)
            size += len(part)
            moved(len(part))
    return File(size, digest.hexdigest())


def _chunks(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while part := read(_CHUNK):
        yield part


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
