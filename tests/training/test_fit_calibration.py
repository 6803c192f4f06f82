from itertools import pairwise

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.isotonic import IsotonicRegression

from models.arrays import Floats
from models.calibration import Curve, Method, Sigmoid, expits
from tests.fixtures.strategies import PROPERTY
from training.fit.calibration import OutOfFoldValues, _GroupedRows, fit_calibration, fit_curve, fit_sigmoid, method_for

METHODS = [
    (10, 10, Method.SIGMOID, "a first model"),
    (299, 299, Method.SIGMOID, "one counterfeit short of a curve"),
    (300, 60, Method.VENN_ABERS, "enough of both"),
    (300, 59, Method.SIGMOID, "enough counterfeits, of one seller too few"),
    (5_000, 20, Method.SIGMOID, "many counterfeits of a handful of sellers are few observations"),
    (999, 500, Method.VENN_ABERS, "one short of the simpler curve"),
    (1_000, 60, Method.ISOTONIC, "many"),
]


@pytest.mark.parametrize(("positives", "sellers", "method", "_why"), METHODS)
def test_the_number_of_labels_determines_the_method(positives: int, sellers: int, method: Method, _why: str) -> None:
    assert method_for(positives, sellers) is method


def observed_values(n: int, *, seed: int = 0, share: float = -1.0, sellers: int | None = None) -> OutOfFoldValues:
    """Values whose true log-odds are 1.5 x value + share, with three listings per seller."""
    random = np.random.default_rng(seed)
    values = random.standard_normal(n)
    labels = (random.random(n) < expits(1.5 * values + share)).astype(np.int8)
    return OutOfFoldValues(values, labels, np.ones(n), np.arange(n) % (sellers or n // 3))


def rows_of_sample(sample: OutOfFoldValues, rows: NDArray[np.intp]) -> OutOfFoldValues:
    return OutOfFoldValues(sample.values[rows], sample.labels[rows], sample.weights[rows], sample.groups[rows])


@st.composite
def any_observed(draw: st.DrawFn) -> OutOfFoldValues:
    """Few rows, with tied values, very unequal or zero weights, and both classes."""
    n = draw(st.integers(4, 40))
    values = draw(st.lists(st.integers(-3, 3).map(float), min_size=n, max_size=n))
    labels = draw(st.lists(st.integers(0, 1), min_size=n - 2, max_size=n - 2))
    weights = draw(st.lists(st.sampled_from([0.0, 0.3, 1.0, 10.0]), min_size=n - 2, max_size=n - 2))
    groups = draw(st.lists(st.integers(0, 8), min_size=n, max_size=n))
    return OutOfFoldValues(
        np.array(values), np.array([0, 1, *labels], dtype=np.int8), np.array([1.0, 1.0, *weights]), np.array(groups)
    )


@PROPERTY
@given(any_observed(), st.sampled_from(Method))
def test_every_curve_rises(sample: OutOfFoldValues, method: Method) -> None:
    heights = fit_curve(method, sample).log_odds(np.linspace(-4, 4, 33))
    assert np.isfinite(heights).all()
    assert (np.diff(heights) > 0).all()


@PROPERTY
@given(any_observed())
def test_a_calibration_can_be_fitted_to_any_rows_of_both_classes(sample: OutOfFoldValues) -> None:
    assert np.isfinite(fit_calibration(sample).log_odds(sample.values)).all()


def test_the_sigmoid_is_the_one_of_least_log_loss() -> None:
    """Compared with direct minimisation of the weighted log-loss."""
    random = np.random.default_rng(0)
    values, weights = random.standard_normal(300), random.uniform(0.2, 1.0, 300)
    labels = (random.random(300) < 1 / (1 + np.exp(-(1.5 * values - 0.7)))).astype(np.int8)

    def loss(at: Floats) -> float:
        signed = (at[0] * values + at[1]) * (2 * labels - 1)
        return float((weights * np.logaddexp(0, -signed)).sum())

    sigmoid = fit_sigmoid(values, labels, weights)
    assert [sigmoid.slope, sigmoid.offset] == pytest.approx(minimize(loss, [1.0, 0.0]).x, abs=2e-3)


def test_the_order_of_scores_survives_a_calibration_on_misleading_values() -> None:
    values, labels = np.array([3.0, 2.0, 1.0, 0.0] * 5), np.array([0, 0, 1, 1] * 5, dtype=np.int8)
    assert fit_sigmoid(values, labels, np.ones(20)).slope == 1e-3


def test_values_that_separate_the_classes_have_a_finite_slope() -> None:
    values, labels = np.array([-1.0, -0.9, 0.9, 1.0]), np.array([0, 0, 1, 1], dtype=np.int8)
    assert 3 < fit_sigmoid(values, labels, np.ones(4)).slope < 100


def test_values_that_are_all_alike_give_the_share_of_counterfeits() -> None:
    sigmoid = fit_sigmoid(np.full(10, 7.0), np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, 0], dtype=np.int8), np.ones(10))
    assert expits(sigmoid.log_odds(np.array([7.0])))[0] == pytest.approx(0.2, abs=1e-3)


