import numpy as np
import pytest

from models.arrays import Floats
from models.classifier import Join
from models.policies.deciding import DEFAULT_SCORECARD
from training.fit_join import fit_combiner, fit_offset, fit_points

LABELS = np.array([1, 0] * 20, dtype=np.int8)
TELLING = LABELS + np.linspace(0, 0.1, 40)
NOISE = np.tile([0.0, 0.0, 1.0, 1.0], 10)


@pytest.mark.parametrize(
    ("numbers", "text", "best"),
    [
        (
            TELLING,
            NOISE,
            0.45,
        ),  # The ranking is right at every weight below a half; the nearest to the prior is chosen.
        (NOISE, TELLING, 0.55),
        (TELLING, -TELLING, 0.45),  # Text that contradicts.
        (TELLING, TELLING, 0.5),
    ],
)
def test_the_better_learner_has_more_weight_and_few_positives_pull_it_towards_a_half(
    numbers: Floats, text: Floats, best: float
) -> None:
    found = fit_combiner(Join.SUM, numbers, text, LABELS, np.ones(40))
    assert found.text_weight == pytest.approx((20 * best + 30 * 0.5) / 50)


def test_text_that_hurts_at_any_weight_gets_none_where_positives_are_many() -> None:
    random = np.random.default_rng(0)
    labels = (np.arange(4_000) % 20 == 0).astype(np.int8)
    numbers, text = labels + 0.4 * random.standard_normal(4_000), random.standard_normal(4_000)
    assert fit_combiner(Join.SUM, numbers, text, labels, np.ones(4_000)).text_weight < 0.1


def test_values_are_standardised_by_out_of_fold_scores() -> None:
    labels = np.array([1, 0] * 20, dtype=np.int8)
    numbers, text = np.arange(40.0), np.full(40, 7.0)
    found = fit_combiner(Join.SUM, numbers, text, labels, np.ones(40))
    assert (found.numbers.mean, found.numbers.spread) == (numbers.mean(), numbers.std())
    assert (found.text.mean, found.text.spread) == (7.0, 1e-9)


def test_the_offset_is_the_calibrated_log_odds_of_the_text() -> None:
    random = np.random.default_rng(0)
    text = 3 + 2 * random.standard_normal(20_000)
    labels = (random.random(20_000) < 1 / (1 + np.exp(4 - 0.9 * text))).astype(np.int8)
    combiner, offset = fit_offset(text, labels, np.ones(20_000))
    assert combiner.join is Join.OFFSET
    assert offset == pytest.approx(0.9 * text - 4, abs=0.2)
    assert combiner.join_values(np.zeros(20_000), text) - offset == pytest.approx(np.full(20_000, -offset.mean()))


def test_text_that_tells_nothing_or_the_contrary_is_no_offset() -> None:
    for text in (NOISE, -TELLING):
        combiner, offset = fit_offset(text, LABELS, np.ones(40))
        assert combiner.text_weight < 0.01
        assert offset == pytest.approx(np.full(40, offset[0]), abs=0.05)


def test_points_get_the_weight_that_the_labels_give_them_beside_the_text() -> None:
    """With log-odds of text - 4 + 0.05 a point, and points that do not follow the text."""
    random = np.random.default_rng(0)
    text, sums = random.standard_normal(20_000), 20 * random.standard_normal(20_000)
    labels = (random.random(20_000) < 1 / (1 + np.exp(4 - text - 0.05 * sums))).astype(np.int8)
    found = fit_points(text, DEFAULT_SCORECARD, sums, labels, np.ones(20_000))
    assert found.weight / found.spread == pytest.approx(0.05, abs=0.005)


def test_points_that_say_no_more_than_chance_get_hardly_any_weight() -> None:
    """With forty counterfeits of 500, the weight of noise has a standard error of about .17."""
    random, found = np.random.default_rng(0), []
    for _ in range(100):
        labels = (np.arange(500) < 40).astype(np.int8)
        text, sums = labels + random.standard_normal(500), random.standard_normal(500)
        found.append(fit_points(text, DEFAULT_SCORECARD, sums, labels, np.ones(500)).weight)
    assert np.mean(np.array(found) == 0) > 0.7
    assert np.mean(found) < 0.04


def test_points_that_speak_against_the_labels_get_no_weight() -> None:
    assert fit_points(NOISE, DEFAULT_SCORECARD, -TELLING, LABELS, np.ones(40)).weight == 0.0


def test_points_that_are_all_equal_are_harmless() -> None:
    assert fit_points(TELLING, DEFAULT_SCORECARD, np.zeros(40), LABELS, np.ones(40)).weight == 0.0
