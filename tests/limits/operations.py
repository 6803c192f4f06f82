"""What people wait for, in thousandths of a reference loop of CPU: `python -m tests.limits.operations`.

The pages are those of the comparison of trees, the cheapest of some requests each. The listings are those of one
report, the cheapest of some reports.
"""

import json
import logging
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import structlog

from serving.composition import open_runtime
from serving.platform.settings import Settings
from tests.browser.house import furnish
from tests.equality.pages import runtime_of, ways_of
from tests.equality.seeded import seeded_run
from tests.fixtures import clients
from tests.fixtures.clocks import TestClock
from tests.fixtures.reporting import on_sale, report
from tests.fixtures.runtimes import Site, populate
from tests.limits.loops import LOOP, cpu_seconds

_TIMES: Final = 3
_REPORTED: Final = 20  # As many as a person may remove within an hour.
_SHOWN: Final = 5


def main() -> None:
    """Measure all of them."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    _, before = cpu_seconds([sys.executable, "-c", LOOP])
    with _site() as site:
        of_listing = min(_report(site, number) for number in range(_TIMES)) / _REPORTED
    pages = sorted(_pages().items(), key=lambda row: -row[1])
    _, after = cpu_seconds([sys.executable, "-c", LOOP])
    thousandth = (before + after) / 2_000
    for name, seconds in pages[:_SHOWN]:
        print(f"{name}: {seconds * 1_000:.0f} ms of CPU")  # noqa: T201  # the output, as below
    figures = {"dearest page": pages[0][1], "reported listing": of_listing}
    rows = {f"thousandths of a loop of a {name}": round(seconds / thousandth, 1) for name, seconds in figures.items()}
    print(json.dumps(rows))  # noqa: T201


def _cpu(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _pages() -> dict[str, float]:
    """CPU seconds of each page for its reader."""
    with TemporaryDirectory() as folder, seeded_run():
        house = furnish(Path(folder) / "home")
        with runtime_of(Path(folder) / "home") as runtime:
            return {
                f"{viewer.name} {address}": min(_cpu(lambda: viewer.get(address)) for _ in range(_TIMES))  # noqa: B023  # at once
                for viewer, address in ways_of(runtime, house)
            }


def _report(site: Site, number: int) -> float:
    """CPU seconds of a report; the limits of an hour are free again before it."""
    site.clock.forward(days=1)
    names = on_sale(site, _REPORTED, number * _REPORTED)
    return _cpu(lambda: report(site, names, f"report-{number}"))


@contextmanager
def _site() -> Iterator[Site]:
    with TemporaryDirectory() as folder:
        clock = TestClock()
        runtime = open_runtime(Settings(home=Path(folder)), clock=clock, draw=random.Random(0).random)
        try:
            yield populate(runtime, clock)
        finally:
            runtime.close()
            clients.pytest_sessionfinish()  # Otherwise the process waits for the event loop of its clients.


if __name__ == "__main__":
    main()
