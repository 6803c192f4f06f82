"""Cases that an analyst opens on a listing that passed."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import pytest

from models.case import CaseLane
from models.errors import Conflict, NotFound
from models.policies.learning import LabelPolicy
from models.routing import Lane
from models.verdict import Judgement
from serving.audit.store import audit
from serving.cases.store import cases
from serving.intake.service.intake import receive
from serving.learning.store import learning, monitoring
from serving.listings.store import listings, scores
from serving.platform.clock import Window
from serving.review.service.opening import open_by_choice
from tests.fixtures.runtimes import Site, a_case, a_row, judge


def passed(site: Site, external_id: str = "MP-1") -> str:
    """A listing that no route sent to a person."""
    receive(
        dataclasses.replace(site.runtime, draw=lambda: 0.999),
        site.marketplace,
        [a_row(external_id=external_id)],
        source="test",
    )
    with site.runtime.store.read() as connection:
        listing_id = listings.id_of(connection, site.here, external_id)
        assert listing_id is not None
        assert not cases.open_cases(connection, site.here, [listing_id])
    return listing_id


def test_it_joins_the_analysts_queue_with_its_score_and_a_record(any_site: Site) -> None:
    case_id = open_by_choice(any_site.runtime, any_site.analyst, passed(any_site))
    with any_site.runtime.store.read() as connection:
        case = cases.get(connection, any_site.here, case_id)
        entries = audit.of_subject(connection, {any_site.here}, case_id, most=5)
        told = cases.timeline(connection, any_site.here, case_id)
    assert (case.lane, case.score_masked) == (CaseLane.ANALYST, False)
    assert [one.act for one in entries] == ["case.opened"]
    assert [one["actor"] for one in told] == [any_site.analyst.name]
    assert judge(any_site, any_site.analyst, case, Judgement.GENUINE).verdict_id


def test_a_second_opening_gives_the_same_case(any_site: Site) -> None:
    listing_id = passed(any_site)
    people = [any_site.analyst, any_site.second_analyst] * 4
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda person: open_by_choice(any_site.runtime, person, listing_id), people))
    assert len(found) == 1


def test_another_marketplace_s_listing_is_not_there(site: Site) -> None:
    listing_id = passed(site)
    stranger = dataclasses.replace(site.analyst, grants=())
    with pytest.raises(NotFound):
        open_by_choice(site.runtime, stranger, listing_id)
    with pytest.raises(NotFound):
        open_by_choice(site.runtime, site.analyst, "lst_" + "0" * 26)


def test_a_removed_listing_is_not_opened(site: Site) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    judge(site, site.brand_person, case, Judgement.COUNTERFEIT)
    with pytest.raises(Conflict):
        open_by_choice(site.runtime, site.analyst, case.listing_id)


def test_its_label_represents_itself_alone(any_site: Site) -> None:
    """It passed with a small chance of an audit. Weighted by that chance, one choice would count as many listings."""
    case_id = open_by_choice(any_site.runtime, any_site.analyst, passed(any_site))
    with any_site.runtime.store.read() as connection:
        case = cases.get(connection, any_site.here, case_id)
        row = scores.get(connection, any_site.here, case.score_id)
    assert row["lane"] == Lane.NO_ACTION
    assert row["inclusion_probability"] < 0.5
    judge(any_site, any_site.analyst, case, Judgement.COUNTERFEIT)
    any_site.clock.forward(days=1)
    now = any_site.clock.now()
    with any_site.runtime.store.read() as connection:
        [version] = learning.scored_reviewed_versions(connection, any_site.here, now)
        week = Window(now - any_site.runtime.policies[LabelPolicy].matures, now)
        [scored] = monitoring.first_scores(connection, any_site.here, week)
    assert version["inclusion_probability"] == scored.inclusion_probability == 1.0
