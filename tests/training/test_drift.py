import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from training.evaluate.drift import Level, shift, shifts

NAN = math.nan


def ranks(n: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.arange(n, dtype=np.float64)


def test_the_index_of_two_bins_by_hand() -> None:
    # 100 zeros and 100 ones before, 150 and 50 now, plus half a listing in each of the two bins.
    before, now = np.repeat([0.0, 1.0], [100, 100]), np.repeat([0.0, 1.0], [150, 50])
    p, q = (100.5 / 201, 100.5 / 201), (150.5 / 201, 50.5 / 201)
    by_hand = sum((b - a) * math.log(b / a) for a, b in zip(p, q, strict=True))
    assert shift("x", before, now).psi == pytest.approx(by_hand)
    assert shift("x", before, now).distance == pytest.approx(0.25)


def test_the_index_by_chance_is_the_quantile_of_chi_squared_over_the_sample_sizes() -> None:
    # Nine degrees of freedom at 99 %: 21.666 (any printed table).
    assert shift("x", ranks(1000), ranks(500)).by_chance == pytest.approx(21.666 * (1 / 1000 + 1 / 500), rel=1e-4)


@pytest.mark.parametrize(
    ("before", "now", "level", "why"),
    [
        (ranks(1000), ranks(1000), Level.STEADY, "the same values"),
        (ranks(1000), ranks(1000) + 70, Level.MOVING, "seven in a hundred left the lowest tenth for the highest"),
        (ranks(1000), ranks(1000) + 1000, Level.MOVED, "all lie above everything before"),
        (ranks(1000), np.full(1000, NAN), Level.MOVED, "nothing is known any more"),
        (np.full(1000, NAN), np.full(1000, NAN), Level.STEADY, "nothing was known before either"),
        (np.zeros(1000), np.zeros(1000), Level.STEADY, "one value on both sides"),
        (np.zeros(1000), np.repeat([0.0, 1.0], [600, 400]), Level.MOVED, "a constant that varies now"),
        (ranks(1000), ranks(49) * 20, Level.UNKNOWN, "49 listings now"),
        (ranks(49), ranks(1000), Level.UNKNOWN, "49 listings before"),
        (ranks(1000), np.empty(0), Level.UNKNOWN, "no listing now"),
    ],
)
def test_a_shift_has_a_level(
    before: np.ndarray[tuple[int], np.dtype[np.float64]],
    now: np.ndarray[tuple[int], np.dtype[np.float64]],
    level: Level,
    why: str,
) -> None:
    assert shift("x", before, now).level is level, why


def test_equal_populations_are_steady_in_nearly_all_samples_however_small() -> None:
    random = np.random.default_rng(1)
    alarms = sum(
        shift("x", random.standard_normal(60), random.standard_normal(60)).level is not Level.STEADY for _ in range(300)
    )
    assert alarms <= 9  # One in a hundred is expected; the index of 60 listings is above .1 in most samples.


def test_missing_values_are_a_share_and_a_bin_of_their_own() -> None:
    feature_shift = shift("x", ranks(200), np.where(ranks(200) % 2 == 0, NAN, ranks(200)))
    assert (feature_shift.missing_before, feature_shift.missing_now) == (0.0, 0.5)
    assert feature_shift.level is Level.MOVED
    assert feature_shift.distance is not None
    assert feature_shift.distance < 0.02  # The known values are unchanged.


def test_the_distance_is_that_of_kolmogorov_and_smirnov() -> None:
    random = np.random.default_rng(2)
    before, now = random.standard_normal(300).round(1), random.standard_normal(200).round(1) + 0.3
    assert shift("x", before, now).distance == pytest.approx(ks_2samp(before, now).statistic)


def test_the_largest_shift_comes_first() -> None:
    before = np.column_stack([ranks(500), ranks(500)])
    now = np.column_stack([ranks(500), ranks(500) + 400])
    assert [feature_shift.name for feature_shift in shifts(["still", "moved"], before, now)] == ["moved", "still"]


@given(
    st.lists(st.floats(allow_nan=True, width=32), min_size=1, max_size=60),
    st.lists(st.floats(allow_nan=True, width=32), min_size=1, max_size=60),
)
def test_the_index_is_finite_and_never_below_zero(before: list[float], now: list[float]) -> None:
    feature_shift = shift("x", np.array(before), np.array(now))
    assert math.isfinite(feature_shift.psi)
    assert feature_shift.psi >= 0
    assert feature_shift.distance is None or 0 <= feature_shift.distance <= 1