@PROPERTY
@given(any_observed())
def test_the_isotonic_shares_are_those_of_scikit_learn(sample: OutOfFoldValues) -> None:
    """Except those of 0 and 1."""
    grouped = _GroupedRows.of(sample)
    expected = IsotonicRegression().fit_transform(
        grouped.values, grouped.positives / grouped.weights, sample_weight=grouped.weights
    )
    between = (expected > 1e-6) & (expected < 1 - 1e-6)
    assert grouped.isotonic()[between] == pytest.approx(expected[between], abs=1e-9)


def test_shares_of_zero_and_one_move_by_half_a_row() -> None:
    """Eight genuine below, two of four counterfeit between, three counterfeit above."""
    labels = np.array([0] * 8 + [1, 0, 1, 0] + [1] * 3, dtype=np.int8)
    values = np.array([*range(8), 9.0, 9.0, 9.0, 9.0, 10.0, 11.0, 12.0])
    shares = _GroupedRows.of(OutOfFoldValues(values, labels, np.ones(15), np.arange(15))).isotonic()
    assert shares == pytest.approx([0.5 / 9] * 8 + [0.5] + [1 - 0.5 / 4] * 3)


@PROPERTY
@given(any_observed())
def test_venn_abers_shares_are_those_of_their_definition(sample: OutOfFoldValues) -> None:
    """By the definition: for each label, the listing is added to the others with it, and an isotonic regression is
    fitted."""
    grouped = _GroupedRows.of(sample)
    for i, share in enumerate(grouped.venn_abers()):
        p = []
        for label in (0.0, 1.0):
            values, weights = np.append(grouped.values, grouped.values[i]), np.append(grouped.weights, 1.0)
            shares = np.append(grouped.positives / grouped.weights, label)
            fitted = IsotonicRegression().fit(values, shares, sample_weight=weights)
            p.append(float(fitted.predict([grouped.values[i]])[0]))
        assert share == pytest.approx(p[1] / (1 - p[0] + p[1]), abs=1e-9)


def test_equal_values_are_one_group() -> None:
    sample = observed_values(90)
    tied = OutOfFoldValues(np.round(sample.values), sample.labels, sample.weights, sample.groups)
    assert _GroupedRows.of(tied).values.tolist() == sorted(set(tied.values.tolist()))


def test_many_rows_form_equal_groups() -> None:
    grouped = _GroupedRows.of(observed_values(10_000))
    assert grouped.weights.tolist() == [50.0] * 200
    assert all(low < high for low, high in pairwise(grouped.values))


def test_a_row_of_weight_ten_is_less_than_ten_rows() -> None:
    """Nine rows of weight 1 and one of 10: their effective number is 19 squared over 109."""
    sample = observed_values(10)
    heavy = OutOfFoldValues(sample.values, sample.labels, np.array([1.0] * 9 + [10.0]), sample.groups)
    assert _GroupedRows.of(heavy).weights.sum() == pytest.approx(19**2 / 109)


def test_a_row_of_no_weight_bends_no_curve() -> None:
    sample = observed_values(900)
    weights = np.where(np.arange(900) < 600, 1.0, 0.0)
    part = rows_of_sample(sample, np.arange(600))
    for method in Method:
        curve = fit_curve(method, OutOfFoldValues(sample.values, sample.labels, weights, sample.groups))
        assert curve.log_odds(part.values) == pytest.approx(fit_curve(method, part).log_odds(part.values), abs=1e-5)


