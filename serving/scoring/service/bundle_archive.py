"""A bundle as one archive, for the store that processes share."""

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from models.errors import BundleRefused
from training.bundle_folder import ABOUT, read_bundle_folder

_LARGEST: Final = 1_000_000_000


def packed(folder: Path) -> bytes:
    """The files of a bundle's folder and its description, compressed.

    Raises BundleRefused (the folder is not a bundle).
    """
    files = read_bundle_folder(folder)
    about = folder / ABOUT
    if about.is_file():
        files[ABOUT] = about.read_bytes()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def unpacked(content: bytes) -> tuple[dict[str, bytes], Mapping[str, Any]]:
    """The files of an archived bundle by name, not yet verified, and its description.

    Raises BundleRefused (the archive is damaged, or too large when unpacked).
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(one.file_size for one in archive.infolist()) > _LARGEST:
                raise BundleRefused("The stored bundle is too large.")
            files = {Path(name).name: archive.read(name) for name in archive.namelist()}
        about = json.loads(files.pop(ABOUT, b"{}"))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise BundleRefused("The stored bundle is damaged: {kind}.", kind=type(error).__name__) from None
    return files, about if isinstance(about, dict) else {}
