"""Where compiled kernels are kept between starts: in a folder of their own for each version of the code.

numba notices a change of the file that has a kernel, but not of a function or a type in another file, and would run a
kernel of before an upgrade, or fail to read it.
"""

import hashlib
from pathlib import Path
from typing import Final

_PACKAGES: Final = ("features", "models")
_ROOT: Final = Path(__file__).parent.parent.parent


def kernel_folder(cache: Path, root: Path = _ROOT) -> Path:
    """The folder for the kernels of the packages below `root`, which all their files decide."""
    digest = hashlib.sha256()
    for package in _PACKAGES:
        for file in sorted((root / package).glob("*.py")):
            source = file.read_bytes()
            digest.update(f"{file.name} {len(source)} ".encode() + source)
    return cache / "numba" / digest.hexdigest()[:16]
