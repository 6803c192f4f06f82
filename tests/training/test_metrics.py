import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from models.arrays import Floats, Labels
from tests.fixtures.strategies import PROPERTY
from training.evaluate import metrics


@st.composite
def ranked_scores(draw: st.DrawFn) -> tuple[Labels, Floats, Floats]:
    """Labels of both classes, scores with ties, weights of whole sellers."""
    n = draw(st.integers(2, 30))
    labels = draw(st.lists(st.integers(0, 1), min_size=n - 2, max_size=n - 2))
    scores = draw(st.lists(st.integers(0, 6).map(lambda x: x / 6), min_size=n, max_size=n))
    weights = draw(st.lists(st.integers(1, 3), min_size=n, max_size=n))
    return np.array([0, 1, *labels], dtype=np.int8), np.array(scores), np.array(weights, dtype=np.float64)


@PROPERTY
@given(ranked_scores())
def test_average_precision_is_that_of_scikit_learn(rows: tuple[Labels, Floats, Floats]) -> None:
    labels, scores, weights = rows
    expected = average_precision_score(labels, scores, sample_weight=weights)
    assert metrics.average_precisions(labels, scores, weights[None, :])[0] == pytest.approx(expected, abs=1e-12)


@PROPERTY
@given(ranked_scores())
def test_the_area_under_the_curve_is_that_of_scikit_learn(rows: tuple[Labels, Floats, Floats]) -> None:
    labels, scores, weights = rows
    expected = roc_auc_score(labels, scores, sample_weight=weights)
    assert metrics.roc_aucs(labels, scores, weights[None, :])[0] == pytest.approx(expected, abs=1e-12)


@PROPERTY
@given(ranked_scores())
def test_a_row_of_weight_zero_has_no_effect(rows: tuple[Labels, Floats, Floats]) -> None:
    labels, scores, weights = rows
    weights[2:] *= np.arange(len(weights) - 2) % 2
    has_weight = weights > 0
    expected = average_precision_score(labels[has_weight], scores[has_weight], sample_weight=weights[has_weight])
    assert metrics.average_precisions(labels, scores, weights[None, :])[0] == pytest.approx(expected, abs=1e-12)


@PROPERTY
@given(ranked_scores())
def test_many_weightings_are_those_of_each(rows: tuple[Labels, Floats, Floats]) -> None:
    labels, scores, weights = rows
    many = np.vstack([weights, np.ones_like(weights), weights[::-1]])
    alone = [metrics.average_precisions(labels, scores, weighting[None, :])[0] for weighting in many]
    assert metrics.average_precisions(labels, scores, many).tolist() == alone


@pytest.mark.parametrize("labels", [[0, 0, 0], [1, 1, 1]])
def test_one_class_has_no_figure(labels: list[int]) -> None:
    label_array, scores = np.array(labels, dtype=np.int8), np.array([0.1, 0.2, 0.3])
    assert np.isnan(metrics.average_precision(label_array, scores))
    assert np.isnan(metrics.roc_auc(label_array, scores))
    assert np.isnan(metrics.recall_at(label_array, scores, false_alarms=0.1))


def test_average_precision_by_hand() -> None:
    """Counterfeit at ranks 1 and 3: (1/1 + 2/3) / 2."""
    precision = metrics.average_precision(np.array([1, 0, 1], dtype=np.int8), np.array([0.9, 0.8, 0.7]))
    assert precision == pytest.approx(5 / 6)


PRECISIONS = [(1, 1.0), (2, 0.5), (3, 2 / 3), (99, 2 / 4)]


@pytest.mark.parametrize(("k", "expected"), PRECISIONS)
def test_precision_among_the_highest(k: int, expected: float) -> None:
    labels, scores = np.array([0, 1, 1, 0], dtype=np.int8), np.array([0.7, 0.9, 0.5, 0.1])
    assert metrics.precision_at(labels, scores, k) == pytest.approx(expected)


def test_precision_among_none_does_not_exist() -> None:
    assert np.isnan(metrics.precision_at(np.array([1], dtype=np.int8), np.array([0.5]), 0))


@PROPERTY
@given(ranked_scores())
def test_the_squared_error_is_that_of_scikit_learn(rows: tuple[Labels, Floats, Floats]) -> None:
    labels, probabilities, weights = rows
    assert metrics.brier(labels, probabilities) == pytest.approx(brier_score_loss(labels, probabilities), abs=1e-12)
    expected = brier_score_loss(labels, probabilities, sample_weight=weights)
    assert metrics.brier(labels, probabilities, weights) == pytest.approx(expected, abs=1e-12)


def test_the_calibration_error_by_hand() -> None:
    """Two bins of two: |0.15 - 0.5| and |0.85 - 1.0|, each half of the rows."""
    labels, probabilities = np.array([0, 1, 1, 1], dtype=np.int8), np.array([0.1, 0.2, 0.8, 0.9])
    assert metrics.calibration_error(labels, probabilities, bins=2) == pytest.approx((0.35 + 0.15) / 2)


def test_a_calibrated_model_has_no_calibration_error() -> None:
    labels, probabilities = np.array([0, 1] * 10, dtype=np.int8), np.full(20, 0.5)
    assert metrics.calibration_error(labels, probabilities) == pytest.approx(0)


