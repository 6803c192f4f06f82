import math
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray

from models.calibration import (
    Band,
    Calibration,
    Curve,
    Method,
    Sigmoid,
    calibration_from_dict,
    calibration_to_dict,
    expit,
    expits,
    logits,
)
from tests.fixtures.strategies import PROPERTY

SIGMOID = Sigmoid(2.0, -1.0)
CURVE = Curve((-1.0, 0.0, 2.0), (-4.0, -3.0, 1.0))
BAND = Band((-1.0, 2.0), (-5.0, 0.5), (-3.0, 1.5))
CALIBRATIONS = [
    Calibration(Method.SIGMOID, SIGMOID, None),
    Calibration(Method.SIGMOID, SIGMOID, BAND),
    Calibration(Method.VENN_ABERS, CURVE, BAND),
    Calibration(Method.ISOTONIC, CURVE, None),
]
each_calibration = pytest.mark.parametrize(
    "calibration",
    CALIBRATIONS,
    ids=lambda calibration: f"{calibration.method} {'with' if calibration.band else 'without'} band",
)


def values(*numbers: float) -> NDArray[np.float64]:
    return np.array(numbers, dtype=np.float64)


@pytest.mark.parametrize(("log_odds", "odds"), [(0.0, 1), (math.log(3), 3), (math.log(99), 99), (-math.log(4), 0.25)])
def test_log_odds_are_a_probability(log_odds: float, odds: float) -> None:
    assert expit(log_odds) == pytest.approx(odds / (1 + odds), abs=1e-15)


@PROPERTY
@given(st.floats(allow_nan=False))
def test_no_probability_is_zero_or_one(log_odds: float) -> None:
    assert 1e-9 <= expit(log_odds) <= 1 - 1e-9


@PROPERTY
@given(st.floats(-50, 50), st.floats(-50, 50))
def test_higher_log_odds_never_mean_less(first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert expit(low) <= expit(high)


@PROPERTY
@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=5))
def test_many_probabilities_are_those_of_each(log_odds: list[float]) -> None:
    assert expits(np.array(log_odds)).tolist() == pytest.approx([expit(number) for number in log_odds], rel=1e-12)


@PROPERTY
@given(st.floats(-20, 20))
def test_log_odds_come_back_from_their_probability(log_odds: float) -> None:
    assert logits(expits(values(log_odds)))[0] == pytest.approx(log_odds, abs=1e-6)


def test_a_certain_probability_has_finite_log_odds() -> None:
    assert logits(values(0.0, 1.0)) == pytest.approx([-20.7, 20.7], abs=1e-4)


def test_a_sigmoid_scales_and_shifts() -> None:
    assert SIGMOID.log_odds(values(3.0, 0.0)).tolist() == [5.0, -1.0]


ON_THE_CURVE = [
    (-1.0, -4.0, "a knot"),
    (-0.5, -3.5, "half way"),
    (0.5, -2.0, "a quarter of a steeper way"),
    (2.0, 1.0, "end"),
]


@pytest.mark.parametrize(("raw_value", "height", "_why"), ON_THE_CURVE)
def test_a_curve_goes_straight_from_knot_to_knot(raw_value: float, height: float, _why: str) -> None:
    assert CURVE.log_odds(values(raw_value))[0] == pytest.approx(height)


@pytest.mark.parametrize(("raw_value", "height"), [(12.0, 1.0 + 0.01), (-11.0, -4.0 - 0.01)])
def test_beyond_what_was_seen_a_curve_hardly_moves_but_keeps_the_order(raw_value: float, height: float) -> None:
    assert CURVE.log_odds(values(raw_value))[0] == pytest.approx(height)


@each_calibration
@PROPERTY
@given(st.lists(st.floats(-30, 30), min_size=2, max_size=10))
def test_the_order_of_values_survives(calibration: Calibration, raw_values: list[float]) -> None:
    steps = np.diff(calibration.log_odds(np.unique(np.round(raw_values, 3))))
    assert (steps > 0).all()


@each_calibration
@PROPERTY
@given(st.floats(-30, 30))
def test_an_interval_holds_its_probability(calibration: Calibration, raw_value: float) -> None:
    intervals = calibration.intervals(values(raw_value))
    if calibration.band is None:
        assert intervals is None
    else:
        assert intervals is not None
        low, high = intervals[0]
        assert 0 < low <= calibration.probabilities(values(raw_value))[0] <= high < 1


@each_calibration
@PROPERTY
@given(st.one_of(st.floats(-30, 30), st.sampled_from([-1.0, 0.0, 2.0, -0.0, 1e300, -1e300])))
def test_a_value_alone_has_the_bits_that_it_has_in_an_array(calibration: Calibration, raw_value: float) -> None:
    estimate, intervals = calibration.calibrate(raw_value), calibration.intervals(values(raw_value, 0.5))
    assert estimate.log_odds == calibration.log_odds(values(raw_value, 0.5))[0]
    assert estimate.probability == calibration.probabilities(values(raw_value, 0.5))[0]
    assert estimate.interval == (None if intervals is None else tuple(intervals[0]))


