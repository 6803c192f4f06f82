"""The cases of a queue, their order, and the next case, on both engines."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event

from models.case import CaseLane
from models.verdict import Judgement
from serving.cases.service.case_access import lease
from serving.cases.store import assignments, case_filters, found_listings, queue_positions, queues
from serving.cases.store.case_filters import Facet
from serving.cases.store.queue_positions import Neighbours
from serving.cases.store.queues import Lease, QueueFilter
from serving.listings.rules import EntryKind
from serving.listings.service.intake import receive_rows
from serving.listings.store import search
from serving.listings.store.search import Hit
from tests.fixtures.runtimes import Site, a_case, a_drawn_case, a_second_review, a_suspect_row, judge
from tests.serving.web.visits import visit_as


def queued_listings(site: Site, **criteria: object) -> set[str]:
    """The external ids of the listings in a queue."""
    at, marketplace_ids = site.clock.now(), frozenset({site.marketplace_id})
    queue_filter = QueueFilter(marketplace_ids, person=site.analyst.user_id, at=at, **criteria)  # type: ignore[arg-type]  # fields
    with site.runtime.store.read() as connection:
        rows = queues.queue(connection, queue_filter, most=100)
        assert queue_positions.queue_size(connection, queue_filter) == len(rows), "counted as listed"
        return {row["external_id"] for row in rows}


@pytest.mark.both_engines
def test_a_queue_is_filtered(any_site: Site) -> None:
    site, now = any_site, any_site.clock.now
    old = a_case(site, external_id="OLD", price="900.00", language="en", seller={"external_id": "shop-a"})
    site.clock.forward(days=2)
    a_case(site, external_id="NEW", price="50.00", language="zh", seller={"external_id": "shop-b"})
    a_drawn_case(site, external_id="DRAWN", language="ru", seller={"external_id": "shop-c"})
    leased_case = a_case(site, external_id="HELD", price="60.00", language=None, seller=None)
    lease(site.runtime, site.second_analyst, leased_case.case_id)
    lease(site.runtime, site.analyst, old.case_id)
    everything = {"OLD", "NEW", "DRAWN", "HELD"}
    assert queued_listings(site) == everything
    assert queued_listings(site, lanes=(CaseLane.AUDIT,)) == {"DRAWN"}
    assert queued_listings(site, brand=site.brand_id) == everything - {"DRAWN"}
    assert queued_listings(site, without_brand=True) == set()
    assert queued_listings(site, languages=("zh", "ru")) == {"NEW", "DRAWN"}
    assert queued_listings(site, harm_from=old.priority) == {"OLD"}
    assert queued_listings(site, opened_before=now() - timedelta(days=1)) == {"OLD"}
    assert queued_listings(site, due_before=now()) == {"OLD"}
    assert queued_listings(site, sellers=frozenset({"shop-b", "shop-c"})) == {"NEW", "DRAWN"}
    assert queued_listings(site, sellers=frozenset()) == set()
    assert queued_listings(site, scores=(30.0, 100.0)) == everything - {"DRAWN"}, "points"
    assert queued_listings(site, scores=(0.0, 1.0)) == set(), "nothing here has a probability"
    assert queued_listings(site, lease=Lease.MINE) == {"OLD"}
    assert queued_listings(site, lease=Lease.OTHERS) == {"HELD"}
    assert queued_listings(site, lease=Lease.FREE) == everything - {"HELD"}, "one's own lease counts as free"
    assert queued_listings(site, relisted=True) == set()
    elsewhere = QueueFilter(frozenset(), person=site.analyst.user_id)
    with site.runtime.store.read() as connection:
        assert queues.queue(connection, elsewhere, most=10) == []
        assert case_filters.facets_of_languages(connection, {site.marketplace_id}) == [
            Facet("en", "en", 1),
            Facet("ru", "ru", 1),
            Facet("zh", "zh", 1),
            Facet(None, None, 1),
        ]
        assert [
            (facet.name, facet.number) for facet in case_filters.facets_of_brands(connection, {site.marketplace_id})
        ] == [("Aurelle", 3), ("Solenne", 1)]
        assert case_filters.facets_of_brands(connection, {"mkt_other"}) == []


def test_no_filter_by_score_or_harm_finds_a_blind_case(site: Site) -> None:
    case = a_case(site)
    judge(site, site.second_analyst, case, Judgement.GENUINE)
    site.clock.forward(days=15)
    a_second_review(site, case, label=0)
    assert queued_listings(site) == {"MP-9"}
    assert queued_listings(site, scores=(0.0, 100.0)) == set()
    assert queued_listings(site, harm_from=0.0) == set()


def test_a_relisted_listing_is_found_by_its_filter(site: Site) -> None:
    case = a_case(site)
    judge(site, site.analyst, case, Judgement.COUNTERFEIT)
    judge(site, site.brand_person, case, Judgement.COUNTERFEIT)
    with site.runtime.store.write() as connection:
        connection.exec_driver_sql("UPDATE action SET state = 'acknowledged', sent_at = created_at")
    site.clock.forward(days=1)
    receive_rows(site.runtime, site.marketplace, [a_suspect_row(external_id="MP-10")], source="test")
    assert queued_listings(site, relisted=True) == {"MP-10"}


@pytest.mark.both_engines
def test_a_case_has_its_position_and_the_next_free_case(any_site: Site) -> None:
    dear, middle, cheap = (
        a_case(any_site, external_id=f"MP-{i}", price=price) for i, price in enumerate(("900.00", "500.00", "90.00"))
    )
    user_id, now = any_site.analyst.user_id, any_site.clock.now()
    queue_filter = QueueFilter(frozenset({any_site.marketplace_id}), (CaseLane.ANALYST, CaseLane.AUDIT), person=user_id)
    appeals = QueueFilter(frozenset({any_site.marketplace_id}), (CaseLane.APPEAL,), person=user_id)
    lease(any_site.runtime, any_site.second_analyst, cheap.case_id)
    with any_site.runtime.store.read() as connection:
        assert queue_positions.neighbours(connection, queue_filter, middle) == Neighbours(
            2, 3, dear.case_id, cheap.case_id
        )
        assert queue_positions.neighbours(connection, queue_filter, dear) == Neighbours(1, 3, None, middle.case_id)
        assert queue_positions.neighbours(connection, appeals, middle) == Neighbours(None, 0, None, None)
        following = queue_positions.next_free(connection, queue_filter, middle, user_id=user_id, at=now)
        assert following is None, "the one below is leased, and the search does not begin again at the top"
        nowhere = QueueFilter(frozenset(), person=user_id)
        assert queue_positions.next_free(connection, nowhere, middle, user_id=user_id, at=now) is None


@pytest.mark.both_engines
def test_the_flow_goes_down_by_expected_harm_wherever_cases_are_assigned(any_site: Site) -> None:
    cases = [a_case(any_site, external_id=f"MP-{i}", price=f"{900 - 100 * i}.00") for i in range(6)]
    now, user_id = any_site.clock.now(), any_site.analyst.user_id
    queue_filter = QueueFilter(frozenset({any_site.marketplace_id}), person=user_id)
    assignees = {5: any_site.analyst, 0: any_site.analyst, 3: any_site.second_analyst}
    with any_site.runtime.store.write() as connection:
        assigned = {cases[number].case_id: person.user_id for number, person in assignees.items()}
        assignments.assign(connection, any_site.marketplace_id, assigned, at=now, until=now + timedelta(hours=1))

    shown = list[int]()
    at: str | None = cases[1].case_id
    while at is not None:
        shown.append(next(number for number, case in enumerate(cases) if case.case_id == at))
        at = any_site.read(queue_positions.next_free, queue_filter, cases[shown[-1]], user_id=user_id, at=now)
    assert shown == [1, 2, 4, 5], "from here down: mine in their place, others' skipped, and no return to the top"


def test_a_count_ends_at_its_limit(site: Site) -> None:
    for number in range(4):
        a_case(site, external_id=f"MP-{number}")
    queue_filter = QueueFilter(frozenset({site.marketplace_id}))
    with site.runtime.store.read() as connection:
        assert [queue_positions.queue_size(connection, queue_filter, most=most) for most in (2, 3, 4, 5)] == [
            3,
            4,
            4,
            4,
        ]


def test_a_queue_is_counted_with_its_blind_reviews(any_site: Site) -> None:
    judged = a_case(any_site)
    judge(any_site, any_site.analyst, judged, Judgement.GENUINE)
    any_site.clock.forward(days=15)
    a_second_review(any_site, judged, label=0)
    for number in range(2):
        a_case(any_site, external_id=f"MORE-{number}")
    lanes = (CaseLane.ANALYST, CaseLane.SECOND_REVIEW)
    queue_filter = QueueFilter(frozenset({any_site.marketplace_id}), lanes, person=any_site.second_analyst.user_id)
    with any_site.runtime.store.read() as connection:
        rows = queues.queue(connection, queue_filter, most=10)
        sizes = [queue_positions.queue_size(connection, queue_filter, most=most) for most in (1, 2, 3, 10)]
    assert {row["lane"] for row in rows} == {"analyst", "second_review"}
    assert len(rows) >= 3
    assert sizes == [min(len(rows), most + 1) for most in (1, 2, 3, 10)]


# The cost of a queue page does not grow with the queue: a fixed number of queries, each along its own index.
#
# SQLite has the statistics here that it has in every data directory (ADR 60), and never counts its own.

SCAN = "COVERING INDEX ix_review_case_open"
LANES = (CaseLane.ANALYST, CaseLane.AUDIT, CaseLane.SECOND_REVIEW)


@contextmanager
def recorded_queries(site: Site) -> Iterator[list[tuple[str, Any]]]:
    """The queries of a block, with their parameters."""
    queries: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, _context: object, _many: object) -> None:
        queries.append((statement, parameters))

    event.listen(site.runtime.store.reads, "before_cursor_execute", note)
    yield queries
    event.remove(site.runtime.store.reads, "before_cursor_execute", note)


def plan(site: Site, act: Callable[[Connection], object]) -> str:
    """SQLite's query plan of all queries of an act."""
    with site.runtime.store.read() as connection:
        with recorded_queries(site) as queries:
            act(connection)
        steps = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all() for sql, values in list(queries)]
    return "\n".join(str(step[3]) for query_steps in steps for step in query_steps)


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
    queue_filter = QueueFilter(frozenset({site.marketplace_id}), LANES, person=site.analyst.user_id, at=now, **more)
    for act in (
        lambda connection: queue_positions.queue_size(connection, queue_filter),
        lambda connection: queue_positions.next_free(
            connection, queue_filter, case, user_id=site.analyst.user_id, at=now
        ),
    ):
        steps = plan(site, act)
        assert SCAN in steps
        assert "TEMP B-TREE" not in steps
        assert "ix_review_case_queue" not in steps
    assert SCAN in plan(site, lambda connection: queues.queue(connection, queue_filter, most=50)).partition("\n")[0]


