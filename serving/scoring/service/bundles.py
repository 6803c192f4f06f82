"""Bundles on disk and in memory: written whole, tried in a child process before use, and swapped in one step."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from models import bundle as bundles
from models.bundle import Bundle
from models.errors import BundleRefused
from training.bundle_folder import ABOUT, read_bundle_folder, write_bundle_folder

_CANARY_SECONDS: Final = 60


def try_in_child(folder: Path, digest: str, *, within_seconds: float = _CANARY_SECONDS) -> None:
    """Load and score in a child process, because LightGBM ends the whole process on a damaged forest.

    Raises
    ------
    BundleRefused
        The child process refused the bundle, crashed or timed out.
    """
    command = [sys.executable, "-P", "-m", "serving.canary", str(folder), digest]
    try:
        done = subprocess.run(command, capture_output=True, timeout=within_seconds, check=False)
    except subprocess.TimeoutExpired:
        raise BundleRefused("The bundle did not load within {seconds:g} seconds.", seconds=within_seconds) from None
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
        """The folder of a bundle."""
        return self._root / digest

    def admit(self, source: Path) -> str:
        """Copy a bundle into the store after checking and trying it; returns its digest.

        Raises
        ------
        BundleRefused
            The bundle is damaged, made for other features, or does not load.
        """
        files = read_bundle_folder(source)
        digest = bundles.verify(files)
        if not self.folder(digest).is_dir():
            try_in_child(source, digest)
            about = source / ABOUT
            write_bundle_folder(self.folder(digest), files, json.loads(about.read_bytes()) if about.is_file() else {})
        return digest

    def load(self, digest: str) -> Bundle:
        """The bundle of a digest, verified against the digest."""
        return bundles.from_files(read_bundle_folder(self.folder(digest)), expected=digest)


class LiveModels:
    """The champion of each marketplace in memory. A request keeps one bundle throughout, so a swap loses no request."""

    def __init__(self, store: BundleStore) -> None:
        self._store = store
        self._live: dict[str, Bundle] = {}
        self._lock = threading.Lock()

    def of(self, marketplace_id: str) -> Bundle | None:
        """The champion; None where the starter scorecard still scores."""
        return self._live.get(marketplace_id)

    def follow(self, champions: Mapping[str, str]) -> list[str]:
        """Load the champions that are not yet in force; a new bundle is complete before it replaces the old one.

        Returns the marketplaces whose champion could not be loaded; they keep the current one.
        """
        refused: list[str] = []
        with self._lock:
            for marketplace_id, digest in champions.items():
                kept = self._live.get(marketplace_id)
                if kept is not None and kept.digest == digest:
                    continue
                try:
                    self._live[marketplace_id] = self._store.load(digest)
                except BundleRefused:
                    refused.append(marketplace_id)
        return refused
