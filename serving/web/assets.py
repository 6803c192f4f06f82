"""Static files under addresses that contain a digest, so that browsers may cache them for a year."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "static"
PREFIX: Final = "/static/"
VERSION: Final = "v"


@cache
def address(name: str) -> str:
    """The address of a static file, with the first 16 digits of its SHA-256."""
    digest = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:16]
    return f"{PREFIX}{name}?{VERSION}={digest}"
