"""Runs `python -m training.job` and reads its lines; MLflow is in the child's process and in no other."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from models.errors import DomainError

Line = dict[str, Any]


class TrainingFailed(DomainError):
    """The training child refused or failed; the sentence is its own."""

    code = "training_failed"


def run_child(
    arguments: Sequence[str], *, cache: Path, timeout_seconds: float, progress: Callable[[Line], None]
) -> Line:
    """Run the child to its end and return its last line. Each line of progress is passed on.

    Its standard input stays open while we live, so that it ends when we do.

    Raises
    ------
    TrainingFailed
        It refused, crashed, or took longer than the timeout.
    """
    command = [sys.executable, "-P", "-m", "training.job", *arguments]
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=child_environment(cache)
        ) as child,
    ):
        stopper = threading.Timer(timeout_seconds, child.kill)
        stopper.start()
        try:
            last = _read(child, progress)
            code = child.wait()
        finally:
            stopper.cancel()
            child.kill()
        if code == 0 and last.get("event") == "done":
            return last
        if last.get("event") == "refused":
            raise TrainingFailed(str(last["sentence"]))
        raise TrainingFailed(f"The training ended with {code}: {_tail(errors)}")


def child_environment(cache: Path) -> dict[str, str]:
    """The environment of a child that computes: threads that sleep while they wait, kernels compiled once."""
    return {"NUMBA_CACHE_DIR": str(cache / "numba"), **os.environ, "OMP_WAIT_POLICY": "passive"}


def _read(child: subprocess.Popen[bytes], progress: Callable[[Line], None]) -> Line:
    last: Line = {}
    if child.stdout is None:
        return last
    for text in child.stdout:
        try:
            last = json.loads(text)
        except ValueError:
            continue  # A library's own line.
        if last.get("event") == "progress":
            progress({"stage": last["stage"], "share": last["share"]})
    return last


def _tail(errors: Any) -> str:
    errors.seek(0)
    lines = errors.read().decode(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing"
