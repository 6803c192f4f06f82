"""Where compiled kernels are kept, and what keeps other people's code from being taken for one."""

import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from serving.platform.home import SECRET_BYTES, Home

LOCATOR: Final = "NUMBA_CACHE_LOCATOR_CLASSES"
KEY_FILE: Final = "NUMBA_CACHE_KEY_FILE"  # Ours; numba does not read it.
KEY: Final = "kernels.key"
_WITH_KERNELS: Final = ("features", "models")
_CODE: Final = Path(__file__).parents[3]


def private_secret(path: Path) -> bytes | None:
    """The secret in a file; None unless it is whole, this user's own, and closed to everybody else."""
    try:
        with path.open("rb") as stream:
            status, content = os.fstat(stream.fileno()), stream.read()
    except OSError:
        return None
    is_private = status.st_uid == os.geteuid() and not status.st_mode & 0o077
    return content if is_private and len(content) == SECRET_BYTES else None


def environment_of(home: Path) -> dict[str, str]:
    """What a process sets before it imports numba, unless it is set: compiled kernels are kept, and signed."""
    return {
        "NUMBA_CACHE_DIR": str(kernel_folder(home / "cache")),
        LOCATOR: "serving.platform.kernels.signed_files.SignedLocator",
        KEY_FILE: str(home / KEY),
    }


def make_key(home: Home) -> None:
    """Make the key of compiled kernels, and another where it is not private: kernels under that one are not read."""
    with suppress(OSError):  # In a data directory that is full or can only be read no kernel is kept.
        if private_secret(home.root / KEY) is None:
            home.replace_secret(KEY, secrets.token_bytes(SECRET_BYTES))


def kernel_folder(cache: Path, root: Path = _CODE) -> Path:
    """The folder of compiled kernels for the code below `root`: one of its own for each version.

    numba notices a change of the file that has a kernel, but not of a function or a type in another file. It would run
    a kernel of before an upgrade, or fail to read it.
    """
    digest = hashlib.sha256()
    for package in _WITH_KERNELS:
        for file in sorted((root / package).glob("*.py")):
            source = file.read_bytes()
            digest.update(f"{file.name} {len(source)} ".encode() + source)
    return cache / "numba" / digest.hexdigest()[:16]
