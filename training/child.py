"""The common frame of our child processes: arguments in, JSON lines on standard output, ended when standard input
closes.

Only the service's worker and the command line start them. They alone import `training.registry`, and they never touch
the database.
"""

import argparse
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any, Final, NoReturn

REFUSED: Final = 3
_PARENT_GONE: Final = 4


def add_registry_options(parser: argparse.ArgumentParser) -> None:
    """Where MLflow is and under which name the model is registered."""
    parser.add_argument("--model-name", required=True)
    parser.add_argument("--tracking-uri", required=True)
    parser.add_argument("--artifacts", type=Path)


def say(line: dict[str, Any]) -> None:
    """Tell the parent one thing."""
    print(json.dumps(line, separators=(",", ":"), allow_nan=False), flush=True)  # noqa: T201  # the parent reads it


def end_with_parent() -> None:
    """A child whose parent is gone has nobody to report to."""

    def watch() -> None:
        # Not sys.stdin: a thread that waits in its buffer while the interpreter ends would abort the process.
        while os.read(0, 4096):
            continue
        os._exit(_PARENT_GONE)

    threading.Thread(target=watch, daemon=True).start()


def end(code: int) -> NoReturn:
    """End at once. Threads of libraries that are still about when the interpreter is torn down can abort the process,
    and a training that is done would be said to have failed."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
