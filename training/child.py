"""Functions for child processes, which print JSON lines to standard output and end when standard input closes.

Only the service's worker and the command line start them. They alone import `training.registry`, and they do not use
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
    parser.add_argument("--model-name", required=True)
    parser.add_argument("--tracking-uri", required=True)
    parser.add_argument("--artifacts", type=Path)


def send_message(line: dict[str, Any]) -> None:
    """Write one message to the parent process."""
    print(json.dumps(line, separators=(",", ":"), allow_nan=False), flush=True)  # noqa: T201  # the parent reads it


def end_with_parent() -> None:
    """End this process as soon as its standard input closes, which means that the parent has ended."""

    def watch() -> None:
        # Not sys.stdin: a thread blocked in its buffer aborts the process when the interpreter ends.
        while os.read(0, 4096):
            continue
        os._exit(_PARENT_GONE)

    threading.Thread(target=watch, daemon=True).start()


def exit_now(code: int) -> NoReturn:
    """End the process at once. Library threads that still run at interpreter shutdown can abort the process, and a
    finished training would be reported as failed."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
