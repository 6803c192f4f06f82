"""Runs mutants: a process that has the libraries in memory and forks one child for each.

Importing them takes longer than most of our tests. No module of the project is imported before the fork, so that in
a child the tests and all that they import get the broken module, and only it. Kernels that numba keeps on disk by
their file's date cannot be broken this way.

Started as `python -m tests.sabotage.nursery`: a list of requests as JSON comes in on stdin, a line of JSON goes out
for each as it ends.
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
    # Looking for plugins among all that is installed would take longer than the tests.
    *("--disable-plugin-autoload", "-p", "pytest_timeout", "-p", "_hypothesis_pytestplugin"),
    *("-x", "-q", "-p", "no:cacheprovider", "--timeout", "0", "-m", "not soak"),
    "--hypothesis-profile=ci",  # The same examples each time, and none kept.
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # Plugins that are in memory before pytest begins.
    *("-k", "not postgresql"),  # One database will do: the rules know neither.
)


@dataclass(frozen=True, slots=True)
class Request:
    """A module's path with its broken text, and the tests to run in it."""

    module: str
    text: str
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request: pytest's exit code or one of those above, and the last that was said."""

    request: int
    code: int
    text: str


class _Broken(importlib.machinery.SourceFileLoader):
    """Serves another text in place of the file's own."""

    def __init__(self, name: str, request: Request) -> None:
        super().__init__(name, str(Path(request.module).resolve()))
        self._text = request.text

    def get_code(self, _fullname: str) -> CodeType:
        code: CodeType = compile(self._text, self.path, "exec", dont_inherit=True)
        return code


class _Finder:
    """Finds the broken module before anybody finds the whole one."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.name = request.module.removesuffix(".py").replace("/", ".")

    def find_spec(self, fullname: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.name:
            return None
        loader = _Broken(fullname, self._request)
        return importlib.util.spec_from_file_location(fullname, loader.path, loader=loader)


class _InFront:
    """Puts the finder before pytest's own, which reads whatever is named like a test, as `test_buy.py` is."""

    def __init__(self, finder: _Finder) -> None:
        self._finder = finder

    @pytest.hookimpl(tryfirst=True)
    def pytest_load_initial_conftests(self) -> None:
        sys.meta_path.remove(self._finder)
        sys.meta_path.insert(0, self._finder)


@dataclass(frozen=True, slots=True)
class _Child:
    """One that runs: its process, the request that it is for, the file of what it says, and until when it may run."""

    pid: int
    request: int
    text: Path
    deadline: float

    @classmethod
    def born(cls, number: int, request: Request, sentence: Path) -> "_Child":
        with sentence.open("wb") as output:
            pid = os.fork()
            if not pid:
                _live(request, output.fileno())
        return cls(pid, number, sentence, time.monotonic() + SECONDS)

    def outcome(self) -> Outcome | None:
        """What became of it; None while it runs."""
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
    """The whole life of a child."""
    code = FELL_OVER
    try:
        os.dup2(output, 1)
        os.dup2(output, 2)
        finder = _Finder(request)
        sys.meta_path.insert(0, finder)
        # Only what touches the service needs the fixtures of conftest.py, and with them the whole of it.
        bare = () if any(test.startswith("tests/serving") for test in request.tests) else ("--noconftest",)
        code = int(pytest.main([*ARGUMENTS, *bare, *request.tests], plugins=[_InFront(finder)]))
        if finder.name not in sys.modules:
            code = NEVER_IMPORTED
    finally:
        os._exit(code)


def run(requests: Sequence[Request]) -> Iterator[Outcome]:
    """How each request ended, in the order of their ends; at most two children run at a time."""
    for library in LIBRARIES:
        importlib.import_module(library)
    early = [name for name in sys.modules if name.split(".")[0] in OURS]
    if early:
        raise RuntimeError(f"imported before the fork, so that no child would see it broken: {early}")
    gc.freeze()  # Or each child would look through all the libraries for garbage, and copy them by that.
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
        print(json.dumps(asdict(one)), flush=True)  # noqa: T201  # The answer.
