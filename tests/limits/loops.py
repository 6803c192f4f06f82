"""CPU of a command in reference loops: `python -m tests.limits.loops NAME COMMAND ...`; the last line is JSON.

Machines differ by more than two, and one machine by a third with its load, so the loop runs before and after.
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

LOOP: Final = "s = 0\nfor i in range(20_000_000): s += i * i % 7"
_TICKS: Final = os.sysconf("SC_CLK_TCK")


def cpu_seconds(command: list[str]) -> tuple[int, float]:
    """The exit code of a command, and the CPU seconds of its process and of those that it waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code = subprocess.run(command, check=False).returncode
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return code, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def process_cpu_seconds(pid: int) -> float:
    """CPU seconds of a process and of its children."""
    return sum(
        sum(map(int, Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:15])) / _TICKS
        for process in _with_children(pid)
    )


def _with_children(pid: int) -> Iterator[int]:
    yield pid
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            yield from _with_children(int(child))


def main(name: str, command: list[str]) -> int:
    """Run the command, print its loops, and return its exit code."""
    loops, code, seconds = list[float](), 0, 0.0
    for part in ([sys.executable, "-c", LOOP], command, [sys.executable, "-c", LOOP]):
        ended, seconds_of_part = cpu_seconds(part)
        if part is command:
            code, seconds = ended, seconds_of_part
        else:
            loops.append(seconds_of_part)
    loop = sum(loops) / len(loops)
    print(f"{name}: {seconds:.0f} s of CPU, {seconds / loop:.0f} loops of {loop:.2f} s")  # noqa: T201  # the output
    print(json.dumps({name: round(seconds / loop, 1)}), flush=True)  # noqa: T201  # as above
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
