import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.workload import Workload, by_capacity, expected_harms

SCORES = np.array([0.9, 0.8, 0.8, 0.4, 0.95, 0.2])
TEAMS = np.array(["A", "A", "A", "A", "B", "B"])

CASES = [
    ({"A": 1.0}, 1.0, {"A": Workload(0.9, 1.0)}, "the first alone"),
    ({"A": 2.0}, 1.0, {"A": Workload(0.9, 1.0)}, "equal scores are reviewed together or not at all"),
    ({"A": 3.0}, 1.0, {"A": Workload(0.8, 3.0)}, "exactly what the team can do"),
    ({"A": 1.5}, 2.0, {"A": Workload(0.8, 1.5)}, "two days' listings"),
    ({"A": 50.0}, 1.0, {"A": Workload(0.4, 4.0)}, "more than there is to do"),
    ({"A": 0.4}, 2.0, {"A": Workload(None, 0.0)}, "one in two days is already too many"),
    ({"C": 5.0}, 1.0, {"C": Workload(None, 0.0)}, "a team without listings"),
    ({"A": 1.0, "B": 1.0}, 1.0, {"A": Workload(0.9, 1.0), "B": Workload(0.95, 1.0)}, "each team by its own listings"),
]


@pytest.mark.parametrize(("capacity", "days", "expected", "_why"), CASES)
def test_a_team_reviews_what_it_can(
    capacity: dict[str, float], days: float, expected: dict[str, Workload], _why: str
) -> None:
    assert by_capacity(SCORES, TEAMS, days=days, capacity=capacity) == expected


@given(st.lists(st.integers(0, 5), max_size=30), st.floats(0.1, 40), st.floats(0.5, 10))
def test_the_volume_is_within_the_capacity_and_one_score_lower_is_not(
    tenths: list[int], daily: float, days: float
) -> None:
    scores = np.array(tenths, dtype=np.float64)
    found = by_capacity(scores, np.full(len(scores), "A"), days=days, capacity={"A": daily})["A"]
    threshold = np.inf if found.threshold is None else found.threshold
    assert found.daily == pytest.approx((scores >= threshold).sum() / days)
    assert found.daily <= daily + 1e-6
    lower = scores[scores < threshold]
    if len(lower):
        assert (scores >= lower.max()).sum() / days > daily


def test_harm_is_probability_times_exposure_times_risk() -> None:
    """A sure copy that nobody sees harms less than a doubtful one of medicine that many buy."""
    harms = expected_harms(np.array([1.0, 0.2]), np.array([2.0, 100.0]), np.array([1.0, 3.0]))
    assert harms.tolist() == pytest.approx([2.0, 60.0])


@pytest.mark.parametrize(
    ("probability", "exposure", "risk"), [(1.1, 1.0, 1.0), (-0.1, 1.0, 1.0), (0.5, -1.0, 1.0), (0.5, 1.0, -1.0)]
)
def test_what_has_no_order_is_refused(probability: float, exposure: float, risk: float) -> None:
    with pytest.raises(ValueError, match=r"probabilities|below zero"):
        expected_harms(np.array([probability]), np.array([exposure]), np.array([risk]))


@pytest.mark.parametrize(("probability", "exposure", "risk"), [(0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.0)])
def test_what_cannot_happen_or_reaches_nobody_or_hurts_nobody_harms_nobody(
    probability: float, exposure: float, risk: float
) -> None:
    assert expected_harms(np.array([probability]), np.array([exposure]), np.array([risk])).tolist() == [0.0]