def test_an_interval_lies_between_the_bounds_of_its_band() -> None:
    """Half way between the band's values: -2.25 and -0.75."""
    intervals = Calibration(Method.ISOTONIC, CURVE, BAND).intervals(values(0.5))
    assert intervals is not None
    assert intervals[0] == pytest.approx([expit(-2.25), expit(-0.75)])


@each_calibration
@PROPERTY
@given(st.floats(-30, 30), st.floats(-30, 30))
def test_the_slope_between_two_values_leads_from_one_to_the_other(
    calibration: Calibration, origin: float, raw_value: float
) -> None:
    slope = calibration.slopes(values(origin), values(raw_value))[0]
    low, high = calibration.log_odds(values(origin, raw_value))
    assert slope > 0
    assert low + slope * (raw_value - origin) == pytest.approx(high, abs=1e-4)


def test_where_two_values_meet_the_slope_is_that_of_the_curve() -> None:
    assert CALIBRATIONS[2].slopes(values(1.0), values(1.0))[0] == pytest.approx(2.0, rel=1e-6)


@each_calibration
def test_a_calibration_comes_back_from_its_json_form(calibration: Calibration) -> None:
    assert calibration_from_dict(calibration_to_dict(calibration)) == calibration


NAN, INFINITE = math.nan, math.inf
DAMAGED: list[tuple[int, Callable[[dict[str, Any]], object], str]] = [
    (0, lambda fields: fields.pop("method"), "no method"),
    (0, lambda fields: fields.update(method="guess"), "an unknown method"),
    (0, lambda fields: fields.update(curve=None), "no curve"),
    (0, lambda fields: fields.pop("band"), "not said whether it has a band"),
    (0, lambda fields: fields["curve"].pop("slope"), "no slope"),
    (0, lambda fields: fields["curve"].update(power=2), "a curve of another form"),
    (0, lambda fields: fields["curve"].update(slope=0), "a level line, on which every listing is alike"),
    (0, lambda fields: fields["curve"].update(slope=-1.7), "a falling line"),
    (0, lambda fields: fields["curve"].update(slope=NAN), "a slope that is no number"),
    (0, lambda fields: fields["curve"].update(offset=INFINITE), "an offset without end"),
    (0, lambda fields: fields["curve"].update(offset="0"), "text for an offset"),
    (0, lambda fields: fields["curve"].update(slope=True), "a truth for a slope"),
    (0, lambda fields: fields.update(method="isotonic"), "a bent curve of a slope and an offset"),
    (2, lambda fields: fields.update(method="sigmoid"), "a sigmoid of knots"),
    (2, lambda fields: fields["curve"].update(heights=[-4.0, 1.0, -3.0]), "a curve that falls"),
    (2, lambda fields: fields["curve"].update(heights=[-4.0, -4.0, 1.0]), "a curve with a step on which order is lost"),
    (2, lambda fields: fields["curve"].update(values=[-1.0, -1.0, 2.0]), "two heights at one value"),
    (2, lambda fields: fields["curve"].update(values=[-1.0, NAN, 2.0]), "a value that is no number"),
    (2, lambda fields: fields["curve"].update(heights=[-4.0, -3.0, INFINITE]), "a curve without end"),
    (2, lambda fields: fields["curve"].update(heights=[-4.0, -3.0]), "a height lost"),
    (2, lambda fields: fields["curve"].update(values=[0.0], heights=[0.0]), "a single knot"),
    (2, lambda fields: fields["curve"].update(values=list(range(513)), heights=list(range(513))), "too many knots"),
    (2, lambda fields: fields["curve"].update(values="-102", heights="-431"), "text for lists"),
    (2, lambda fields: fields["curve"].update(values=[[-1.0], [0.0], [2.0]]), "lists for numbers"),
    (2, lambda fields: fields["band"].pop("low"), "a band without its lower bound"),
    (2, lambda fields: fields["band"].update(low=[2.0, 3.0]), "a lower bound above the upper"),
    (2, lambda fields: fields["band"].update(high=[-3.0, -3.5]), "an upper bound that falls"),
    (2, lambda fields: fields["band"].update(low=[0.5, -5.0]), "a lower bound that falls"),
    (2, lambda fields: fields["band"].update(low=[NAN, 0.5]), "a bound that is no number"),
    (2, lambda fields: fields["band"].update(values=[2.0, -1.0]), "a band backwards"),
    (2, lambda fields: fields["band"].update(values=[2.0]), "a band with a value lost"),
]


@pytest.mark.parametrize(("number", "damage", "_why"), DAMAGED)
def test_a_damaged_calibration_is_not_read(number: int, damage: Callable[[dict[str, Any]], object], _why: str) -> None:
    fields = calibration_to_dict(CALIBRATIONS[number])
    damage(fields)
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        calibration_from_dict(fields)
