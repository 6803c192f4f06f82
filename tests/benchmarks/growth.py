"""How the processor time of operations grows with the listings that are stored: `python -m tests.benchmarks.growth`."""

import logging
import math
import random
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Final

import numpy as np
import structlog
import typer

from features.brands import BrandRegister
from features.listing import Listing, check
from models.case import CaseLane
from serving.cases.store import cases, queues
from serving.cases.store.cases import Case
from serving.cases.store.queues import QueueFilter
from serving.composition import open_runtime
from serving.learning.service.labelling import export_snapshot
from serving.listings.service.intake import receive_rows
from serving.listings.service.precheck import precheck
from serving.listings.service.seller_events import receive_events
from serving.operations.service.housekeeping import refresh_references
from serving.platform.settings import Settings
from tests.benchmarks.multiplied import EVENTS_EACH, TAKEN_IN, multiply, take_in
from tests.benchmarks.server_time import Processors
from tests.benchmarks.work import NOW, SETTINGS
from tests.fixtures import clients
from tests.fixtures.clocks import TestClock
from tests.fixtures.postgres import shared_postgres
from tests.fixtures.runtimes import Site, a_row, a_suspect_row, populate
from tests.serving.web.visits import Visitor, visit_as
from training.evaluate.splits import seller_groups
from training.fit.classifier import CounterfeitClassifier
from training.fit.listing_rows import ListingRows
from training.simulation.synthetic import build_world, evaluation_set
from training.snapshots.references import OfflineReferences

_TIMES: Final = 15
_WARM: Final = 3
_MATURE: Final = timedelta(days=40)
# More than this exponent of a single operation, or of a total, is a fault.
SINGLE_MOST: Final = 0.15
TOTAL_MOST: Final = 1.1


INTRODUCTION: Final = """\
Processor milliseconds of each operation with so many listings stored, that of the database server included, and the
exponent with which it grows: 0 does not grow, 1 grows in proportion. {taken:,} listings with {events} events each were
taken in and judged; the others are copies of their rows. Single operations are means of {times} after some to warm up.

    python -m tests.benchmarks.growth {asked}"""


