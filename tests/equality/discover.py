"""The packages and modules of this tree, found by its files, so that moved modules are found as well."""

import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Final

ROOT: Final = Path(__file__).parents[2]
# Not shipped; migrations, which run on import; and compiled files.
_LEFT_OUT: Final = frozenset({"tests", "notebooks", "migrations", "__pycache__"})


@cache
def packages() -> tuple[str, ...]:
    """The names of the shipped top-level packages."""
    package_names = (path.parent.name for path in ROOT.glob("*/__init__.py"))
    return tuple(sorted(name for name in package_names if name not in _LEFT_OUT))


def files(pattern: str) -> Iterator[Path]:
    """Files of the shipped packages, in a stable order."""
    for package in packages():
        for path in sorted((ROOT / package).rglob(pattern)):
            if _LEFT_OUT.isdisjoint(path.relative_to(ROOT).parts):
                yield path


def modules_that_say(pattern: str) -> Iterator[ModuleType]:
    """The imported modules whose source matches a pattern."""
    text = re.compile(pattern, re.MULTILINE)
    for path in files("*.py"):
        if text.search(path.read_text(encoding="utf-8")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