def test_fewer_rows_than_bins_are_bins_of_one() -> None:
    labels, probabilities = np.array([0, 1], dtype=np.int8), np.array([0.2, 0.9])
    assert metrics.calibration_error(labels, probabilities) == pytest.approx((0.2 + 0.1) / 2)


def test_the_weighted_calibration_error_by_hand() -> None:
    """Bins of two: 0.1 x 3 and 0.2 x 1 against one counterfeit of weight 1, and 0.8, 0.9 against two of weight 1."""
    labels, probabilities = np.array([0, 1, 1, 1], dtype=np.int8), np.array([0.1, 0.2, 0.8, 0.9])
    error = metrics.calibration_error(labels, probabilities, np.array([3.0, 1.0, 1.0, 1.0]), bins=2)
    assert error == pytest.approx((abs(0.3 + 0.2 - 1) + abs(1.7 - 2)) / 6)


@PROPERTY
@given(ranked_scores())
def test_a_row_of_weight_three_is_three_rows(rows: tuple[Labels, Floats, Floats]) -> None:
    """For figures without bins or positions; the weights are whole numbers."""
    labels, scores, weights = rows
    times = weights.astype(int)
    many_labels, many_scores = np.repeat(labels, times), np.repeat(scores, times)
    for figure in (metrics.average_precision, metrics.roc_auc, metrics.brier):
        assert figure(labels, scores, weights) == pytest.approx(figure(many_labels, many_scores), abs=1e-12)
    recall = metrics.recall_at(labels, scores, weights, false_alarms=0.3)
    assert recall == pytest.approx(metrics.recall_at(many_labels, many_scores, false_alarms=0.3), abs=1e-12)


@PROPERTY
@given(ranked_scores(), st.sampled_from([0.01, 0.5, 7.0, 100.0]))
def test_only_the_proportions_of_weights_matter(rows: tuple[Labels, Floats, Floats], scale: float) -> None:
    labels, scores, weights = rows
    figures = (
        metrics.average_precision, metrics.roc_auc, metrics.brier, metrics.calibration_error,
    )  # fmt: skip
    for figure in figures:
        assert figure(labels, scores, weights * scale) == pytest.approx(figure(labels, scores, weights), abs=1e-12)
    assert metrics.effective_number(weights * scale) == pytest.approx(metrics.effective_number(weights))


RECALLS = [
    (0.0, 1 / 3, "before the first genuine listing"),
    (0.49, 1 / 3, "half of the genuine are too many"),
    (0.5, 2 / 3, "one of two genuine"),
    (1.0, 1.0, "everything flagged"),
]


@pytest.mark.parametrize(("false_alarms", "expected", "_why"), RECALLS)
def test_recall_at_a_share_of_flagged_genuine_listings(false_alarms: float, expected: float, _why: str) -> None:
    """From the highest score: counterfeit; then one of each with equal scores; genuine; counterfeit."""
    labels, scores = np.array([1, 1, 0, 0, 1], dtype=np.int8), np.array([0.9, 0.6, 0.6, 0.4, 0.2])
    assert metrics.recall_at(labels, scores, false_alarms=false_alarms) == pytest.approx(expected)


def test_no_alarm_is_allowed_where_every_counterfeit_is_tied_with_a_genuine_listing() -> None:
    assert metrics.recall_at(np.array([1, 0], dtype=np.int8), np.array([0.5, 0.5]), false_alarms=0.2) == 0


GROUPS = np.array([0, 0, 0, 7, 7, 9])


def test_every_resample_draws_as_many_sellers_as_there_are() -> None:
    counts = metrics.seller_bootstrap(GROUPS, times=200, seed=0)
    assert counts.shape == (200, 6)
    assert (counts[:, [0, 3, 5]].sum(axis=1) == 3).all()


def test_the_rows_of_a_seller_are_drawn_together() -> None:
    counts = metrics.seller_bootstrap(GROUPS, times=200, seed=0)
    assert (counts[:, 0] == counts[:, 1]).all()
    assert (counts[:, 3] == counts[:, 4]).all()


def test_every_seller_is_as_likely_as_every_other() -> None:
    """Each seller is expected once per resample; with 4,000 resamples, five standard errors are 0.065."""
    assert np.abs(metrics.seller_bootstrap(GROUPS, times=4_000, seed=0).mean(axis=0) - 1).max() < 0.065


def test_equal_seeds_draw_equally() -> None:
    draws, other = (metrics.seller_bootstrap(GROUPS, times=5, seed=3) for _ in range(2))
    assert np.array_equal(draws, other)


def test_an_interval_is_the_middle_of_the_figures() -> None:
    assert metrics.central_interval(np.arange(1001) / 1000) == pytest.approx((0.025, 0.975))


def test_figures_that_do_not_exist_are_left_out_of_an_interval() -> None:
    assert metrics.central_interval(np.array([np.nan, 1.0, 1.0])) == (1.0, 1.0)


def test_an_interval_without_figures_does_not_exist() -> None:
    assert np.isnan(metrics.central_interval(np.array([np.nan]))).all()