class EngineName(StrEnum):
    """A database engine."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


HEADS: Final = {EngineName.SQLITE: "SQLite", EngineName.POSTGRESQL: "PostgreSQL"}


@dataclass(frozen=True, slots=True)
class Measurement:
    """The processor milliseconds of an operation, by the number of listings."""

    name: str
    total: bool
    milliseconds: Mapping[int, float]

    @property
    def slope(self) -> float:
        """The exponent with which the time grows: 0 does not grow, 1 is in proportion to the listings."""
        if len(self.milliseconds) < 2:
            return math.nan
        sizes, times = zip(*sorted(self.milliseconds.items()), strict=True)
        return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])

    @property
    def is_fault(self) -> bool:
        """Whether it grows faster than it may."""
        return self.slope > (TOTAL_MOST if self.total else SINGLE_MOST)


@contextmanager
def filled_site(engine: EngineName, size: int) -> Iterator[Site]:
    """A site with so many listings; its folder is deleted afterwards."""
    # A line for each request would hide the figures.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    folder = Path(mkdtemp(prefix="touchstone-growth-"))
    try:
        if engine is EngineName.SQLITE:
            with _site_of_size(Settings(home=folder / "home"), size) as site:
                yield site
            return
        with (
            shared_postgres(folder) as server,
            _site_of_size(Settings(home=folder / "home", database_url=server.new_database()), size) as site,
        ):
            yield site
    finally:
        clients.pytest_sessionfinish()  # Otherwise the process waits for the event loop of its clients.
        shutil.rmtree(folder, ignore_errors=True)  # The server's guardian deletes its own files there.


@contextmanager
def _site_of_size(settings: Settings, size: int) -> Iterator[Site]:
    clock = TestClock()
    runtime = open_runtime(settings, clock=clock, draw=random.Random(0).random)
    try:
        site = populate(runtime, clock)
        take_in(site)
        refresh_references(runtime)
        if size > TAKEN_IN:
            multiply(runtime.store.url, size // TAKEN_IN - 1)
        yield site
    finally:
        runtime.close()


def single_operations(site: Site) -> dict[str, Callable[[], object]]:
    """Operations on one listing, one seller or one page, which should not grow."""
    visitor, numbers, scored = visit_as(site, site.analyst), count(), check(a_row(), received_at=site.clock.now())
    assert isinstance(scored, Listing)
    open_cases = waiting_cases(site)
    shown = open_cases[len(open_cases) // 2]
    pages = {
        "page: queue": "/queue",
        "page: queue of a language, of high scores": "/queue?language=en&harm=10",
        "page: case": f"/cases/{shown.case_id}",
        "page: search for a rare word": "/search?q=lot+77",
        "page: search for a frequent word": "/search?q=tote",
        "page: search for two frequent words": "/search?q=aurelle+tote",
    }
    return {
        "intake of 50 listings": lambda: receive_some(site, numbers),
        "score of a listing, nothing stored": partial(precheck, site.runtime, site.marketplace, scored),
        "events of a seller, 50": lambda: send_events(site, numbers),
        **{name: partial(get_page, visitor, path) for name, path in pages.items()},
        "verdict, and the next case": case_decider(site, visitor),
    }


def receive_some(site: Site, numbers: Iterator[int]) -> None:
    """Take in fifty new listings, one in ten of them suspect."""
    rows = []
    for _ in range(50):
        number = next(numbers)
        make_row = a_suspect_row if number % 10 == 0 else a_row
        seller = {"external_id": f"grown-{number % 17}", "age_days": 300, "country": "FR"}
        title = f"Aurelle Colline tote, grained leather, number {number}"
        rows.append(make_row(external_id=f"GROW-{number}", title=title, seller=seller))
    receive_rows(site.runtime, site.marketplace, rows, source="bench")


def send_events(site: Site, numbers: Iterator[int]) -> None:
    """Take in fifty events of one seller."""
    at = site.clock.now().isoformat()
    events = [
        {"event_id": f"grown-{next(numbers)}", "seller": "shop-7", "kind": "sale", "occurred_at": at} for _ in range(50)
    ]
    receive_events(site.runtime, site.marketplace, {"events": events}, backfill=False)


def get_page(visitor: Visitor, path: str) -> None:
    """Ask for a page."""
    answer = visitor.get(path)
    assert answer.status_code == 200, (path, answer.status_code)


def waiting_cases(site: Site) -> list[Case]:
    """Some cases that wait for an analyst, the costliest first."""
    with site.runtime.store.read() as connection:
        case_rows = queues.queue(
            connection, QueueFilter(frozenset({site.marketplace_id}), (CaseLane.ANALYST,)), most=60
        )
        return [cases.get(connection, site.marketplace_id, case_row["case_id"]) for case_row in case_rows]


def case_decider(site: Site, visitor: Visitor) -> Callable[[], None]:
    """What decides a case of the queue, and follows to the next one, as the key of a reviewer does."""
    remaining = iter(waiting_cases(site)[10:])

    def decide() -> None:
        case = next(remaining)
        answer = visitor.answer(case.case_id, case.version_id, "genuine")
        assert answer.status_code == 303, answer.status_code
        get_page(visitor, answer.headers["location"])

    return decide


def total_operations(site: Site, size: int) -> dict[str, Callable[[], object]]:
    """Operations on everything, which should grow in proportion."""
    return {
        "snapshot of all labels": partial(export_snapshot, site.runtime, site.marketplace_id),
        "price references of all listings": partial(refresh_references, site.runtime),
        "training on a tenth of the listings": partial(fit_model, size // 10),
    }


def fit_model(labelled: int) -> None:
    """Fit a model on so many labelled listings."""
    listings, labels = evaluation_set(SETTINGS, labelled)
    brands = BrandRegister([brand.brand for brand in build_world(SETTINGS).brands])
    offline = OfflineReferences(listings, brands)
    facts = [offline.facts(listing, as_of=NOW, marketplace="bench", took_part=True) for listing in listings]
    CounterfeitClassifier(seed=0).fit(
        ListingRows.of(facts), labels, groups=seller_groups([listing.seller.external_id for listing in listings])
    )


def measure(engine: EngineName, sizes: Sequence[int], say: Callable[[str], object]) -> list[Measurement]:
    """Every operation at every size."""
    times_by_work: dict[tuple[str, bool], dict[int, float]] = {}
    for size in sizes:
        with filled_site(engine, size) as site:
            processors = Processors(site.runtime.store.writes)
            say(f"{engine.value}, {size:,} listings are there")
            for name, work in single_operations(site).items():
                _repeat(work, _WARM)
                spent = processors.of(partial(_repeat, work, _TIMES))
                times_by_work.setdefault((name, False), {})[size] = 1_000 * spent / _TIMES
                say(f"  {name}: {1_000 * spent / _TIMES:.1f} ms")
            site.clock.forward(seconds=_MATURE.total_seconds())
            for name, work in total_operations(site, size).items():
                spent = processors.of(work)
                times_by_work.setdefault((name, True), {})[size] = 1_000 * spent
                say(f"  {name}: {1_000 * spent:.0f} ms")
    return [Measurement(name, total, times) for (name, total), times in times_by_work.items()]


def _repeat(work: Callable[[], object], times: int) -> None:
    for _ in range(times):
        work()


def table(sizes: Sequence[int], measured: Sequence[Measurement]) -> str:
    """The operations with their times and exponents."""
    heads = " | ".join(f"{size:,} listings" for size in sizes)
    lines = [f"| what | {heads} | exponent | |", f"| --- |{' ---: |' * len(sizes)} ---: | --- |"]
    for operation in measured:
        times = " | ".join(f"{operation.milliseconds[size]:,.1f}" for size in sizes)
        fault = "a fault" if operation.is_fault else "total" if operation.total else ""
        lines.append(f"| {operation.name} | {times} | {operation.slope:.2f} | {fault} |")
    return "\n".join(lines)


def section(engines: Sequence[EngineName], sizes: Sequence[int], say: Callable[[str], object] = print) -> str:
    """The part of the page."""
    size_options = " ".join(f"--size {size}" for size in sizes)
    head = INTRODUCTION.format(taken=TAKEN_IN, events=EVENTS_EACH, asked=size_options, times=_TIMES)
    tables = [f"{HEADS[engine]}:\n\n{table(sizes, measure(engine, sizes, say))}" for engine in engines]
    return "\n\n".join([head, *tables])


def main(
    size: Annotated[list[int] | None, typer.Option(min=TAKEN_IN, help="Numbers of listings.")] = None,
    engine: Annotated[list[EngineName] | None, typer.Option(help="Engines; both by default.")] = None,
) -> None:
    """Measure how operations grow, and print it."""
    typer.echo(section(engine or list(EngineName), size or [10_000, 100_000], typer.echo))


if __name__ == "__main__":
    typer.run(main)
