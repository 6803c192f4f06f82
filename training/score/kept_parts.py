"""The finished parts of a file that is being scored, kept on disk so that a run that was cut off can be resumed."""

import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import pyarrow as pa

from training.bundle_folder import write_bundle_folder

_PLAN: Final = "plan.json"
_BEGUN: Final = "begun_at"


class KeptParts(AbstractContextManager["KeptParts"]):
    """The folder of the parts of one plan. Parts of another plan are deleted.

    `begun_at` is the time of the run that began, and `rows` the number of rows that it finished. A run that fails
    before its first part leaves no folder.

    Raises ValueError (another process has the folder).
    """

    def __init__(self, folder: Path, plan: Mapping[str, Any], now: datetime) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, exist_ok=True)
        self._lock = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise ValueError(f"{folder.name}: another process is writing these scores.") from None
        begun = self._begun()
        if begun.pop(_BEGUN, None) is not None and begun == dict(plan):
            self.begun_at = datetime.fromisoformat(self._begun()[_BEGUN])
        else:
            self._empty()
            self.begun_at = now
            (folder / _PLAN).write_text(json.dumps({**plan, _BEGUN: now.isoformat()}), encoding="utf-8")
        self.rows = sum(self.read(int(file.stem)).num_rows for file in folder.glob("*.arrow"))

    def bundle(self, files: Mapping[str, bytes]) -> Path:
        """A folder with the bundle, from which each process reads it."""
        folder = self._folder / "bundle"
        if not folder.exists():
            write_bundle_folder(folder, files, {})
        return folder

    def file(self, number: int) -> Path:
        return self._folder / f"{number:08}.arrow"

    def has(self, number: int) -> bool:
        return self.file(number).exists()

    def read(self, number: int) -> pa.Table:
        """The rows of a finished part, which stay on disk."""
        return pa.ipc.open_file(pa.memory_map(str(self.file(number)))).read_all()

    def remove(self) -> None:
        shutil.rmtree(self._folder)

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._folder.exists() and not any(self._folder.glob("*.arrow")):
            self.remove()
        os.close(self._lock)

    def _begun(self) -> dict[str, Any]:
        try:
            plan = json.loads((self._folder / _PLAN).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return plan if isinstance(plan, dict) else {}

    def _empty(self) -> None:
        for path in self._folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
