"""The guards of `serving/`, and a plugin of pytest that records in which tests each one fires.

`python -m pytest -p tests.sabotage.firing` loads each module that has guards with a call around their conditions. The
file that `TOUCHSTONE_FIRING` names gets a line "guard, tab, test" for each pair. Child processes record nothing.
"""

import ast
import builtins
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType

import pytest

_ROLES = {"rules", "service"}


@dataclass(frozen=True, slots=True)
class Guard:
    """The guard `number` of a module: its line, its function, and its condition with the offsets in bytes."""

    module: str
    number: int
    line: int
    function: str
    condition: str
    start: int
    end: int

    @property
    def key(self) -> str:
        """The module and the number."""
        return f"{self.module}:{self.number}"


@cache
def modules() -> Sequence[str]:
    """The modules of rules and services."""
    paths = sorted(Path("serving").glob("*/**/*.py"))
    return [str(path) for path in paths if _ROLES & {*path.parts, path.stem}]


def guards_of(module: str) -> list[Guard]:
    """The guards of a module, in order."""
    source = Path(module).read_bytes()
    lines = source.splitlines(keepends=True)
    places = [0]
    for line in lines:
        places.append(places[-1] + len(line))
    guards = []
    for function, node in _ifs(ast.parse(source), ""):
        test = node.test
        start, end = places[test.lineno - 1] + test.col_offset, places[(test.end_lineno or 0) - 1]
        end += test.end_col_offset or 0
        condition = " ".join(source[start:end].decode().split())
        guards.append(Guard(module, len(guards), test.lineno, function, condition, start, end))
    return guards


def _ifs(tree: ast.AST, function: str) -> Iterator[tuple[str, ast.If]]:
    for node in ast.iter_child_nodes(tree):
        name = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else function
        if isinstance(node, ast.If) and _refuses(node.body[-1]):
            yield name, node
        yield from _ifs(node, name)


def _refuses(last: ast.stmt) -> bool:
    """Whether a body that ends so leaves without a result: it raises, continues, or returns nothing or a constant."""
    if not isinstance(last, ast.Return):
        return isinstance(last, ast.Raise | ast.Continue)
    value = last.value
    if isinstance(value, ast.List | ast.Tuple | ast.Set):
        return not value.elts
    return value is None or isinstance(value, ast.Constant) or (isinstance(value, ast.Dict) and not value.keys)


def with_calls(module: str, around: dict[int, tuple[str, str]]) -> str:
    """The module's text with another text before and after the conditions of guards, by their numbers."""
    source = Path(module).read_bytes()
    for guard in reversed(guards_of(module)):
        if guard.number in around:
            before, after = around[guard.number]
            condition = before.encode() + source[guard.start : guard.end] + after.encode()
            source = source[: guard.start] + condition + source[guard.end :]
    return source.decode()


class _Recording(importlib.machinery.SourceFileLoader):
    """Loads a module whose guards are recorded."""

    def get_code(self, _fullname: str) -> CodeType:
        module = str(Path(self.path).relative_to(Path.cwd()))
        around = {guard.number: (f"guard_fires({guard.key!r}, (", "))") for guard in guards_of(module)}
        code: CodeType = compile(with_calls(module, around), self.path, "exec", dont_inherit=True)
        return code


class _Finder:
    """Finds the modules with guards before other finders do."""

    def find_spec(self, fullname: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        path = f"{fullname.replace('.', '/')}.py"
        if path not in modules():
            return None
        loader = _Recording(fullname, str(Path(path).resolve()))
        return importlib.util.spec_from_file_location(fullname, loader.path, loader=loader)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Put the finder before pytest's own."""
    pairs = set[tuple[str, str]]()
    output = os.open(os.environ["TOUCHSTONE_FIRING"], os.O_WRONLY | os.O_APPEND)

    def guard_fires(key: str, condition: object) -> bool:
        if not condition:
            return False
        test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]
        if test and (key, test) not in pairs:
            pairs.add((key, test))
            os.write(output, f"{key}\t{test}\n".encode())
        return True

    builtins.guard_fires = guard_fires  # type: ignore[attr-defined]
    sys.meta_path.insert(0, _Finder())  # type: ignore[arg-type]
