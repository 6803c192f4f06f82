"""The cases of a queue, their order, and the next case, on both engines."""

from datetime import timedelta

import pytest

from models.case import CaseLane
from models.verdict import Judgement
from serving.accounts.rules.access import Person
from serving.cases.store import assignments, case_filters
from serving.cases.store.case_filters import Facet
from serving.intake.service.intake import receive
from serving.review.service.case_access import lease
from serving.views import positions, queues
from serving.views.positions import Neighbours
from serving.views.queues import Lease, QueueFilter
from tests.fixtures.listings import a_suspect_row
from tests.fixtures.reviewing import a_case, a_drawn_case, a_second_review, judge
from tests.fixtures.runtimes import Site


def found(site: Site, **given: object) -> set[str]:
    """The external ids of the listings in a queue."""
    wanted = QueueFilter(frozenset({site.here}), person=site.analyst.user_id, at=site.clock.now(), **given)  # type: ignore[arg-type]  # a filter's own fields
    with site.runtime.store.read() as connection:
        rows = queues.queue(connection, wanted, most=100)
        assert positions.queue_size(connection, wanted) == len(rows), "counted as listed"
        return {row["external_id"] for row in rows}


@pytest.mark.both_engines
def test_a_queue_is_filtered(any_site: Site) -> None:
    site, now = any_site, any_site.clock.now
    old = a_case(site, external_id="OLD", price="900.00", language="en", seller={"external_id": "shop-a"})
    site.clock.forward(days=2)
    a_case(site, external_id="NEW", price="50.00", language="zh", seller={"external_id": "shop-b"})
    a_drawn_case(site, external_id="DRAWN", language="ru", seller={"external_id": "shop-c"})
    kept = a_case(site, external_id="HELD", price="60.00", language=None, seller=None)
    lease(site.runtime, site.second_analyst, kept.case_id)
    lease(site.runtime, site.analyst, old.case_id)
    everything = {"OLD", "NEW", "DRAWN", "HELD"}
    assert found(site) == everything
    assert found(site, lanes=(CaseLane.AUDIT,)) == {"DRAWN"}
    assert found(site, brand=site.brand_id) == everything - {"DRAWN"}
    assert found(site, without_brand=True) == set()
    assert found(site, languages=("zh", "ru")) == {"NEW", "DRAWN"}
    assert found(site, harm_from=old.priority) == {"OLD"}
    assert found(site, opened_before=now() - timedelta(days=1)) == {"OLD"}
    assert found(site, due_before=now()) == {"OLD"}
    assert found(site, sellers=frozenset({"shop-b", "shop-c"})) == {"NEW", "DRAWN"}
    assert found(site, sellers=frozenset()) == set()
    assert found(site, scores=(30.0, 100.0)) == everything - {"DRAWN"}, "points"
    assert found(site, scores=(0.0, 1.0)) == set(), "nothing here has a probability"
    assert found(site, lease=Lease.MINE) == {"OLD"}
    assert found(site, lease=Lease.OTHERS) == {"HELD"}
    assert found(site, lease=Lease.FREE) == everything - {"HELD"}, "one's own lease counts as free"
    assert found(site, relisted=True) == set()
    elsewhere = QueueFilter(frozenset(), person=site.analyst.user_id)
    with site.runtime.store.read() as connection:
        assert queues.queue(connection, elsewhere, most=10) == []
        assert case_filters.facets_of_languages(connection, {site.here}) == [
            Facet("en", "en", 1),
            Facet("ru", "ru", 1),
            Facet("zh", "zh", 1),
            Facet(None, None, 1),
        ]
        assert [(one.name, one.number) for one in case_filters.facets_of_brands(connection, {site.here})] == [
            ("Aurelle", 3),
            ("Solenne", 1),
        ]
        assert case_filters.facets_of_brands(connection, {"mkt_other"}) == []


def test_no_filter_by_score_or_harm_finds_a_blind_case(site: Site) -> None:
    case = a_case(site)
    judge(site, site.second_analyst, case, Judgement.GENUINE)
    site.clock.forward(days=15)
    a_second_review(site, case, label=0)
    assert found(site) == {"MP-9"}
    assert found(site, scores=(0.0, 100.0)) == set()
    assert found(site, harm_from=0.0) == set()


