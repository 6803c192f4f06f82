"""A tree's texts on disk: the digests in `OUT.json`, the texts in the folder `OUT.d`."""

import difflib
import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Final

Digests = dict[str, dict[str, str]]

_SHOWN_TEXTS, _SHOWN_LINES, _SHOWN_NAMES = 3, 40, 10
_DIGEST: Final = re.compile(r"(?<![0-9a-z])[0-9a-f]{12,64}(?![0-9a-z])")


def folder_of(out: Path) -> Path:
    """The folder of the texts."""
    return out.with_suffix(".d")


def write_part(out: Path, part: str, texts: Mapping[str, str]) -> str:
    """Write a part, replacing an earlier part of its name. Returns the digest of all its texts."""
    folder = folder_of(out) / part
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in texts.items():
        path = _path(out, part, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    parts = _read(out) if out.exists() else {}
    parts[part] = {name: _digest(text) for name, text in sorted(texts.items())}
    payload = {name: {"digest": _overall_digest(of), "texts": of} for name, of in sorted(parts.items())}
    out.write_text(json.dumps({"parts": payload}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return _overall_digest(parts[part])


def compare(before: Path, after: Path, *, without_digests: bool = False) -> Iterator[str]:
    """The differences, line by line; empty if all is equal.

    `without_digests` ignores hexadecimal digests, which depend on ids, to show only other differences.
    """
    parts_before, parts_after = _read(before), _read(after)
    for part in sorted(parts_before.keys() | parts_after.keys()):
        if part not in parts_before or part not in parts_after:
            yield f"{part}: only in {before if part in parts_before else after}"
            continue
        mine, other = parts_before[part], parts_after[part]
        differing = [name for name in mine if name in other and mine[name] != other[name]]
        if without_digests:
            differing = [key for key in differing if _lines(before, part, key, True) != _lines(after, part, key, True)]
        gone, added = sorted(mine.keys() - other.keys()), sorted(other.keys() - mine.keys())
        if not differing and not gone and not added:
            continue
        yield f"{part}: {len(differing)} of {len(mine)} texts differ, {len(gone)} are gone, {len(added)} are new"
        yield from _name_lines("gone", gone)
        yield from _name_lines("new", added)
        yield from _name_lines("differs", differing)
        for name in differing[:_SHOWN_TEXTS]:
            yield from _difference(before, after, part, name, without_digests)


def _name_lines(what: str, names: list[str]) -> Iterator[str]:
    yield from (f"  {what}: {name}" for name in names[:_SHOWN_NAMES])
    if len(names) > _SHOWN_NAMES:
        yield f"  {what}: {len(names) - _SHOWN_NAMES} more"


def _difference(before: Path, after: Path, part: str, name: str, without_digests: bool) -> Iterator[str]:
    lines = difflib.unified_diff(
        _lines(before, part, name, without_digests),
        _lines(after, part, name, without_digests),
        str(_path(before, part, name)),
        str(_path(after, part, name)),
        n=1,
        lineterm="",
    )
    yield from islice(lines, _SHOWN_LINES)


def _lines(out: Path, part: str, name: str, without_digests: bool) -> list[str]:
    """A text in readable lines, with one markup element each."""
    with _path(out, part, name).open(encoding="utf-8", newline="") as file:
        text = file.read().replace("><", ">\n<")
    return (_DIGEST.sub("<digest>", text) if without_digests else text).split("\n")


def _read(out: Path) -> Digests:
    parts = json.loads(out.read_text(encoding="utf-8"))["parts"]
    return {name: dict(part["texts"]) for name, part in parts.items()}


def _path(out: Path, part: str, name: str) -> Path:
    return folder_of(out) / part / f"{name}.txt"


def _overall_digest(texts: Mapping[str, str]) -> str:
    return _digest("\n".join(f"{name} {digest}" for name, digest in sorted(texts.items())))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
