from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from features.compute import compute
from models.policies.deciding import DEFAULT_SCORECARD
from models.scorecard import score_by_points
from tests.fixtures.clocks import NOW
from tests.fixtures.facts import bare_facts, full_facts, some_facts, suspect_facts
from tests.fixtures.scorers import THRESHOLDS, a_bundle
from training.gates import Incumbent
from training.incumbent import InForce

ROWS = [compute(facts) for facts in (some_facts(), full_facts(), bare_facts(), suspect_facts())]


def test_a_champion_scores_by_probability_and_shows_from_its_own_threshold() -> None:
    found = InForce(a_bundle(), 1)
    assert found.scores(ROWS).tolist() == [score.probability for score in a_bundle().score_many(ROWS)]
    assert (found.name, found.shown_from) == (Incumbent.CHAMPION, THRESHOLDS.analyst_from)


def test_without_a_champion_the_starter_scorecard_scores_by_points() -> None:
    found = InForce(None, 1)
    points = [score_by_points(row, policy=DEFAULT_SCORECARD, fingerprint="").value for row in ROWS]
    assert found.scores(ROWS).tolist() == points
    assert points[-1] > max(points[:-1]), "the suspect one stands out"
    assert (found.name, found.shown_from) == (Incumbent.SCORECARD, 20.0)


TRAINED: list[tuple[datetime | None, bool, str]] = [
    (None, True, "a champion that does not say when"),
    (NOW - timedelta(days=1), True, "before"),
    (NOW, True, "at that very moment"),
    (NOW + timedelta(days=1), False, "after"),
]


@pytest.mark.parametrize(("as_of", "was", "_why"), TRAINED)
def test_a_champion_was_trained_by_a_time(as_of: datetime | None, was: bool, _why: str) -> None:
    assert InForce(replace(a_bundle(), references_as_of=as_of), 1).was_trained_by(NOW) is was


def test_a_scorecard_was_never_trained() -> None:
    assert not InForce(None, 1).was_trained_by(NOW)
    assert not InForce(None, 1).knew(NOW)


@pytest.mark.parametrize(("days", "knew"), [(-1, True), (0, True), (1, False)])
def test_a_champion_knew_labels_that_were_mature_at_its_training(days: int, knew: bool) -> None:
    assert InForce(replace(a_bundle(), references_as_of=NOW), 1).knew(NOW + timedelta(days=days)) is knew
