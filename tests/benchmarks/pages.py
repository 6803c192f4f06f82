"""The pages of reviewers with many listings: `python -m tests.benchmarks.pages --listings 1000000`.

A page is asked for in process: the figures are those of the server and its database, without network and browser. From
the key to the next case in a browser is measured by tests/browser/test_speed.py.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final

import typer

from tests.benchmarks.growth import HEADS, EngineName, case_decider, filled_site, get_page, waiting_cases
from tests.benchmarks.multiplied import TAKEN_IN
from tests.benchmarks.server_time import Processors
from tests.fixtures.runtimes import Site
from tests.serving.web.visits import visit_as

INTRODUCTION: Final = """\
{listings:,} listings, {cases:,} open cases. Milliseconds for each page: processor time with that of the database server
(mean of {times}), and wall time (median, 95 %) on a machine with other work.

    python -m tests.benchmarks.pages --listings {listings}
"""
_TIMES: Final = 20
_WARM: Final = 2


@dataclass(frozen=True, slots=True)
class Page:
    """Milliseconds of a page."""

    name: str
    processor: float
    median: float
    late: float


def measure_pages(site: Site) -> list[Page]:
    """Every page, and a decision with the next case."""
    visitor, shown = visit_as(site, site.analyst), waiting_cases(site)[7]
    paths = {
        "queue": "/queue",
        "queue, page 20": "/queue?page=20",
        "queue of one language, free, by harm": "/queue?language=en&lease=free&harm=10",
        "queue of one seller": "/queue?seller=shop-7",
        "case": f"/cases/{shown.case_id}",
        "search: an id": "/search?q=MANY-77",
        "search: a rare word": "/search?q=copy7",
        "search: a frequent word": "/search?q=tote",
        "search: a frequent word and an unfinished one": "/search?q=no+aure",
        "search: two frequent words": "/search?q=aurelle+tote",
    }
    pages = {name: partial(get_page, visitor, path) for name, path in paths.items()}
    processors = Processors(site.runtime.store.writes)
    works: dict[str, Callable[[], object]] = {**pages, "verdict, and the next case": case_decider(site, visitor)}
    return [_measure_page(processors, name, work) for name, work in works.items()]


def _measure_page(processors: Processors, name: str, work: Callable[[], object]) -> Page:
    for _ in range(_WARM):
        work()
    waits, begun = [], processors.seconds()
    for _ in range(_TIMES):
        at = time.perf_counter()
        work()
        waits.append(1_000 * (time.perf_counter() - at))
    spent = 1_000 * (processors.seconds() - begun) / _TIMES
    waits.sort()
    return Page(name, spent, waits[len(waits) // 2], waits[int(0.95 * len(waits))])


def section(engines: Sequence[EngineName], listings: int) -> str:
    """The part of the page."""
    parts = [INTRODUCTION.format(listings=listings, cases=listings // 10, times=_TIMES)]
    for engine in engines:
        with filled_site(engine, listings) as site:
            rows = [
                f"| {page.name} | {page.processor:.0f} | {page.median:.0f} | {page.late:.0f} |"
                for page in measure_pages(site)
            ]
        heads = [f"{HEADS[engine]}:", "", "| page | processor | median | 95 % |", "| --- | ---: | ---: | ---: |"]
        parts.append("\n".join([*heads, *rows]))
    return "\n\n".join(parts)


def main(
    listings: Annotated[int, typer.Option(min=TAKEN_IN, help="Listings that are stored.")] = 1_000_000,
    engine: Annotated[list[EngineName] | None, typer.Option(help="Engines; both by default.")] = None,
) -> None:
    """Measure the pages, and print their times."""
    typer.echo(section(engine or list(EngineName), listings))


if __name__ == "__main__":
    typer.run(main)