def test_a_relisted_listing_is_found_by_its_filter(site: Site) -> None:
    case = a_case(site)
    judge(site, site.analyst, case, Judgement.COUNTERFEIT)
    judge(site, site.brand_person, case, Judgement.COUNTERFEIT)
    with site.runtime.store.write() as connection:
        connection.exec_driver_sql("UPDATE action SET state = 'acknowledged', sent_at = created_at")
    site.clock.forward(days=1)
    receive(site.runtime, site.marketplace, [a_suspect_row(external_id="MP-10")], source="test")
    assert found(site, relisted=True) == {"MP-10"}


@pytest.mark.both_engines
def test_a_case_has_its_position_and_the_next_free_case(any_site: Site) -> None:
    dear, middle, cheap = (
        a_case(any_site, external_id=f"MP-{i}", price=price) for i, price in enumerate(("900.00", "500.00", "90.00"))
    )
    user_id, now = any_site.analyst.user_id, any_site.clock.now()
    wanted = QueueFilter(frozenset({any_site.here}), (CaseLane.ANALYST, CaseLane.AUDIT), person=user_id)
    appeals = QueueFilter(frozenset({any_site.here}), (CaseLane.APPEAL,), person=user_id)
    lease(any_site.runtime, any_site.second_analyst, cheap.case_id)
    with any_site.runtime.store.read() as connection:
        assert positions.neighbours(connection, wanted, middle) == Neighbours(2, 3, dear.case_id, cheap.case_id)
        assert positions.neighbours(connection, wanted, dear) == Neighbours(1, 3, None, middle.case_id)
        assert positions.neighbours(connection, appeals, middle) == Neighbours(None, 0, None, None)
        following = positions.next_free(connection, wanted, middle, user_id=user_id, at=now)
        assert following == dear.case_id, "the one below is leased, so the search begins at the top"
        nowhere = QueueFilter(frozenset(), person=user_id)
        assert positions.next_free(connection, nowhere, middle, user_id=user_id, at=now) is None


@pytest.mark.both_engines
def test_cases_assigned_to_me_come_first_and_those_assigned_to_others_last(any_site: Site) -> None:
    made = [a_case(any_site, external_id=f"MP-{i}", price=f"{900 - 100 * i}.00") for i in range(4)]
    now = any_site.clock.now()

    def assign(case_id: str, person: Person) -> None:
        with any_site.runtime.store.write() as connection:
            until = now + timedelta(hours=1)
            assignments.assign(connection, any_site.here, {case_id: person.user_id}, at=now, until=until)

    def following(after: int) -> int:
        user_id = any_site.analyst.user_id
        wanted = QueueFilter(frozenset({any_site.here}), person=user_id)
        case_id = any_site.read(positions.next_free, wanted, made[after], user_id=user_id, at=now)
        return next(i for i, case in enumerate(made) if case.case_id == case_id)

    assert following(1) == 2
    assign(made[2].case_id, any_site.second_analyst)
    assert following(1) == 3, "past a case assigned to somebody else"
    assert following(3) == 0
    assign(made[0].case_id, any_site.analyst)
    assert following(1) == 0, "mine first, although it is above"
    for case in (made[0], made[1], made[3]):
        judge(any_site, any_site.analyst, case, Judgement.GENUINE)
    assert following(1) == 2, "assigned to somebody else, but no other case is left"


def test_a_count_ends_at_its_limit(site: Site) -> None:
    for number in range(4):
        a_case(site, external_id=f"MP-{number}")
    wanted = QueueFilter(frozenset({site.here}))
    with site.runtime.store.read() as connection:
        assert [positions.queue_size(connection, wanted, most=most) for most in (2, 3, 4, 5)] == [3, 4, 4, 4]


def test_a_queue_is_counted_with_its_blind_reviews(any_site: Site) -> None:
    judged = a_case(any_site)
    judge(any_site, any_site.analyst, judged, Judgement.GENUINE)
    any_site.clock.forward(days=15)
    a_second_review(any_site, judged, label=0)
    for number in range(2):
        a_case(any_site, external_id=f"MORE-{number}")
    lanes = (CaseLane.ANALYST, CaseLane.SECOND_REVIEW)
    wanted = QueueFilter(frozenset({any_site.here}), lanes, person=any_site.second_analyst.user_id)
    with any_site.runtime.store.read() as connection:
        rows = queues.queue(connection, wanted, most=10)
        sizes = [positions.queue_size(connection, wanted, most=most) for most in (1, 2, 3, 10)]
    assert {row["lane"] for row in rows} == {"analyst", "second_look"}
    assert len(rows) >= 3
    assert sizes == [min(len(rows), most + 1) for most in (1, 2, 3, 10)]
