"""The growth of operations, at sizes that a test can afford: what grows in proportion already shows."""

import pytest

from tests.benchmarks import growth, multiplied
from tests.benchmarks.growth import EngineName, Measurement


@pytest.mark.soak
@pytest.mark.alone
@pytest.mark.timeout(900)
@pytest.mark.parametrize("engine", EngineName)
def test_no_single_operation_grows_in_proportion_to_the_listings(engine: EngineName) -> None:
    sizes = (multiplied.TAKEN_IN, 20 * multiplied.TAKEN_IN)
    measures = growth.measure(engine, sizes, print)
    singles = {work.name: round(work.slope, 2) for work in measures if not work.total}
    # Between small sizes caches still fill, and other work on the machine shows.
    assert {name: slope for name, slope in singles.items() if slope > 0.4} == {}
    assert {work.name: round(work.slope, 2) for work in measures if work.total and work.slope > growth.TOTAL_MOST} == {}


@pytest.mark.parametrize(
    ("times", "total", "is_fault", "reason"),
    [
        ({10: 5.0, 100: 5.0}, False, False, "it does not grow"),
        ({10: 5.0, 100: 10.0}, False, True, "it doubles with ten times as many"),
        ({10: 5.0, 100: 50.0}, True, False, "a total grows in proportion"),
        ({10: 5.0, 100: 500.0}, True, True, "a total grows with the square"),
    ],
)
def test_what_grows_faster_than_it_may_is_a_fault(
    times: dict[int, float], total: bool, is_fault: bool, reason: str
) -> None:
    assert Measurement("any", total, times).is_fault == is_fault, reason