@pytest.mark.parametrize("method", Method)
def test_each_method_recovers_the_truth(method: Method) -> None:
    """The truth is a straight line, which all three can fit; 20,000 rows leave little noise."""
    at = np.linspace(-1.5, 1.5, 13)
    heights = fit_curve(method, observed_values(20_000)).log_odds(at)
    assert np.abs(expits(heights) - expits(1.5 * at - 1.0)).max() < 0.05


@pytest.mark.parametrize("method", [Method.VENN_ABERS, Method.ISOTONIC])
def test_a_bent_truth_is_fitted_where_a_sigmoid_cannot(method: Method) -> None:
    random = np.random.default_rng(3)
    values = random.uniform(-2, 2, 6_000)
    truth = np.where(values < 1, 0.05, 0.9)
    sample = OutOfFoldValues(values, (random.random(6_000) < truth).astype(np.int8), np.ones(6_000), np.arange(6_000))
    bent, straight = (
        np.mean((expits(fit_curve(m, sample).log_odds(values)) - truth) ** 2) for m in (method, Method.SIGMOID)
    )
    assert bent < straight / 5


def test_with_a_single_step_the_curve_is_a_line() -> None:
    """Uninformative values: the isotonic fit is constant and would lose the order."""
    falling = OutOfFoldValues(
        np.arange(40.0), np.array([1, 0] * 20, dtype=np.int8)[::-1].copy(), np.ones(40), np.arange(40)
    )
    level = OutOfFoldValues(np.zeros(40), falling.labels, falling.weights, falling.groups)
    assert isinstance(fit_curve(Method.ISOTONIC, level), Sigmoid)


def test_many_rows_have_a_curve_and_a_band() -> None:
    calibration = fit_calibration(observed_values(1_500))
    assert (calibration.method, type(calibration.curve)) == (Method.VENN_ABERS, Curve)
    assert calibration.band is not None


def test_few_sellers_have_no_band() -> None:
    """Each class needs five sellers."""
    four, five = (fit_calibration(observed_values(120, sellers=sellers)).band for sellers in (4, 5))
    assert four is None
    assert five is not None


def test_equal_seeds_give_equal_calibrations() -> None:
    calibration, other, third = (fit_calibration(observed_values(120), seed=seed) for seed in (1, 1, 2))
    assert calibration == other
    assert (third.curve, third.band == calibration.band) == (calibration.curve, False)


def test_a_band_narrows_with_the_number_of_sellers() -> None:
    """By less than the root of sixteen, because the larger sample has a curve instead of a line."""
    few, many = (fit_calibration(observed_values(n)).intervals(np.array([1.0])) for n in (150, 2_400))
    assert few is not None
    assert many is not None
    assert np.ptp(many) < 0.7 * np.ptp(few)


def test_repeated_listings_of_a_seller_do_not_narrow_the_band() -> None:
    """The same 240 rows, each listed three times by its seller: three times the rows, but the same information."""
    once = observed_values(240)
    often = rows_of_sample(once, np.tile(np.arange(240), 3))
    band, three = (fit_calibration(sample).intervals(np.array([0.5])) for sample in (once, often))
    assert band is not None
    assert three is not None
    assert np.ptp(three) == pytest.approx(np.ptp(band), rel=0.05)


@pytest.mark.parametrize("n", [120, pytest.param(1_500, marks=pytest.mark.soak)])
def test_a_band_has_about_its_nominal_coverage(n: int) -> None:
    """8 samples at three values each, by a sigmoid and by a curve; the truth is the line 1.5 x value - 1."""
    at = np.array([-0.5, 0.5, 1.5])
    coverage = []
    for seed in range(8):
        band = fit_calibration(observed_values(n, seed=seed)).intervals(at)
        assert band is not None
        truth = expits(1.5 * at - 1.0)
        coverage.append((band[:, 0] <= truth) & (truth <= band[:, 1]))
    assert np.mean(coverage) >= 0.85