def test_the_sellers_of_a_filter_are_looked_up(site: Site) -> None:
    a_case(site)
    queue_filter = QueueFilter(
        frozenset({site.marketplace_id}), LANES, person=site.analyst.user_id, sellers=frozenset({"shop-1"})
    )
    assert "ix_review_case_sold_by" in plan(
        site, lambda connection: queue_positions.queue_size(connection, queue_filter)
    )


def test_counts_and_facets_read_an_index_alone(site: Site) -> None:
    a_case(site)
    for act in (
        lambda connection: case_filters.facets_of_brands(connection, {site.marketplace_id}),
        lambda connection: case_filters.facets_of_languages(connection, {site.marketplace_id}),
        lambda connection: queues.queue_sizes(connection, {site.marketplace_id}),
        lambda connection: queue_positions.lane_sizes(
            connection, {site.marketplace_id}, [CaseLane.AUDIT], {site.analyst.user_id}
        ),
    ):
        assert "USING COVERING INDEX" in plan(site, act)


def test_a_search_begins_with_the_text_index(site: Site) -> None:
    a_case(site)
    places = {site.marketplace_id}
    steps = plan(site, lambda connection: search.find(connection, places, EntryKind.LISTING, "aurelle bag", most=50))
    assert "SCAN search_index VIRTUAL TABLE" in steps
    assert "SEARCH entry USING INTEGER PRIMARY KEY" in steps
    assert "TEMP B-TREE" not in steps
    hits = [Hit(site.marketplace_id, "MP-9")]
    assert "SEARCH review_case USING INDEX ix_review_case_listing" in plan(
        site, lambda connection: found_listings.listings_of(connection, hits, {site.analyst.user_id})
    )


@pytest.mark.parametrize("path", ["/queue", "/queue?language=en&lease=free", "/search?q=aurelle"])
def test_a_page_needs_as_many_queries_for_many_cases_as_for_few(site: Site, path: str) -> None:
    visitor = visit_as(site, site.analyst)
    numbers = []
    for first in (0, 2):
        rows = [a_suspect_row(external_id=f"MP-{i}", language="en") for i in range(first, 10 * first + 2)]
        receive_rows(site.runtime, site.marketplace, rows, source="test")
        with recorded_queries(site) as queries:
            assert visitor.get(path).status_code == 200
        numbers.append(len(queries))
    assert numbers[0] == numbers[1] <= 50
