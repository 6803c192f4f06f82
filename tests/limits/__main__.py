"""`python -m tests.limits` runs what measures each figure of `limits.toml`, and fails on the first above its limit.

`python -m tests.limits sizes` compares the sizes of source and tests alone.
"""

import json
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.limits.sizes import sizes

FILE: Final = Path(__file__).with_name("limits.toml")
_SIZES: Final = "python -m tests.limits.sizes"


@dataclass(frozen=True, slots=True)
class Limit:
    """A figure, the most that it may be, the command that measures it, and the issue that set it."""

    name: str
    most: float
    command: str
    issue: str


def limits(text: str) -> list[Limit]:
    """The limits of a file, in its order."""
    return [Limit(**row) for row in tomllib.loads(text)["limit"]]


def row_of(limit: Limit, figure: float) -> str:
    """The row of a limit in the printed table."""
    verdict = "worse" if figure > limit.most else "kept"
    return f"{limit.name:<40} {figure:>12,.1f} {limit.most:>12,.1f}  {verdict}  {limit.issue}"


def measured_figures(command: str) -> Mapping[str, float]:
    """The figures on the last line of a command's output, which is shown while it runs."""
    words = [sys.executable if word == "python" else word for word in shlex.split(command)]
    last = ""
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            last = line
            print(f"  {line}", end="", flush=True)  # noqa: T201  # progress
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}.")
    figures: dict[str, float] = json.loads(last)
    return figures


def main(only: str | None) -> int:
    """Print limit and figure of each row; 1 at the first that is worse."""
    figures = dict[str, float]()
    if only == "sizes":
        figures |= sizes()
    for limit in limits(FILE.read_text(encoding="utf-8")):
        if only == "sizes" and limit.command != _SIZES:
            continue
        if limit.name not in figures:
            figures |= measured_figures(limit.command)
        print(row_of(limit, figures[limit.name]), flush=True)  # noqa: T201  # the output
        if figures[limit.name] > limit.most:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(next(iter(sys.argv[1:]), None)))
