"""numba's files of compiled kernels, signed: they are pickles, and reading a planted one would run its code.

numba imports this module by the name in `folder.environment_of`, which a process sets before it imports numba.
"""

import hmac
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numba.core.caching

from serving.platform.kernels.folder import KEY_FILE, private_secret

_MARK_BYTES: Final = 32
_caching: Any = numba.core.caching  # It has no types.


class SignedFiles(_caching.IndexDataCacheFile):  # type: ignore[misc]  # as above
    """The index and the kernels of one function; what this key did not sign for this place is as if it were not there.

    Without a key nothing is read and nothing written: kernels are then compiled in each process.
    """

    def _load_index(self) -> Mapping[Any, str]:
        content = _read_signed(Path(self._index_path))
        stamp, overloads = (None, {}) if content is None else pickle.loads(content)  # noqa: S301  # we signed it
        return overloads if stamp == self._source_stamp else {}

    def _save_index(self, overloads: Mapping[Any, str]) -> None:
        self._write(self._index_path, self._dump((self._source_stamp, overloads)))

    def _load_data(self, name: str) -> Any:
        content = _read_signed(Path(self._data_path(name)))
        if content is None:
            raise FileNotFoundError(name)  # numba compiles the kernel then, and saves it.
        return pickle.loads(content)  # noqa: S301  # we signed it

    def _save_data(self, name: str, content: Any) -> None:
        self._write(self._data_path(name), self._dump(content))

    def _write(self, path: str, content: bytes) -> None:
        mark = _file_signature(Path(path), content)
        if mark is not None:
            with self._open_for_write(path) as stream:
                stream.write(mark + content)


class SignedLocator(_caching.UserProvidedCacheLocator):  # type: ignore[misc]  # as above
    """The folder of NUMBA_CACHE_DIR, with signed files."""

    def __init__(self, function: Any, file: str) -> None:
        super().__init__(function, file)
        # numba asks a locator for the folder alone, and makes the files after that by this name.
        _caching.IndexDataCacheFile = SignedFiles


def _read_signed(path: Path) -> bytes | None:
    try:
        stored = path.read_bytes()
    except OSError:
        return None
    content = stored[_MARK_BYTES:]
    mark = _file_signature(path, content)
    return content if mark is not None and hmac.compare_digest(mark, stored[:_MARK_BYTES]) else None


def _file_signature(path: Path, content: bytes) -> bytes | None:
    """The signature of a file's content at its place, by this version of numba; None without a key."""
    key = private_secret(Path(os.environ.get(KEY_FILE, "")))
    place = f"touchstone kernel v1\n{numba.__version__}\n{path.absolute()}\n".encode()
    return None if key is None else hmac.digest(key, place + content, "sha256")
