"""CPU of a demo in reference loops: `python -m tests.limits.demo`; to the pages, and to the end of the half year.

`cache` and `kernels.key` of an earlier data directory, where one is named, spare the compilation of kernels.
"""

import json
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.demo.driving import demo_environment
from tests.limits.loops import LOOP, cpu_seconds, process_cpu_seconds

_COMPILED: Final = ("cache/numba", "kernels.key")
_ANSWERS: Final = "Touchstone answers at"


def main(earlier: Path | None) -> None:
    """Play one demo whose pages are served."""
    with TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        if earlier is not None:
            home.mkdir()
            shutil.copytree(earlier / _COMPILED[0], home / _COMPILED[0])
            shutil.copy2(earlier / _COMPILED[1], home)
        _, before = cpu_seconds([sys.executable, "-c", LOOP])
        to_pages, wall, whole = _play_demo(home)
        _, after = cpu_seconds([sys.executable, "-c", LOOP])
    loop = (before + after) / 2
    print(f"pages after {wall:.0f} s, {to_pages:.1f} s of CPU; the whole {whole:.0f} s; a loop {loop:.2f} s")  # noqa: T201
    print(json.dumps({"loops to pages": round(to_pages / loop, 1), "loops of the demo": round(whole / loop, 1)}))  # noqa: T201


def _play_demo(home: Path) -> tuple[float, float, float]:
    """CPU seconds until pages answer, the seconds on the clock until then, and CPU seconds of the whole."""
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    out = home.with_suffix(".json")
    command = [str(Path(sys.executable).with_name("touchstone")), "demo", "--json", str(out)]
    with subprocess.Popen(
        command, env=demo_environment(home), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        if process.stdout is None or not any(_ANSWERS in line for line in process.stdout):
            raise SystemExit("The demo ended before its pages answered.")
        to_pages, wall = process_cpu_seconds(process.pid), time.monotonic() - started
        while process.poll() is None and not out.is_file():
            time.sleep(0.2)
        process.terminate()
        process.stdout.read()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return to_pages, wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
