import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize

from models.classifier import Join
from training.fit_join import fit_combiner, fit_sigmoid


def test_the_sigmoid_is_the_one_of_least_log_loss() -> None:
    """The second method: the weighted log-loss of Platt's form, minimised directly."""
    random = np.random.default_rng(0)
    values, weights = random.standard_normal(300), random.uniform(0.2, 1.0, 300)
    labels = (random.random(300) < 1 / (1 + np.exp(-(1.5 * values - 0.7)))).astype(np.int8)

    def loss(at: NDArray[np.float64]) -> float:
        signed = (at[0] * values + at[1]) * (2 * labels - 1)
        return float((weights * np.logaddexp(0, -signed)).sum())

    found = fit_sigmoid(values, labels, weights)
    assert [found.slope, found.offset] == pytest.approx(minimize(loss, [1.0, 0.0]).x, abs=2e-3)


def test_the_order_of_scores_survives_a_calibration_on_misleading_values() -> None:
    values, labels = np.array([3.0, 2.0, 1.0, 0.0] * 5), np.array([0, 0, 1, 1] * 5, dtype=np.int8)
    assert fit_sigmoid(values, labels, np.ones(20)).slope == 1e-3


def test_the_weight_of_the_text_is_pulled_towards_two_thirds() -> None:
    """Numbers rank right at every weight up to 0.5 here; the lowest, 0.1, is taken first.
    With 20 positives: (20 x 0.1 + 100 x 2/3) / 120."""
    labels = np.array([1, 0] * 20, dtype=np.int8)
    numbers = labels + np.linspace(0, 0.1, 40)
    noise = np.tile([0.0, 0.0, 1.0, 1.0], 10)
    found = fit_combiner(Join.SUM, numbers, noise, labels, np.ones(40))
    assert found.text_weight == pytest.approx((20 * 0.1 + 100 * 2 / 3) / 120)


def test_values_are_standardised_by_what_was_scored_out_of_fold() -> None:
    labels = np.array([1, 0] * 20, dtype=np.int8)
    numbers, text = np.arange(40.0), np.full(40, 7.0)
    found = fit_combiner(Join.SUM, numbers, text, labels, np.ones(40))
    assert (found.numbers.mean, found.numbers.spread) == (numbers.mean(), numbers.std())
    assert (found.text.mean, found.text.spread) == (7.0, 1e-9)
