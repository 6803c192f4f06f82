"""The packages and modules of this tree, found by its files: what has moved is found where it lies now."""

import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Final

ROOT: Final = Path(__file__).parents[2]
# Not shipped; a migration runs when it is imported; what was compiled is the machine's.
_LEFT_OUT: Final = frozenset({"tests", "notebooks", "migrations", "__pycache__"})


@cache
def packages() -> tuple[str, ...]:
    """Names of the shipped packages at the top of the tree."""
    found = (path.parent.name for path in ROOT.glob("*/__init__.py"))
    return tuple(sorted(name for name in found if name not in _LEFT_OUT))


def files(pattern: str) -> Iterator[Path]:
    """Files of the shipped packages, in a stable order."""
    for package in packages():
        for path in sorted((ROOT / package).rglob(pattern)):
            if _LEFT_OUT.isdisjoint(path.relative_to(ROOT).parts):
                yield path


def modules_that_say(pattern: str) -> Iterator[ModuleType]:
    """The modules whose source holds a pattern, imported."""
    text = re.compile(pattern, re.MULTILINE)
    for path in files("*.py"):
        if text.search(path.read_text(encoding="utf-8")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
