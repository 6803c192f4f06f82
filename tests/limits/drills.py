"""The drills of a thief, in their full size: `python -m tests.limits.drills` counts those that give."""

import json
import re
import subprocess
import sys
from typing import Final

_DRILLS: Final = "tests/serving/attacks/test_removal_budgets.py"


def main() -> None:
    """Run them in two processes."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-m",
        "attack",
        "--numprocesses",
        "2",
        "--timeout",
        "1800",
        _DRILLS,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    last = done.stdout.strip().rpartition("\n")[2]
    print(last)  # noqa: T201  # the output, as below
    counted = sum(int(number) for number in re.findall(r"(\d+) (?:failed|error)", last))
    if done.returncode and not counted:
        raise SystemExit(done.stdout[-2_000:])
    print(json.dumps({"drills that give": counted}))  # noqa: T201


if __name__ == "__main__":
    main()
