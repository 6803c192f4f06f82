import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from models.calibration import Sigmoid, expit
from tests.fixtures.strategies import PROPERTY


@pytest.mark.parametrize(("log_odds", "odds"), [(0.0, 1), (math.log(3), 3), (math.log(99), 99), (-math.log(4), 0.25)])
def test_log_odds_are_a_probability(log_odds: float, odds: float) -> None:
    assert expit(log_odds) == pytest.approx(odds / (1 + odds), abs=1e-15)


@PROPERTY
@given(st.floats(allow_nan=False))
def test_no_probability_is_zero_or_one(log_odds: float) -> None:
    assert 1e-9 <= expit(log_odds) <= 1 - 1e-9


@PROPERTY
@given(st.floats(-50, 50), st.floats(-50, 50))
def test_higher_log_odds_never_mean_less(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert expit(low) <= expit(high)


def test_a_sigmoid_scales_and_shifts() -> None:
    assert Sigmoid(2.0, -1.0).log_odds(3.0) == 5.0


def test_many_probabilities_are_those_of_each() -> None:
    sigmoid, values = Sigmoid(2.0, -1.0), np.array([-3.0, 0.0, 0.5])
    assert sigmoid.probabilities(values).tolist() == [sigmoid.probability(float(value)) for value in values]
