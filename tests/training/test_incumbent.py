from features.compute import compute
from models.policies.scorecard import DEFAULT_SCORECARD
from models.scorecard import score_by_points
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
