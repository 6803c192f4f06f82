"""The process of an encoder: `python -m training.fit.encoding_child PACKAGE THREADS`.

Titles come as a JSON list on standard input; their numbers leave as 16-bit integers, in thousandths.
"""

import hashlib
import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training.fit.encoders import ENCODERS, REFUSED, STEPS, Encoder


def main(arguments: Sequence[str]) -> int:
    """Encode the titles; returns 0 when done, 3 when the files of the package are not the pinned ones."""
    package, threads = arguments
    os.environ["OMP_NUM_THREADS"] = threads
    encoder = ENCODERS[package]
    wrong = wrong_files(encoder)
    if wrong:
        print(f"The encoder {package} is not version {encoder.version}: {', '.join(wrong)} differ.")  # noqa: T201
        return REFUSED
    # Without what C reads as the end of a title, and with a mark in place of what UTF-8 cannot hold.
    titles = [title.replace("\0", " ").encode("utf-8", "replace").decode() for title in json.load(sys.stdin)]
    encodings = importlib.import_module(package).passage(titles)
    sys.stdout.buffer.write(np.rint(np.asarray(encodings) * STEPS).astype("<i2").tobytes())
    return 0


def wrong_files(encoder: Encoder) -> list[str]:
    """The files of the installed package that are missing or are not the pinned ones, without importing it."""
    spec = importlib.util.find_spec(encoder.package)
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    return [name for name, digest in encoder.files.items() if _file_digest(folder / name) != digest]


def _file_digest(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
