"""A bundle as a folder: reads are limited in size, and writes are atomic."""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from models.bundle import MANIFEST
from models.errors import BundleRefused

ABOUT: Final = "about.json"
_LARGEST_FILE: Final = 200_000_000


def read_bundle_folder(folder: Path) -> dict[str, bytes]:
    """The files of a bundle's folder by name, without other files in the folder.

    Raises BundleRefused (the folder is not a bundle, or a file is too large. The message appears on pages, so it names
    the file within the bundle and not the path of the folder).
    """
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise BundleRefused("The bundle holds no {name}.", name=MANIFEST)
    files = {MANIFEST: _read_file(manifest)}
    try:
        paths = [folder / Path(name).name for name in json.loads(files[MANIFEST])["files"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BundleRefused("The manifest is damaged.") from None
    for path in paths:
        if path.is_file():
            files[path.name] = _read_file(path)
    return files


def _read_file(path: Path) -> bytes:
    if path.stat().st_size > _LARGEST_FILE:
        raise BundleRefused(
            "{name} has {n:,} bytes, more than a bundle's file can have.", name=path.name, n=path.stat().st_size
        )
    return path.read_bytes()


def write_bundle_folder(folder: Path, files: Mapping[str, bytes], about: Mapping[str, Any]) -> None:
    """Write a bundle atomically, with `about` in a file of its own that is not part of the digest."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".writing-") as temporary:
        new_folder = Path(temporary) / "bundle"
        new_folder.mkdir(mode=0o700)
        for name, content in {**files, ABOUT: json.dumps(about, indent=2, default=str).encode()}.items():
            with (new_folder / name).open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        if folder.exists():
            shutil.rmtree(folder)
        new_folder.rename(folder)
