"""One listing in process and over HTTP beside an earlier commit: a process for each, which take turns."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import numpy as np

_SIDE: Final = Path(__file__).with_name("one_side.py")
_HERE: Final = Path(__file__).parent.parent.parent
INTRODUCTION: Final = """\
One listing from row to score without reasons, 200 simulated ones in turn, in a process of each commit with a model of
its own; and a score by the service of each commit, by one connection and by sixteen. Microseconds of processor time,
medians over {rounds} rounds in turns; load {before:.1f} before and {after:.1f} after.

    git worktree add ../before {commit}
    make bench ARGS="commits --rounds {rounds} --parent ../before"

| what | commit | microseconds | its time over ours |
| --- | --- | ---: | ---: |
"""
_CONNECTIONS: Final = (1, 16)


def commit_of(checkout: Path) -> str:
    """The short name of a checkout's commit."""
    command = ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@contextmanager
def _side(checkout: Path) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, str(_SIDE)],
        env={**os.environ, "PYTHONPATH": str(checkout), "OMP_WAIT_POLICY": "passive"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _one_round(process: "subprocess.Popen[str]") -> float:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("again\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def section(rounds: int, parent: Path | None) -> str:
    """The part of the page.

    Raises
    ------
    ValueError
        There is no other checkout.
    """
    if parent is None:
        raise ValueError("`commits` needs --parent, the checkout of another commit")
    commit = commit_of(parent)
    from tests.benchmarks.scoring import over_http_beside  # noqa: PLC0415  # it imports this module

    before = os.getloadavg()[0]
    with ExitStack() as stack:
        checkouts = {"ours": _HERE, commit: parent.absolute()}
        sides = {name: stack.enter_context(_side(checkout)) for name, checkout in checkouts.items()}
        times_by_side: dict[str, list[float]] = {name: [] for name in sides}
        for number in range(rounds + 1):
            for name, process in sides.items():
                took = _one_round(process)
                if number:
                    times_by_side[name].append(took)
    results = {"in process": times_by_side}
    for connections in _CONNECTIONS:
        results[f"HTTP, {connections} at once"] = over_http_beside(rounds, checkouts, connections)
    introduction = INTRODUCTION.format(rounds=rounds, before=before, after=os.getloadavg()[0], commit=commit)
    lines = []
    for what, figures in results.items():
        medians = {name: float(np.median(took)) for name, took in figures.items()}
        lines += [
            f"| {what} | {name} | {median:.0f} | {median / medians['ours']:.2f}x |" for name, median in medians.items()
        ]
    return introduction + "\n".join(lines)
