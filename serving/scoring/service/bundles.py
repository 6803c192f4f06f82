"""Bundles on disk, in the shared store and in memory: written whole, tried in a child process before use, and swapped
in one step."""

import io
import json
import subprocess
import tempfile
import threading
import time
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from models import bundle as bundles
from models.bundle import Bundle
from models.errors import BundleRefused, BundleTooSlow, Unavailable
from models.forest import Forest
from serving.platform import children
from serving.platform.artifacts.rules import Kind
from serving.platform.artifacts.service import SharedFiles
from training.bundle_folder import ABOUT, read_bundle_folder, write_bundle_folder

_CANARY_SECONDS: Final = 60
_REFUSED_AGAIN_SECONDS: Final = 30.0  # A trial takes seconds, and every sweep asks for a champion that is missing.


def try_in_child(folder: Path, digest: str, *, within_seconds: float = _CANARY_SECONDS) -> None:
    """Load and score in a child process, because LightGBM ends the whole process on a damaged forest.

    Raises BundleRefused (the child process refused the bundle or crashed) or BundleTooSlow (it timed out).
    """
    command = [*children.interpreter_command(), "-m", "serving.canary", str(folder), digest]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=within_seconds, check=False, env=children.minimal_environment()
        )
    except subprocess.TimeoutExpired:
        raise BundleTooSlow("The bundle did not load within {seconds:g} seconds.", seconds=within_seconds) from None
    if done.returncode == 0:
        return
    lines = done.stdout.decode(errors="replace").strip().splitlines()
    if done.returncode < 0 or not lines:
        raise BundleRefused("The bundle crashed the process that tried it.")
    raise BundleRefused(lines[-1][:500])


class BundleStore:
    """The bundles of an installation: a folder per digest in the data directory, and the store that processes share.

    `shared` is None where one process owns all there is. A bundle that the data directory lacks, or has in a damaged
    form, is fetched from the shared store once, verified and tried.
    """

    def __init__(self, root: Path, shared: SharedFiles | None = None) -> None:
        self._root, self._shared = root, shared
        self._fetching = threading.Lock()
        self._refused: dict[str, tuple[float, BundleRefused]] = {}
        self._is_shared: set[str] = set()

    def folder(self, digest: str) -> Path:
        return self._root / digest

    def fetched(self, digest: str) -> Path:
        """The folder of a bundle, which is there if the data directory or the shared store has the bundle."""
        if not self.folder(digest).is_dir():
            self._fetch(digest)
        return self.folder(digest)

    def admit(self, source: Path, *, attempts: int = 1) -> str:
        """Copy a bundle into both stores after checking and trying it; returns its digest.

        Each of the `attempts` at loading it has twice the time of the one before.

        Raises BundleRefused (the bundle is damaged, made for other features, or does not load) or BundleTooSlow (it was
        not loaded in time).

        A shared store that is out of reach gets the bundle later (`share`): a training of an hour is not lost.
        """
        files = read_bundle_folder(source)
        digest = bundles.verify(files)
        if not self.folder(digest).is_dir():
            for attempt in range(attempts - 1):
                with suppress(BundleTooSlow):
                    try_in_child(source, digest, within_seconds=_CANARY_SECONDS * 2**attempt)
                    break
            else:
                try_in_child(source, digest, within_seconds=_CANARY_SECONDS * 2 ** (attempts - 1))
            about = source / ABOUT
            write_bundle_folder(self.folder(digest), files, json.loads(about.read_bytes()) if about.is_file() else {})
        with suppress(Unavailable):
            self.share(digest)
        return digest

    def load(self, digest: str) -> Bundle:
        """The bundle of a digest, verified against the digest. The shared store has it from then on.

        Raises BundleRefused (neither store has such a bundle, or it is damaged) or Unavailable (the data directory has
        no such bundle, and the shared store is out of reach).
        """
        try:
            bundle = self._read(digest)
        except BundleRefused:
            if not self._fetch(digest):
                raise
            return self._read(digest)
        with suppress(Unavailable):
            self.share(digest)
        return bundle

    def _read(self, digest: str) -> Bundle:
        if not self.folder(digest).is_dir():
            raise BundleRefused("The data directory of this process has no bundle {digest}.", digest=digest[:12])
        try:
            files = read_bundle_folder(self.folder(digest))
        except OSError as error:
            why = str(error.strerror)
            raise BundleRefused("The bundle {digest} cannot be read: {why}.", digest=digest[:12], why=why) from None
        return bundles.from_files(files, expected=digest)

    def share(self, digest: str) -> None:
        """Put a bundle of the data directory into the shared store, if the store lacks it.

        Raises BundleRefused (the data directory has no such bundle) or Unavailable (the shared store is out of reach).
        """
        if self._shared is None or digest in self._is_shared:
            return
        if not self._shared.has(Kind.BUNDLE, digest):
            self._shared.save(Kind.BUNDLE, digest, pack_folder(self.folder(digest)))
        self._is_shared.add(digest)

    def _fetch(self, digest: str) -> bool:
        """Copy a bundle from the shared store into the data directory; returns whether the store has it.

        Raises BundleRefused (the stored bundle is damaged, or does not load).
        """
        if self._shared is None:
            return False
        with self._fetching:
            at, refused = self._refused.get(digest, (0.0, None))
            if refused is not None and time.monotonic() - at < _REFUSED_AGAIN_SECONDS:
                raise refused
            content = self._shared.get(Kind.BUNDLE, digest)
            if content is None:
                return False
            try:
                self._unpack(digest, content)
            except BundleRefused as refusal:
                self._refused[digest] = time.monotonic(), refusal
                raise
        return True

    def _unpack(self, digest: str, content: bytes) -> None:
        files, about = unpack_archive(content)
        bundles.verify(files, expected=digest)
        with tempfile.TemporaryDirectory(dir=self._root, prefix=".fetching-") as temporary:
            bundle_folder = Path(temporary) / digest
            write_bundle_folder(bundle_folder, files, about)
            try_in_child(bundle_folder, digest)
            write_bundle_folder(self.folder(digest), files, about)


