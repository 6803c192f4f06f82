import numpy as np
import pytest

from models.classifier import Join
from training.fit_join import fit_combiner


def test_the_weight_of_the_text_is_pulled_towards_two_thirds() -> None:
    """The ranking is right at every weight up to 0.5, so the lowest, 0.1, is chosen.
    With 20 positives: (20 x 0.1 + 100 x 2/3) / 120."""
    labels = np.array([1, 0] * 20, dtype=np.int8)
    numbers = labels + np.linspace(0, 0.1, 40)
    noise = np.tile([0.0, 0.0, 1.0, 1.0], 10)
    found = fit_combiner(Join.SUM, numbers, noise, labels, np.ones(40))
    assert found.text_weight == pytest.approx((20 * 0.1 + 100 * 2 / 3) / 120)


def test_values_are_standardised_by_out_of_fold_scores() -> None:
    labels = np.array([1, 0] * 20, dtype=np.int8)
    numbers, text = np.arange(40.0), np.full(40, 7.0)
    found = fit_combiner(Join.SUM, numbers, text, labels, np.ones(40))
    assert (found.numbers.mean, found.numbers.spread) == (numbers.mean(), numbers.std())
    assert (found.text.mean, found.text.spread) == (7.0, 1e-9)
