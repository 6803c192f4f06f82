"""The command `touchstone` as a person runs it, in this process: what it says, what it writes, how it ends."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path

import pytest
import typer

from serving.cli.main import main
from serving.composition import open_runtime
from serving.platform.runtime import Runtime
from serving.platform.settings import Settings

REFUSED = 2
# Made of all commands once in a process, as it is outside of tests: making it takes as long as a command does.
_command = cache(typer.main.get_command)


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Standard error without progress bars, frames and line breaks."""
        lines = [line for line in self.err.splitlines() if "%" not in line]
        return " ".join("".join(" " if c in "│╭╮╰╯─" else c for c in line).strip() for line in lines).strip()


def touchstone_in(home: Path, *arguments: str) -> Done:
    """Run one command on a home."""
    out, err = StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name, value in {
            "TOUCHSTONE_HOME": str(home),
            "COLUMNS": "200",
        }.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["touchstone", *arguments])
        patch.setattr(typer.main, "get_command", _command)
        with pytest.raises(SystemExit) as ended:
            main()
    code = ended.value.code
    return Done(code if isinstance(code, int) else 0, out.getvalue(), err.getvalue())


@contextmanager
def opened(home: Path) -> Iterator[Runtime]:
    """The home's runtime, to look at what a command left."""
    runtime = open_runtime(Settings(home=home), migrated=True)
    try:
        yield runtime
    finally:
        runtime.close()
