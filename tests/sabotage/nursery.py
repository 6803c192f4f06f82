"""Runs mutants: a process that imports the libraries and forks one child for each mutant.

Importing the libraries takes longer than most of our tests. No module of the project is imported before the fork, so
that the tests of a child import the broken module. This does not work for kernels that numba caches on disk by their
file's date.

`python -m tests.sabotage.nursery` reads a list of requests as JSON from stdin and prints a line of JSON for each
outcome.
"""

import gc
import importlib
import importlib.machinery
import importlib.util
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import CodeType
from typing import Final, NoReturn

import pytest

LIBRARIES: Final = (
    *("alembic.command", "dbos", "fastapi", "hypothesis", "joblib", "lightgbm", "pandas", "pyarrow.parquet"),
    *("pydantic_settings", "rapidfuzz", "rich.console", "scipy.stats", "sklearn.model_selection", "sqlalchemy"),
    *("sqlalchemy.dialects.postgresql", "sqlalchemy.dialects.sqlite", "starlette.testclient", "structlog"),
)
OURS: Final = ("features", "models", "training", "serving")
NEVER_IMPORTED: Final = 70
HUNG: Final = 71
FELL_OVER: Final = 72
AT_ONCE: Final = 2
SECONDS: Final = 300.0
ARGUMENTS: Final = (
    # A search for plugins among all installed packages takes longer than the tests.
    *("--disable-plugin-autoload", "-p", "pytest_timeout", "-p", "_hypothesis_pytestplugin"),
    *("-x", "-q", "-p", "no:cacheprovider", "--timeout", "0", "-m", "not soak"),
    "--hypothesis-profile=ci",  # The same examples each time, and no example database.
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # Plugins that are imported before pytest starts.
    *("-k", "not postgresql"),  # One database is enough, because the rules use none.
)


@dataclass(frozen=True, slots=True)
class Request:
    """A module's path with its broken text, and the tests to run in it."""

    module: str
    text: str
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a request: pytest's exit code or one of the codes above, and the end of the output."""

    request: int
    code: int
    text: str


class _Broken(importlib.machinery.SourceFileLoader):
    """Loads a module from another text than its file."""

    def __init__(self, name: str, request: Request) -> None:
        super().__init__(name, str(Path(request.module).resolve()))
        self._text = request.text

    def get_code(self, _fullname: str) -> CodeType:
        code: CodeType = compile(self._text, self.path, "exec", dont_inherit=True)
        return code


class _Finder:
    """Finds the broken module before other finders find the original."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.name = request.module.removesuffix(".py").replace("/", ".")

    def find_spec(self, fullname: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.name:
            return None
        loader = _Broken(fullname, self._request)
        return importlib.util.spec_from_file_location(fullname, loader.path, loader=loader)


class _InFront:
    """Puts the finder before pytest's own, which loads every file named like a test, such as `test_buy.py`."""

    def __init__(self, finder: _Finder) -> None:
        self._finder = finder

    @pytest.hookimpl(tryfirst=True)
    def pytest_load_initial_conftests(self) -> None:
        sys.meta_path.remove(self._finder)
        sys.meta_path.insert(0, self._finder)


@dataclass(frozen=True, slots=True)
class _Child:
    """A running child: its process, its request, the file of its output, and its deadline."""

    pid: int
    request: int
    text: Path
    deadline: float

    @classmethod
    def born(cls, number: int, request: Request, text: Path) -> "_Child":
        with text.open("wb") as output:
            pid = os.fork()
            if not pid:
                _live(request, output.fileno())
        return cls(pid, number, text, time.monotonic() + SECONDS)

    def outcome(self) -> Outcome | None:
        """The outcome; None while the child runs."""
        ended, status = os.waitpid(self.pid, os.WNOHANG)
        code = os.waitstatus_to_exitcode(status)
        if not ended:
            if time.monotonic() < self.deadline:
                return None
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            code = HUNG
        return Outcome(self.request, code, self.text.read_text(encoding="utf-8", errors="replace")[-3000:])


def _live(request: Request, output: int) -> NoReturn:
    """Run the tests of a request in the child, and end it."""
    code = FELL_OVER
    try:
        os.dup2(output, 1)
        os.dup2(output, 2)
        finder = _Finder(request)
        sys.meta_path.insert(0, finder)
        # Only tests of the service need the fixtures of conftest.py, which import all of it.
        bare = () if any(test.startswith("tests/serving") for test in request.tests) else ("--noconftest",)
        code = int(pytest.main([*ARGUMENTS, *bare, *request.tests], plugins=[_InFront(finder)]))
        if finder.name not in sys.modules:
            code = NEVER_IMPORTED
    finally:
        os._exit(code)


def run(requests: Sequence[Request]) -> Iterator[Outcome]:
    """The outcomes of the requests, in the order of completion; at most two children run at a time."""
    for library in LIBRARIES:
        importlib.import_module(library)
    early = [name for name in sys.modules if name.split(".")[0] in OURS]
    if early:
        raise RuntimeError(f"imported before the fork, so the mutants would have no effect: {early}")
    gc.freeze()  # Otherwise garbage collection in each child touches, and so copies, the memory of all libraries.
    waiting, running = list(enumerate(requests)), list[_Child]()
    with tempfile.TemporaryDirectory() as folder:
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                number, request = waiting.pop(0)
                running.append(_Child.born(number, request, Path(folder) / str(number)))
            time.sleep(0.01)
            for child in list(running):
                if (outcome := child.outcome()) is not None:
                    running.remove(child)
                    yield outcome


if __name__ == "__main__":
    for one in run([Request(one["module"], one["text"], tuple(one["tests"])) for one in json.load(sys.stdin)]):
        print(json.dumps(asdict(one)), flush=True)  # noqa: T201  # The outcome.