@dataclass(frozen=True, slots=True)
class MissingChampion:
    """A champion that the database names and that this process could not load; `why` is a sentence."""

    digest: str
    why: str


class ChampionMissing(Unavailable):
    """The champion that the database names is not loaded, so this process neither scores nor trains."""

    code = "champion_missing"

    def __init__(self, champion: MissingChampion) -> None:
        super().__init__(
            "The champion {digest} is not loaded, so this process takes no listings. {why} Copy the folder "
            "bundles/{whole} from the process that trained it or from a backup, or roll back to an earlier champion.",
            digest=champion.digest[:12],
            why=champion.why,
            whole=champion.digest,
        )


class LiveModels:
    """The champion of each marketplace in memory. A request keeps one bundle throughout, so a swap loses no request.

    A champion that cannot be loaded has no substitute: neither the champion before it nor the starter scorecard.
    """

    def __init__(self, store: BundleStore) -> None:
        self._store = store
        self._live: dict[str, Bundle] = {}
        self._missing: dict[str, MissingChampion] = {}
        self._lock = threading.Lock()
        self._past: Bundle | None = None

    def of(self, marketplace_id: str) -> Bundle | None:
        """The champion; None where none was ever promoted, so that the starter scorecard scores.

        Raises ChampionMissing (the database names a champion that is not loaded).
        """
        missing = self._missing.get(marketplace_id)
        if missing is not None:
            raise ChampionMissing(missing)
        return self._live.get(marketplace_id)

    def loaded(self, marketplace_id: str) -> Bundle | None:
        """The champion, for work that can wait for it; None where none was promoted or it is missing."""
        return None if marketplace_id in self._missing else self._live.get(marketplace_id)

    def with_digest(self, digest: str) -> Bundle:
        """A bundle that is or was in force; the last one that is not stays loaded. Raises as `BundleStore.load`."""
        for bundle in (*self._live.copy().values(), self._past):
            if bundle is not None and bundle.digest == digest:
                return bundle
        self._past = bundle = self._store.load(digest)
        return bundle

    def missing(self) -> Mapping[str, MissingChampion]:
        """The champions that are not loaded, by marketplace."""
        return dict(self._missing)

    def by_lightgbm(self) -> frozenset[str]:
        """The marketplaces whose champion LightGBM computes, because the flat trees gave another value."""
        learners = {marketplace_id: bundle.classifier.learner for marketplace_id, bundle in self._live.items()}
        return frozenset(
            marketplace_id
            for marketplace_id, learner in learners.items()
            if isinstance(learner, Forest) and not learner.flattened
        )

    def follow(self, champions: Mapping[str, str]) -> None:
        """Load the champions that are not yet in force; a new bundle is complete before it replaces the old one.

        A loaded champion was verified, so later damage to its files does not matter to this process.
        """
        with self._lock:
            for marketplace_id, digest in champions.items():
                bundle = self._live.get(marketplace_id)
                if bundle is not None and bundle.digest == digest:
                    self._missing.pop(marketplace_id, None)
                    continue
                try:
                    self._live[marketplace_id] = self._store.load(digest)
                except (BundleRefused, Unavailable) as refused:
                    self._missing[marketplace_id] = MissingChampion(digest, refused.sentence)
                else:
                    self._missing.pop(marketplace_id, None)


_LARGEST: Final = 1_000_000_000


def pack_folder(folder: Path) -> bytes:
    """The files of a bundle's folder and its description, compressed.

    Raises BundleRefused (the folder is not a bundle).
    """
    files = read_bundle_folder(folder)
    about = folder / ABOUT
    if about.is_file():
        files[ABOUT] = about.read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def unpack_archive(content: bytes) -> tuple[dict[str, bytes], Mapping[str, Any]]:
    """The files of an archived bundle by name, not yet verified, and its description.

    Raises BundleRefused (the archive is damaged, or too large when unpacked).
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > _LARGEST:
                raise BundleRefused("The stored bundle is too large.")
            files = {Path(name).name: archive.read(name) for name in archive.namelist()}
        about = json.loads(files.pop(ABOUT, b"{}"))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise BundleRefused("The stored bundle is damaged: {kind}.", kind=type(error).__name__) from None
    return files, about if isinstance(about, dict) else {}
