from dataclasses import replace
from datetime import timedelta

import pytest

from models.labels import Label
from models.routing import Lane
from tests.training.simulation.test_year import EXPLORATION, launched, played
from training.simulation.arms import ARMS
from training.simulation.learning import label_of, learn, snapshot_of, true_labels
from training.simulation.year import Year


@pytest.fixture(scope="module")
def year() -> Year:
    """Two months; the first has a random model."""
    return played(launched().fork(EXPLORATION), 1)


def test_only_mature_labels_are_used(year: Year) -> None:
    rows = snapshot_of(year).rows
    assert rows
    assert all(row.matured_at <= year.now for row in rows)
    assert len(snapshot_of(replace(year, now=year.now + timedelta(days=60))).rows) > len(rows)


def test_facts_are_those_that_were_scored(year: Year) -> None:
    facts = {case.offered.external_id: case.arrival.computed.facts for case in year.cases}
    snapshot = snapshot_of(year)
    for row, read in zip(snapshot.rows, snapshot.facts(), strict=True):
        assert read == facts[row.listing_id]


def test_samples_keep_their_probability_and_flagged_listings_have_one(year: Year) -> None:
    for row in snapshot_of(year).rows:
        assert (row.lane == Lane.AUDIT.value) == (row.inclusion_probability < 1)


def test_an_arm_without_exploration_ignores_samples(year: Year) -> None:
    flagged_only = snapshot_of(year.fork(ARMS["flagged-only"])).rows
    explored = snapshot_of(year).rows
    assert {row.listing_id for row in explored if row.lane != Lane.AUDIT.value} == {
        row.listing_id for row in flagged_only
    }
    assert len(flagged_only) < len(explored)


def test_an_unreviewed_listing_has_no_label(year: Year) -> None:
    released = [case for case in year.cases if case.settled is None]
    assert released
    assert not any(isinstance(label_of(case, year.now + timedelta(days=90)), Label) for case in released)


def test_a_training_is_kept_with_its_result(year: Year) -> None:
    year = year.fork(EXPLORATION)
    before = year.champion
    learn(year, 2)
    (training,) = year.trainings
    assert (training.month, training.rows) == (2, len(snapshot_of(year).rows))
    assert training.positives == sum(row.label for row in snapshot_of(year).rows)
    assert training.promoted == (not training.refused_by)
    assert (year.champion is not before) == training.promoted == (2 in year.champions)


def test_too_few_labels_are_refused_with_a_reason() -> None:
    year = played(Year(launched().market, EXPLORATION, launched().market.start, 0.05), 1)
    learn(year, 1)
    assert "are needed to train" in year.trainings[0].refused_by["snapshot"]
    assert year.champion is None


def test_the_true_labels_cover_every_listing_whether_reviewed_or_not(year: Year) -> None:
    found = true_labels(year)
    assert found.facts == [case.arrival.computed.facts for case in year.cases]
    assert found.labels.tolist() == [case.offered.truth.counterfeit for case in year.cases]
    sellers = [case.offered.seller for case in year.cases]
    assert len(set(found.groups.tolist())) == len(set(sellers))
    assert len(set(zip(sellers, found.groups.tolist(), strict=True))) == len(set(sellers))
