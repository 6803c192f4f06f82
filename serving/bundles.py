"""Bundles on disk and in memory: written whole, tried in a child before they are trusted, swapped in one step."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from models import bundle as bundles
from models.bundle import Bundle
from models.errors import BundleRefused

ABOUT: Final = "about.json"
_LARGEST_FILE: Final = 200_000_000
_CANARY_SECONDS: Final = 60


def read_folder(folder: Path) -> dict[str, bytes]:
    """The files of a bundle's folder by name; what lies beside them is left out.

    Raises
    ------
    BundleRefused
        The folder is no bundle, or a file is too large to be one's.
    """
    manifest = folder / bundles.MANIFEST
    if not manifest.is_file():
        raise BundleRefused(f"{folder} holds no {bundles.MANIFEST}.")
    found = {bundles.MANIFEST: _read_file(manifest)}
    try:
        names = json.loads(found[bundles.MANIFEST])["files"]
    except (ValueError, KeyError, TypeError):
        raise BundleRefused("The manifest is damaged.") from None
    for name in names:
        path = folder / Path(name).name
        if path.is_file():
            found[path.name] = _read_file(path)
    return found


def _read_file(path: Path) -> bytes:
    if path.stat().st_size > _LARGEST_FILE:
        raise BundleRefused(f"{path.name} has {path.stat().st_size:,} bytes, more than a bundle's file can have.")
    return path.read_bytes()


def write_folder(folder: Path, files: Mapping[str, bytes], about: Mapping[str, Any]) -> None:
    """Write a bundle so that it is there whole or not at all; `about` lies beside it, outside the digest."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".writing-") as temporary:
        made = Path(temporary) / "bundle"
        made.mkdir(mode=0o700)
        for name, content in {**files, ABOUT: json.dumps(about, indent=2, default=str).encode()}.items():
            with (made / name).open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        if folder.exists():
            shutil.rmtree(folder)
        made.rename(folder)


def try_in_child(folder: Path, digest: str) -> None:
    """Load and score in a child process: LightGBM ends the process on a damaged forest, and only that one.

    Raises
    ------
    BundleRefused
        The child refused, crashed or took too long.
    """
    command = [sys.executable, "-P", "-m", "serving.canary", str(folder), digest]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_CANARY_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise BundleRefused(f"The bundle did not load within {_CANARY_SECONDS} seconds.") from None
    if done.returncode == 0:
        return
    lines = done.stdout.decode(errors="replace").strip().splitlines()
    if done.returncode < 0 or not lines:
        raise BundleRefused("The bundle crashed the process that tried it.")
    raise BundleRefused(lines[-1][:500])


class BundleStore:
    """The bundles of an installation, one folder per digest."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def folder(self, digest: str) -> Path:
        """Where a bundle lies."""
        return self._root / digest

    def admit(self, source: Path) -> str:
        """Copy a bundle in after checking and trying it; returns its digest.

        Raises
        ------
        BundleRefused
            It is damaged, made for other features, or does not load.
        """
        files = read_folder(source)
        digest = bundles.verify(files)
        if not self.folder(digest).is_dir():
            try_in_child(source, digest)
            about = source / ABOUT
            write_folder(self.folder(digest), files, json.loads(about.read_bytes()) if about.is_file() else {})
        return digest

    def load(self, digest: str) -> Bundle:
        """The bundle of a digest, checked against it."""
        return bundles.from_files(read_folder(self.folder(digest)), expected=digest)


class LiveModels:
    """The champion of each marketplace in memory. A request holds one for its whole length; a swap loses none."""

    def __init__(self, store: BundleStore) -> None:
        self._store = store
        self._live: dict[str, Bundle] = {}
        self._lock = threading.Lock()

    def of(self, marketplace_id: str) -> Bundle | None:
        """The champion, or None where the starter scorecard still scores."""
        return self._live.get(marketplace_id)

    def follow(self, champions: Mapping[str, str]) -> list[str]:
        """Load the champions that are not yet in force; the new one is whole before the old one is let go.

        Returns the marketplaces whose champion could not be loaded and which keep the one they have.
        """
        refused: list[str] = []
        with self._lock:
            for marketplace_id, digest in champions.items():
                held = self._live.get(marketplace_id)
                if held is not None and held.digest == digest:
                    continue
                try:
                    self._live[marketplace_id] = self._store.load(digest)
                except BundleRefused:
                    refused.append(marketplace_id)
        return refused
