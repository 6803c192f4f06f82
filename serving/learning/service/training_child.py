"""Runs a training child process and reads its lines; only that process uses MLflow."""

import json
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from models.errors import DomainError
from serving.platform import children
from serving.platform.kernels.folder import environment_of

Line = dict[str, Any]

JOB: Final = "training.runs.job"
PUBLICATION: Final = "training.runs.publication"
RELOCATION: Final = "training.registry.relocating"
REPRODUCTION: Final = "training.runs.reproduction"
TUNING: Final = "training.runs.tuning_job"


class TrainingFailed(DomainError):
    """The training child refused or failed, with the child's own sentence.

    `recorded` is whether the child gave the reason itself; it has then ended its run in MLflow too.
    """

    code = "training_failed"
    recorded: bool = False


def run_child(
    module: str,
    arguments: Sequence[str],
    *,
    cache: Path,
    timeout_seconds: float,
    progress: Callable[[Line], None],
    interruptible: bool = False,
) -> Line:
    """Run `python -m module` to its end and return its last line; `progress` receives each line of progress.

    Its standard input stays open while this process lives, so that the child ends with it. A training that has said
    what it trained has succeeded; a child that then fails or hangs was only not tracked (`not_tracked` says why).
    The first interrupt of an `interruptible` child ends its work early, and its last line is still read.

    Raises TrainingFailed (the child refused, crashed, or exceeded the timeout).
    """
    command = [*children.interpreter_command(), "-m", module, *arguments]
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=child_environment(cache)
        ) as child,
    ):
        stopper = threading.Timer(timeout_seconds, child.kill)
        stopper.start()
        try:
            try:
                last, trained = _read_lines(child, progress)
            except KeyboardInterrupt:
                if not interruptible:
                    raise
                child.send_signal(signal.SIGINT)
                last, trained = _read_lines(child, progress)
            code = child.wait()
        finally:
            stopper.cancel()
            child.kill()
        if code == 0 and last.get("event") == "done":
            return {**trained, **last}
        if trained:
            return {**trained, "not_tracked": f"The process ended with {code}: {_last_error_line(errors)}"}
        if last.get("event") == "refused":
            refused = TrainingFailed(str(last["sentence"]))
            refused.recorded = True
            raise refused
        raise TrainingFailed("The training ended with {code}: {why}", code=code, why=_last_error_line(errors))


def child_environment(cache: Path) -> dict[str, str]:
    """The child's environment: cached kernels, no threads that spin while they wait, no secret of ours."""
    defaults = {**environment_of(cache.parent), "OPENBLAS_NUM_THREADS": "1"}
    return {**defaults, **children.without_secrets(), "OMP_WAIT_POLICY": "passive"}


def _read_lines(child: subprocess.Popen[bytes], progress: Callable[[Line], None]) -> tuple[Line, Line]:
    """The last line, and the one about what was trained; empty where there was none."""
    last: Line = {}
    trained: Line = {}
    if child.stdout is None:
        return last, trained
    for text in child.stdout:
        try:
            last = json.loads(text)
        except (ValueError, RecursionError):
            continue  # A library's own line.
        if last.get("event") == "progress":
            progress({"stage": last["stage"], "share": last["share"]})
        elif last.get("event") == "trained":
            trained = last
    return last, trained


def _last_error_line(errors: Any) -> str:
    errors.seek(0)
    lines = errors.read().decode(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else "no output"
