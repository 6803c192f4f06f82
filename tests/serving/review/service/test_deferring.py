"""Deferred cases, on both engines: they leave the queue, return without a job, and pass a deadline only knowingly."""

from datetime import timedelta

import pytest

from models.case import CaseLane
from models.errors import Conflict, Forbidden, Invalid, NotFound
from models.verdict import Judgement
from serving.cases.store import assignments, deferrals
from serving.cases.store.cases import Case
from serving.intake.service.intake import receive
from serving.review.service.case_access import lease
from serving.review.service.deferring import Wanted, snooze, take_up
from serving.views import positions, queues
from serving.views.queues import QueueFilter
from tests.fixtures.runtimes import Site, a_case, a_second_review, a_suspect_row, judge
from tests.serving.web.visits import an_appeal


def shown(site: Site, *, aside: bool = False) -> list[str]:
    wanted = QueueFilter(frozenset({site.here}), person=site.analyst.user_id, at=site.clock.now(), aside=aside)
    return [row["case_id"] for row in site.read(queues.queue, wanted, most=100)]


def snoozed(site: Site, case: Case, *, hours: int = 4, on_news: bool = True) -> None:
    snooze(site.runtime, site.analyst, Wanted(case.case_id, hours, on_news))


def test_a_snoozed_case_leaves_the_queue_and_returns(any_site: Site) -> None:
    first, second = a_case(any_site, external_id="MP-1"), a_case(any_site, external_id="MP-2")
    lease(any_site.runtime, any_site.analyst, first.case_id)
    snoozed(any_site, first)
    assert (shown(any_site), shown(any_site, aside=True)) == ([second.case_id], [first.case_id])
    with any_site.runtime.store.read() as connection:
        wanted = QueueFilter(frozenset({any_site.here}), at=any_site.clock.now())
        user_id, now = any_site.analyst.user_id, any_site.clock.now()
        assert positions.next_free(connection, wanted, second, user_id=user_id, at=now) is None, "nobody is led to it"
    any_site.clock.forward(hours=4)
    assert sorted(shown(any_site)) == sorted([first.case_id, second.case_id])
    assert shown(any_site, aside=True) == []


def test_a_snoozed_case_is_not_assigned(any_site: Site) -> None:
    case = a_case(any_site)
    snoozed(any_site, case)
    with any_site.runtime.store.read() as connection:
        assert assignments.free(connection, any_site.here, any_site.clock.now(), 10) == []
        assert assignments.free(connection, any_site.here, any_site.clock.now() + timedelta(hours=4), 10) == [
            case.case_id
        ]


def test_news_of_the_listing_ends_the_deferral(any_site: Site) -> None:
    told, silent = a_case(any_site, external_id="MP-1"), a_case(any_site, external_id="MP-2")
    snoozed(any_site, told)
    snoozed(any_site, silent, on_news=False)
    for number in (1, 2):
        row = a_suspect_row(external_id=f"MP-{number}", sales={"d7": 3})
        receive(any_site.runtime, any_site.marketplace, [row], source="test")
    assert (shown(any_site), shown(any_site, aside=True)) == ([told.case_id], [silent.case_id])


def test_a_newer_version_of_the_listing_is_in_the_queue_at_once(site: Site) -> None:
    snoozed(site, a_case(site), on_news=False)
    changed = a_case(site, CaseLane.ANALYST, price="41.00")
    assert shown(site) == [changed.case_id]


def test_an_answer_ends_the_deferral(site: Site) -> None:
    case = a_case(site)
    snoozed(site, case)
    judge(site, site.second_analyst, case, Judgement.COUNTERFEIT)
    assert shown(site) == [case.case_id], "the brand is asked, and the case is no longer deferred"


def test_a_case_is_late_only_knowingly(site: Site) -> None:
    case = a_case(site)
    with pytest.raises(Invalid, match="after its deadline"):
        snoozed(site, case, hours=72)
    assert shown(site) == [case.case_id]
    snooze(site.runtime, site.analyst, Wanted(case.case_id, 72, on_news=False, knowingly=True))
    assert shown(site) == []


def test_the_missing_information_and_its_source_are_stored(any_site: Site) -> None:
    case = a_case(any_site)
    wanted = Wanted(case.case_id, 4, on_news=True, missing="The invoice", asked="the marketplace")
    snooze(any_site.runtime, any_site.analyst, wanted)
    found = any_site.read(deferrals.latest, any_site.here, case.case_id)
    assert found is not None
    assert (found.by, found.aside.missing, found.aside.asked) == ("Ines Moreau", "The invoice", "the marketplace")


@pytest.mark.both_engines
def test_a_deferral_ends_once(any_site: Site) -> None:
    case = a_case(any_site)
    snoozed(any_site, case)
    take_up(any_site.runtime, any_site.second_analyst, case.case_id)
    assert shown(any_site) == [case.case_id]
    with pytest.raises(Conflict, match="not deferred"):
        take_up(any_site.runtime, any_site.second_analyst, case.case_id)


def test_only_a_reviewer_without_a_competing_lease_can_snooze_an_open_case(site: Site) -> None:
    case = a_case(site)
    lease(site.runtime, site.second_analyst, case.case_id)
    with pytest.raises(Conflict, match="Somebody else is working"):
        snoozed(site, case)
    with pytest.raises(NotFound):
        snooze(site.runtime, site.brand_person, Wanted(case.case_id, 1, on_news=False))
    decided = a_case(site, external_id="MP-2")
    judge(site, site.analyst, decided, Judgement.GENUINE)
    with pytest.raises(Conflict, match="not open"):
        snoozed(site, decided)


def test_an_earlier_decider_cannot_delay_the_appeal(site: Site) -> None:
    case = an_appeal(site, decided_by_analyst=True)
    with pytest.raises(Forbidden, match="somebody else"):
        snoozed(site, case)
    with pytest.raises(Invalid, match="deadline"):
        snooze(site.runtime, site.second_analyst, Wanted(case.case_id, 100, on_news=False, knowingly=True))


def test_a_second_review_can_be_snoozed(site: Site) -> None:
    judged = a_case(site)
    judge(site, site.analyst, judged, Judgement.GENUINE)
    site.clock.forward(days=15)
    review = a_second_review(site, judged, label=0)
    snooze(site.runtime, site.second_analyst, Wanted(review.case_id, 4, on_news=False))
    take_up(site.runtime, site.second_analyst, review.case_id)
    with pytest.raises(Conflict, match="not deferred"):
        take_up(site.runtime, site.second_analyst, review.case_id)
