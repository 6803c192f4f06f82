from dataclasses import replace

import pytest

from tests.fixtures.labelled import a_market, snapshot_rows
from training.weighting import stands_for, training_weights

ROW = snapshot_rows(a_market(2))[0]

WEIGHTS = [
    (1.0, 1.0, 1.0, "reviewed for certain"),
    (0.7, 1.0, 0.7, "one analyst"),
    (1.0, 0.5, 2.0, "reviewed by half a chance: stands for two"),
    (1.0, 0.03, 10.0, "drawn for an audit: stands for 33, counts for ten"),
    (0.2, 0.03, 0.2 / 0.03, "below ten after its own weight"),
]


@pytest.mark.parametrize(("weight", "chance", "expected", "_why"), WEIGHTS, ids=[row[-1] for row in WEIGHTS])
def test_a_row_weighs(weight: float, chance: float, expected: float, _why: str) -> None:
    row = replace(ROW, weight=weight, inclusion_probability=chance)
    assert training_weights([row]).tolist() == pytest.approx([expected])


@pytest.mark.parametrize(("chance", "expected"), [(1.0, 1.0), (0.5, 2.0), (0.01, 100.0)])
def test_a_row_stands_for_as_many_as_its_chance_says_uncapped(chance: float, expected: float) -> None:
    assert stands_for([replace(ROW, inclusion_probability=chance, weight=0.7)]).tolist() == pytest.approx([expected])
