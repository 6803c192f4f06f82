from datetime import timedelta

import pytest

from models.case import CaseLane
from models.errors import NotFound
from models.routing import Lane
from models.verdict import Judgement
from serving.intake.service.intake import receive
from serving.learning.service.rescore import Rescored, model_named, rescore, summary
from serving.listings.store import scores
from serving.scoring.service.bundles import BundleStore
from tests.fixtures.clocks import NOW
from tests.fixtures.listings import a_row
from tests.fixtures.reviewing import a_case, judge
from tests.fixtures.runtimes import Site
from tests.serving.web.reports import admit_model, put_champion_in_force

EVERYTHING = NOW - timedelta(days=1)


def test_the_past_is_scored_as_it_was_known_then(any_site: Site) -> None:
    site = any_site
    digest = put_champion_in_force(site)
    receive(site.runtime, site.marketplace, [a_row()], source="test")
    model = site.runtime.services[BundleStore].load(model_named(site.runtime, site.marketplace, "champion").digest)
    (found,) = rescore(site.runtime, site.marketplace, model, since=EVERYTHING, most=10)
    assert model.digest == digest
    assert (found.probability, found.lane) == (found.probability_before, found.lane_before)


def test_nothing_is_changed_by_it(site: Site) -> None:
    receive(site.runtime, site.marketplace, [a_row()], source="test")
    before = site.read(scores.routes, site.here)
    model = site.runtime.services[BundleStore].load(admit_model(site))
    (found,) = rescore(site.runtime, site.marketplace, model, since=EVERYTHING, most=10)
    assert site.read(scores.routes, site.here) == before
    assert (found.probability_before, found.lane_before, found.lane) == (None, Lane.NO_ACTION, Lane.ANALYST)


def test_only_what_was_scored_since_counts_and_a_label_of_today_stands_beside_it(site: Site) -> None:
    judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT)
    site.clock.forward(days=20)
    receive(site.runtime, site.marketplace, [a_row()], source="test")
    model = site.runtime.services[BundleStore].load(admit_model(site))
    early = rescore(site.runtime, site.marketplace, model, since=EVERYTHING, most=10)
    late = rescore(site.runtime, site.marketplace, model, since=NOW + timedelta(days=1), most=10)
    assert [row.counterfeit for row in early] == [True, None]
    assert [row.external_id for row in late] == ["MP-1"]


def test_no_more_versions_are_scored_than_asked_for(site: Site) -> None:
    receive(site.runtime, site.marketplace, [a_row(external_id=f"MP-{i}") for i in range(9)], source="test")
    model = site.runtime.services[BundleStore].load(admit_model(site))
    assert len(rescore(site.runtime, site.marketplace, model, since=EVERYTHING, most=4)) == 4


@pytest.mark.parametrize(
    ("name", "sentence"), [("champion", "no champion yet"), ("challenger", "no challenger"), ("ffff", "no such model")]
)
def test_a_model_that_is_not_there_is_named(site: Site, name: str, sentence: str) -> None:
    with pytest.raises(NotFound, match=sentence):
        model_named(site.runtime, site.marketplace, name)


def a_version(*, before: Lane, after: Lane, counterfeit: bool | None, stands_for: float = 1.0) -> Rescored:
    return Rescored("ver", "MP", NOW, 0.1, before, 0.2, after, stands_for, counterfeit)


def test_a_summary_counts_what_stands_for_many_as_many() -> None:
    rows = [
        a_version(before=Lane.ANALYST, after=Lane.NO_ACTION, counterfeit=False),
        a_version(before=Lane.ANALYST, after=Lane.ANALYST, counterfeit=True),
        a_version(before=Lane.AUDIT, after=Lane.ANALYST, counterfeit=True, stands_for=30.0),
        a_version(before=Lane.NO_ACTION, after=Lane.ASK_BRAND, counterfeit=None),
    ]
    found = summary(rows)
    assert found["before"] == {"flagged": 2, "labelled": 2, "precision": 0.5, "recall": pytest.approx(1 / 31)}
    assert found["after"] == {"flagged": 3, "labelled": 2, "precision": 1.0, "recall": 1.0}
    assert {"before": "release", "after": "ask_brand", "versions": 1} in found["moves"]
    assert found["labelled"] == 3


def test_without_labels_there_is_no_precision() -> None:
    found = summary([a_version(before=Lane.NO_ACTION, after=Lane.ANALYST, counterfeit=None)])
    assert found["after"] == {"flagged": 1, "labelled": 0, "precision": None, "recall": None}
