"""The accuracy of automated means equals an independent recount in plain SQL over a simulated half year."""

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Connection, bindparam, text

from models.policies.learning import DEFAULT_LABELS
from models.routing import Lane
from serving.platform.database.types import UtcTime
from serving.transparency.rules.transparency_figures import Share
from serving.transparency.service.transparency_tables import RoutedListing, accuracy_in_period, accuracy_of
from tests.fixtures.runtimes import Site, a_case
from tests.serving.transparency.service.half_year import HalfYear
from training.evaluate.bands import ScoredListing

_RECOUNT: Final = Path(__file__).with_name("recount.sql").read_text(encoding="utf-8")
_FLAGGED: Final = "lane IN ('ask_brand', 'analyst')"
_PASSED: Final = "lane IN ('no_action', 'audit')"


def recount(
    connection: Connection, marketplace_id: str, since: datetime, until: datetime, group: str
) -> tuple[int, int, Any]:
    """(listings, judged, share of counterfeits) of the listings first scored in [since, until) of a group."""
    moments = {"since": since, "until": until, "mature": until - DEFAULT_LABELS.matures}
    query = text(_RECOUNT.replace("{group}", group)).bindparams(
        bindparam("here", marketplace_id), *(bindparam(name, at, type_=UtcTime()) for name, at in moments.items())
    )
    n, judged, share = connection.execute(query).one()
    return n, judged, None if share is None else pytest.approx(float(share), abs=1e-12)


def figures(share: Share) -> tuple[int, float | None]:
    return share.judged, share.value


def check(site: Site, since: datetime, until: datetime) -> None:
    with site.runtime.store.read() as connection:
        model_accuracy = accuracy_in_period(connection, site.marketplace_id, since, until)
        assert figures(model_accuracy.flagged) == recount(connection, site.marketplace_id, since, until, _FLAGGED)[1:]
        assert (
            figures(model_accuracy.passed_over) == recount(connection, site.marketplace_id, since, until, _PASSED)[1:]
        )
        for band in model_accuracy.bands:
            inside = f"probability >= {band.low} AND probability < {band.high + (band.high == 1.0)}"
            expected = recount(connection, site.marketplace_id, since, until, inside)
            assert (band.listings, *figures(band.counterfeit)) == expected, inside


def play_half_year(site: Site, rows_a_step: int, seed: int) -> datetime:
    """Play half a year; returns its begin."""
    begins = site.clock.now()
    HalfYear(site, rows_a_step, random.Random(seed)).play()
    return begins


_SUBJECTS: Final = {
    "lanes of the models": "SELECT lane, count(*) FROM score WHERE probability > 0 GROUP BY lane",
    "models": "SELECT scorer, count(*) FROM score WHERE probability > 0 GROUP BY scorer",
    "the scorecard": "SELECT scorer, count(*) FROM score WHERE probability IS NULL GROUP BY scorer",
    "sides": "SELECT side, count(*) FROM verdict GROUP BY side",
    "undone": "SELECT judgement, count(*) FROM verdict WHERE judgement = 'withdrawn' GROUP BY judgement",
    "appeals": "SELECT state, count(*) FROM appeal GROUP BY state",
}


def subjects_of(site: Site) -> dict[str, set[str]]:
    """The values of each subject of the recount that occurred."""
    with site.runtime.store.read() as connection:
        return {name: {row[0] for row in connection.execute(text(query))} for name, query in _SUBJECTS.items()}


def check_all_occurred(site: Site) -> None:
    values_by_subject = subjects_of(site)
    assert values_by_subject["lanes of the models"] == {lane.value for lane in Lane}
    assert (len(values_by_subject["models"]), len(values_by_subject["the scorecard"])) == (2, 1)
    assert values_by_subject["sides"] == {"brand", "analyst"}
    assert values_by_subject["undone"] == {"withdrawn"}
    assert values_by_subject["appeals"] == {"open", "upheld", "dismissed"}


def test_a_half_year_is_counted_as_plain_sql_counts_it(site: Site) -> None:
    begins = play_half_year(site, rows_a_step=6, seed=1)
    ends = site.clock.now()
    check_all_occurred(site)
    middle = begins + (ends - begins) / 2
    for since, until in ((begins, ends), (begins, middle), (middle, ends), (begins, begins + timedelta(days=1))):
        check(site, since, until)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3))
def test_many_half_years_are_counted_as_plain_sql_counts_them(any_site: Site, seed: int) -> None:
    begins = play_half_year(any_site, rows_a_step=30, seed=seed)
    ends = any_site.clock.now()
    check_all_occurred(any_site)
    check(any_site, begins, ends)
    for month in range(6):
        check(any_site, begins + timedelta(days=30 * month), begins + timedelta(days=30 * (month + 1)))


def listing(lane: Lane, probability: float, *, counterfeit: bool | None, chance: float = 1.0) -> RoutedListing:
    return RoutedListing(lane, ScoredListing(probability, chance, counterfeit, reviewed=counterfeit is not None))


def test_the_random_sample_represents_unreviewed_listings() -> None:
    flagged = [listing(Lane.ASK_BRAND, 0.9, counterfeit=number != 0) for number in range(10)]
    # A hundred passed listings, ten of them sampled at one in ten, one of those a counterfeit.
    drawn = [listing(Lane.AUDIT, 0.05, counterfeit=number == 0, chance=0.1) for number in range(10)]
    unseen = [listing(Lane.NO_ACTION, 0.05, counterfeit=None, chance=0.1) for _ in range(90)]
    thin = [listing(Lane.INSUFFICIENT_EVIDENCE, 0.3, counterfeit=True)]
    model_accuracy = accuracy_of([*flagged, *drawn, *unseen, *thin])
    assert model_accuracy.flagged.value == pytest.approx(0.9)
    assert model_accuracy.flagged.rest.value == pytest.approx(0.1)
    assert model_accuracy.passed_over.value == pytest.approx(0.1)
    assert model_accuracy.passed_over.low < 0.1 < model_accuracy.passed_over.high
    assert (model_accuracy.flagged.judged, model_accuracy.passed_over.judged) == (10, 10)
    assert sum(band.listings for band in model_accuracy.bands) == 111


@pytest.mark.parametrize("probability", [0.02, 0.3, 0.97])
def test_a_listing_counts_where_its_lane_says_whatever_its_probability(probability: float) -> None:
    """Thresholds are stored with each model: what one sends to a person, another passes."""
    flagged = accuracy_of([listing(Lane.ANALYST, probability, counterfeit=True)])
    assert (flagged.flagged.judged, flagged.passed_over.judged) == (1, 0)
    passed = accuracy_of([listing(Lane.AUDIT, probability, counterfeit=False, chance=0.5)])
    assert (passed.flagged.judged, passed.passed_over.judged) == (0, 1)


def test_listings_scored_by_the_scorecard_are_excluded(site: Site) -> None:
    begins = site.clock.now()
    a_case(site)
    site.clock.forward(days=1)
    model_accuracy = site.read(accuracy_in_period, site.marketplace_id, begins, site.clock.now())
    assert model_accuracy.flagged.value is None
    assert sum(band.listings for band in model_accuracy.bands) == 0
