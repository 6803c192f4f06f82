"""Bulk scoring of a Parquet file beside an earlier commit: processor time and memory."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.benchmarks.commits import commit_of
from tests.benchmarks.work import rows_to_score

_SIDE: Final = Path(__file__).with_name("bulk_side.py")
_HERE: Final = Path(__file__).parent.parent.parent
_COLUMNS: Final = (
    "external_id",
    "title",
    "description",
    "brand",
    "product_type",
    "price",
    "currency",
    "language",
    "age_days",
)
INTRODUCTION: Final = """\
{listings:,} simulated listings, no two alike, in a Parquet file, scored by {cores} processes; each run is a command of
its own, with the start of its processes. Processor time of all processes, medians over {rounds} rounds in turns; load
{before} before and {after} after. Memory is the largest sum of the resident memory of all processes, shared memory
counted in each.{earlier}

    make bench ARGS="bulk --rounds {rounds} --bulk {listings:d} --parent ../an-earlier-checkout"

| side | reasons | processor seconds | listings a processor second | megabytes | its time over ours |
| --- | --- | ---: | ---: | ---: | ---: |
"""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took."""

    seconds: float
    megabytes: float


def write_listings(path: Path, many: int) -> None:
    """Different listings, in row groups as large as Arrow makes them."""
    rows = rows_to_score(many)
    columns: dict[str, list[Any]] = {name: [row.get(name) for row in rows] for name in _COLUMNS}
    pq.write_table(pa.table(columns), path, compression="zstd")


def run(checkout: Path, folder: Path, *, reasons: bool) -> Run:
    """One run of a checkout's code on the folder's file."""
    process = subprocess.Popen(
        [
            sys.executable,
            str(_SIDE),
            str(folder / "listings.parquet"),
            str(folder / f"bundle-{checkout.name}"),
            str(folder / "scores.parquet"),
            str(os.cpu_count() or 1),
            "reasons" if reasons else "",
        ],
        env={**os.environ, "PYTHONPATH": str(checkout), "OMP_WAIT_POLICY": "passive"},
        stdout=subprocess.PIPE,
        text=True,
    )
    peaks = [0.0]
    watch = threading.Thread(target=_watch, args=(process, peaks))
    watch.start()
    printed, _ = process.communicate()
    watch.join()
    if process.returncode:
        raise RuntimeError(f"{checkout} ended with {process.returncode}")
    return Run(float(printed), max(peaks))


def _watch(process: "subprocess.Popen[str]", peaks: list[float]) -> None:
    while process.poll() is None:
        peaks.append(sum(map(_resident, family(process.pid))) / 1e6)
        time.sleep(0.25)


def family(pid: int) -> list[int]:
    """A process and those that it began, by Linux's /proc."""
    pids = [pid]
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            pids += [descendant for child in tasks.read_text().split() for descendant in family(int(child))]
        except OSError:  # It has ended.
            continue
    return pids


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def section(rounds: int, listings: int, parent: Path | None) -> str:
    """The part of the page, with another checkout's side if there is one."""
    sides = {"ours": _HERE, **({} if parent is None else {commit_of(parent): parent.absolute()})}
    before = os.getloadavg()[0]
    usages: dict[tuple[str, bool], list[Run]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_listings(folder / "listings.parquet", listings)
        for number in range(rounds + 1):
            for reasons in (True, False):
                for side, checkout in sides.items():
                    usage = run(checkout, folder, reasons=reasons)
                    if number:  # The first round fits the models and compiles.
                        usages.setdefault((side, reasons), []).append(usage)
    medians = {key: float(np.median([usage.seconds for usage in runs])) for key, runs in usages.items()}
    lines = [
        f"| {side} | {'yes' if reasons else 'no'} | {median:.2f} | {listings / median:,.0f} "
        f"| {max(usage.megabytes for usage in usages[side, reasons]):,.0f} | {median / medians['ours', reasons]:.2f}x |"
        for (side, reasons), median in medians.items()
    ]
    introduction = INTRODUCTION.format(
        listings=listings,
        cores=os.cpu_count(),
        rounds=rounds,
        before=f"{before:.1f}",
        after=f"{os.getloadavg()[0]:.1f}",
        earlier="" if parent is None else " Each side has its own model; the earlier commit cannot leave reasons out.",
    )
    return introduction + "\n".join(lines)
