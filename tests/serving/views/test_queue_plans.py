"""The cost of a queue page does not grow with the queue: a fixed number of queries, each along its own index.

SQLite has the statistics here that it has in every data directory (ADR 60), and never counts its own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event

from models.case import CaseLane
from serving.cases.store import case_filters
from serving.intake.service.intake import receive
from serving.listings.rules import EntryKind
from serving.listings.store import search
from serving.listings.store.search import Hit
from serving.review.store import found_listings
from serving.views import positions, queues
from serving.views.queues import Lease, QueueFilter
from tests.fixtures.listings import a_suspect_row
from tests.fixtures.reviewing import a_case
from tests.fixtures.runtimes import Site
from tests.serving.web.visits import visit_as

SCAN = "COVERING INDEX ix_review_case_open"
LANES = (CaseLane.ANALYST, CaseLane.AUDIT, CaseLane.SECOND_REVIEW)


@contextmanager
def asked(site: Site) -> Iterator[list[tuple[str, Any]]]:
    """The queries of a block, with their parameters."""
    found: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, _context: object, _many: object) -> None:
        found.append((statement, parameters))

    event.listen(site.runtime.store.reads, "before_cursor_execute", note)
    yield found
    event.remove(site.runtime.store.reads, "before_cursor_execute", note)


def plan(site: Site, act: Callable[[Connection], object]) -> str:
    """SQLite's query plan of all queries of an act."""
    with site.runtime.store.read() as connection:
        with asked(site) as queries:
            act(connection)
        steps = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", given).all() for one, given in list(queries)]
    return "\n".join(str(step[3]) for some in steps for step in some)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"languages": ("zh",)},
        {"brand": "brd_1"},
        {"scores": (60.0, 100.0)},
        {"harm_from": 10.0},
        {"lease": Lease.FREE},
        {"relisted": True},
    ],
    ids=str,
)
def test_a_filtered_queue_is_scanned_and_counted_along_the_index_of_open_cases(
    site: Site, more: dict[str, Any]
) -> None:
    case = a_case(site)
    now = site.clock.now()
    wanted = QueueFilter(frozenset({site.here}), LANES, person=site.analyst.user_id, at=now, **more)
    for act in (
        lambda connection: positions.queue_size(connection, wanted),
        lambda connection: positions.next_free(connection, wanted, case, user_id=site.analyst.user_id, at=now),
    ):
        steps = plan(site, act)
        assert SCAN in steps
        assert "TEMP B-TREE" not in steps
        assert "ix_review_case_queue" not in steps
    assert SCAN in plan(site, lambda connection: queues.queue(connection, wanted, most=50)).partition("\n")[0]


def test_the_sellers_of_a_filter_are_looked_up(site: Site) -> None:
    a_case(site)
    wanted = QueueFilter(frozenset({site.here}), LANES, person=site.analyst.user_id, sellers=frozenset({"shop-1"}))
    assert "ix_review_case_sold_by" in plan(site, lambda connection: positions.queue_size(connection, wanted))


def test_counts_and_facets_read_an_index_alone(site: Site) -> None:
    a_case(site)
    for act in (
        lambda connection: case_filters.facets_of_brands(connection, {site.here}),
        lambda connection: case_filters.facets_of_languages(connection, {site.here}),
        lambda connection: queues.queue_sizes(connection, {site.here}),
        lambda connection: positions.lane_sizes(connection, {site.here}, [CaseLane.AUDIT], {site.analyst.user_id}),
    ):
        assert "USING COVERING INDEX" in plan(site, act)


def test_a_search_begins_with_the_text_index(site: Site) -> None:
    a_case(site)
    here = {site.here}
    steps = plan(site, lambda connection: search.find(connection, here, EntryKind.LISTING, "aurelle bag", most=50))
    assert "SCAN search_index VIRTUAL TABLE" in steps
    assert "SEARCH entry USING INTEGER PRIMARY KEY" in steps
    assert "TEMP B-TREE" not in steps
    hits = [Hit(site.here, "MP-9")]
    assert "SEARCH review_case USING INDEX ix_review_case_listing" in plan(
        site, lambda connection: found_listings.listings_of(connection, hits, {site.analyst.user_id})
    )


@pytest.mark.parametrize("path", ["/queue", "/queue?language=en&lease=free", "/search?q=aurelle"])
def test_a_page_needs_as_many_queries_for_many_cases_as_for_few(site: Site, path: str) -> None:
    visitor = visit_as(site, site.analyst)
    numbers = []
    for first in (0, 2):
        rows = [a_suspect_row(external_id=f"MP-{i}", language="en") for i in range(first, 10 * first + 2)]
        receive(site.runtime, site.marketplace, rows, source="test")
        with asked(site) as queries:
            assert visitor.get(path).status_code == 200
        numbers.append(len(queries))
    assert numbers[0] == numbers[1] <= 50
