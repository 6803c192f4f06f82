"""Runs the command `touchstone` in this process and returns its output, its files and its exit code."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path

import pytest
import typer

from serving.commands.main import main
from serving.composition import open_runtime
from serving.platform.runtime import Runtime
from serving.platform.settings import Settings

REFUSED = 2
# Built once a process from all commands, as outside of tests: building it takes as long as a command.
_command = cache(typer.main.get_command)


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The result of a command."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Standard error without progress bars, frames and line breaks."""
        lines = [line for line in self.err.splitlines() if "%" not in line]
        return " ".join("".join(" " if c in "│╭╮╰╯─" else c for c in line).strip() for line in lines).strip()


def touchstone_in(home: Path, *arguments: str) -> CommandResult:
    """Run one command on a data directory."""
    out, err = StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name, setting in {"TOUCHSTONE_HOME": str(home), "COLUMNS": "200"}.items():
            patch.setenv(name, setting)
        patch.setattr(sys, "argv", ["touchstone", *arguments])
        patch.setattr(typer.main, "get_command", _command)
        with pytest.raises(SystemExit) as ended:
            main()
    code = ended.value.code
    return CommandResult(code if isinstance(code, int) else 0, out.getvalue(), err.getvalue())


@contextmanager
def runtime_of(home: Path) -> Iterator[Runtime]:
    """The data directory's runtime, to inspect the effects of a command."""
    runtime = open_runtime(Settings(home=home), migrated=True)
    try:
        yield runtime
    finally:
        runtime.close()
