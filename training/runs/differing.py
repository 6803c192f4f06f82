"""The first file in which two bundles differ, and by how much."""

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from models.bundle import MANIFEST

_LONGEST: Final = 60
_ABSENT: Final = "absent"


def first_difference(then: Mapping[str, bytes], now: Mapping[str, bytes]) -> str | None:
    """A sentence about the first file, by name, that differs; None where all are equal.

    The manifest comes last, because it names the digest of each other file.
    """
    names = sorted({*then, *now} - {MANIFEST})
    for name in (*names, MANIFEST):
        if name not in then or name not in now:
            return f"{name} is in one of the two bundles alone"
        if then[name] != now[name]:
            return f"{name} differs: {_difference_sentence(name, then[name], now[name])}"
    return None


def _difference_sentence(name: str, then: bytes, now: bytes) -> str:
    if name.endswith(".npy"):
        return _array_difference(then, now)
    kind, parts = ("values", _json_leaves) if name.endswith(".json") else ("lines", _numbered_lines)
    old, new = dict(parts(then)), dict(parts(now))
    places = [place for place in {**old, **new} if old.get(place, _ABSENT) != new.get(place, _ABSENT)]
    first = places[0]
    shown = f"{_shorten(old.get(first, _ABSENT))} then, {_shorten(new.get(first, _ABSENT))} now"
    return f"{len(places):,} of {len({**old, **new}):,} {kind}, the first at {first}: {shown}"


def _array_difference(then: bytes, now: bytes) -> str:
    old, new = (np.load(io.BytesIO(content), allow_pickle=False) for content in (then, now))
    if old.shape != new.shape:
        return f"{old.size:,} numbers then, {new.size:,} now"
    return f"{int((old != new).sum()):,} of {old.size:,} numbers, by at most {float(np.abs(old - new).max()):.3g}"


def _numbered_lines(content: bytes) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(content.decode(errors="replace").splitlines(), 1):
        yield f"line {number}", line


def _json_leaves(content: bytes) -> Iterator[tuple[str, str]]:
    yield from _leaves_within("", json.loads(content))


def _leaves_within(place: str, node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for name, child in node.items():
            yield from _leaves_within(f"{place}.{name}" if place else name, child)
    elif isinstance(node, list):
        for number, child in enumerate(node):
            yield from _leaves_within(f"{place}[{number}]", child)
    else:
        yield place, json.dumps(node)


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
