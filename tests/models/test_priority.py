import pytest

from models.priority import expected_harm
from models.score import Score, ScoreKind


def chance(probability: float) -> Score:
    return Score(ScoreKind.CALIBRATED, 0.0, probability, (), "b", "f")


def points(total: float) -> Score:
    return Score(ScoreKind.SCORECARD, total, None, (), "s", "f")


HARMS = [
    (chance(0.5), 100.0, 4.0, 200.0, "half a chance of four sales at 100"),
    (chance(0.5), None, 4.0, 2.0, "an unknown price counts as one unit"),
    (chance(0.5), 100.0, None, 50.0, "unknown sales count as one"),
    (chance(0.5), 100.0, 0.0, 50.0, "so do none: it may be sold yet"),
    (chance(0.5), 100.0, 0.25, 50.0, "so does less than one"),
    (points(60), 100.0, 1.0, 50.0, "sixty points are one in two"),
    (Score(ScoreKind.SCORECARD, 60.0, 0.9, (), "s", "f"), 100.0, 1.0, 50.0, "what points call a chance is none"),
    (Score(ScoreKind.CALIBRATED, 60.0, None, (), "b", "f"), 100.0, 1.0, 50.0, "a model that gives no chance"),
]


@pytest.mark.parametrize(("score", "price", "sold", "harm", "_why"), HARMS)
def test_the_expected_harm_is(score: Score, price: float | None, sold: float | None, harm: float, _why: str) -> None:
    assert expected_harm(score, price=price, sold_7d=sold) == pytest.approx(harm)


def test_one_strong_signal_is_one_chance_in_ten() -> None:
    assert expected_harm(points(30), price=1.0, sold_7d=1.0) == pytest.approx(0.1, abs=0.001)


def test_more_points_are_more_harm() -> None:
    harms = [expected_harm(points(total), price=10.0, sold_7d=1.0) for total in (-20, 0, 20, 60, 500)]
    assert harms == sorted(set(harms))
