"""The guards of `serving/`, and a plugin of pytest that records in which tests each one fires, and disables some.

`python -m pytest -p tests.sabotage.firing` loads each module that has guards with a call around their conditions. The
file that `TOUCHSTONE_FIRING` names gets a line "guard, tab, test" for each pair, and one without a guard for each test
that fails. A guard in `DISABLED` never fires. Other processes record and disable nothing.
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

DISABLED: set[str] = set()
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
    guards = list[Guard]()
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
    output = last.value
    if isinstance(output, ast.List | ast.Tuple | ast.Set):
        return not output.elts
    return output is None or isinstance(output, ast.Constant) or (isinstance(output, ast.Dict) and not output.keys)


def with_calls(module: str) -> str:
    """The module's text with a call of `guard_fires` around each condition."""
    source = Path(module).read_bytes()
    for guard in reversed(guards_of(module)):
        condition = f"guard_fires({guard.key!r}, (".encode() + source[guard.start : guard.end] + b"))"
        source = source[: guard.start] + condition + source[guard.end :]
    return source.decode()


class _Loader(importlib.machinery.SourceFileLoader):
    def get_code(self, _fullname: str) -> CodeType:
        text = with_calls(str(Path(self.path).relative_to(Path.cwd())))
        code: CodeType = compile(text, self.path, "exec", dont_inherit=True)
        return code


class _Finder:
    """Finds the modules with guards before other finders do."""

    def find_spec(self, fullname: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        path = f"{fullname.replace('.', '/')}.py"
        if path not in modules():
            return None
        loader = _Loader(fullname, str(Path(path).resolve()))
        return importlib.util.spec_from_file_location(fullname, loader.path, loader=loader)


_pairs = set[tuple[str, str]]()


def _guard_fires(key: str, condition: object) -> bool:
    if not condition or key in DISABLED:
        return False
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]
    if test and (key, test) not in _pairs:
        _pairs.add((key, test))
        _record(key, test)
    return True


def _record(key: str, test: str) -> None:
    if path := os.environ.get("TOUCHSTONE_FIRING"):
        with Path(path).open("a", encoding="utf-8") as stream:
            stream.write(f"{key}\t{test}\n")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Put the finder before pytest's own."""
    builtins.guard_fires = _guard_fires  # type: ignore[attr-defined]
    sys.meta_path.insert(0, _Finder())


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Record tests that fail, whatever fires in them."""
    if report.failed:
        _record("", report.nodeid)
